using System.IO.Compression;
using System.Text;

namespace Streams.Simulators;

/// <summary>The file in the zip of importBulkData: values by position, no header, each line with END behind its values or without.</summary>
static class OracleFile
{
    const int FileLimit = 256 * 1024 * 1024;

    /// <summary>The lines of the only file of values.</summary>
    /// <param name="columns">To which each line is filled up.</param>
    public static List<string[]> Rows(string documentContent, int columns)
    {
        using var zip = new ZipArchive(new MemoryStream(Convert.FromBase64String(documentContent)), ZipArchiveMode.Read);
        var files = zip.Entries.Where(e => e.Name.EndsWith(".csv", StringComparison.OrdinalIgnoreCase)).ToList();
        if (files.Count != 1) throw new InvalidDataException($"the zip holds {files.Count} csv files, the simulator takes one");
        var entry = files[0];
        if (entry.Length > FileLimit) throw new InvalidDataException($"{entry.Name} is larger than {FileLimit} bytes");
        using var reader = new StreamReader(entry.Open(), Encoding.UTF8);
        var number = 0;
        var rows = new List<string[]>();
        while (reader.ReadLine() is { } line)
        {
            number++;
            if (line.Length == 0) continue;
            var values = Csv.Split(line);
            if (values.Count > 0 && values[^1] == "END") values.RemoveAt(values.Count - 1);
            if (values.Count > columns + 1) throw new InvalidDataException($"{entry.Name} line {number}: {values.Count} columns, {columns} are expected");
            while (values.Count < columns) values.Add("");
            rows.Add([.. values]);
        }
        return rows;
    }
}
