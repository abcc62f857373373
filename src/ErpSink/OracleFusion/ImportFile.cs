using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Streams.ErpSink.OracleFusion;

/// <summary>A file that Oracle's loader takes: values by position without a header, in a zip.</summary>
static class ImportFile
{
    public static byte[] Zip(string name, string text, DateTimeOffset now)
    {
        using var buffer = new MemoryStream();
        using (var archive = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            var entry = archive.CreateEntry(name);
            // A zip knows no years before 1980.
            entry.LastWriteTime = now.Year < 1980 ? new DateTimeOffset(1980, 1, 1, 0, 0, 0, TimeSpan.Zero) : now;
            using var writer = new StreamWriter(entry.Open(), new UTF8Encoding(false));
            writer.Write(text);
        }
        return buffer.ToArray();
    }

    /// <summary>An empty record.</summary>
    public static string[] Row(int columns)
    {
        var row = new string[columns];
        Array.Fill(row, "");
        return row;
    }

    public static string Date(DateOnly date) => date.ToString("yyyy/MM/dd", CultureInfo.InvariantCulture);

    public static void Append(StringBuilder text, IEnumerable<string> fields) => text.AppendJoin(',', fields.Select(Quoted)).Append('\n');

    // The loader reads by lines: a break within a value would end the record.
    static string Quoted(string field)
    {
        var line = field.ReplaceLineEndings(" ");
        return line.AsSpan().ContainsAny(',', '"') ? $"\"{line.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : line;
    }
}
