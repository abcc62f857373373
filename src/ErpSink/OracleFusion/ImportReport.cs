using System.IO.Compression;
using System.Text;

namespace Streams.ErpSink.OracleFusion;

/// <summary>The texts that a request left behind: a zip in base64 of reports and logs.</summary>
static class ImportReport
{
    /// <summary>Characters that are read, all together, whatever the archive unpacks to.</summary>
    const int MaxReport = 4 * 1024 * 1024;

    public const int MaxLines = 20;
    const int MaxLineLength = 300;

    /// <summary>All lines; none when it is no such zip.</summary>
    public static IReadOnlyList<string> Lines(string base64)
    {
        var lines = new List<string>();
        try
        {
            using var archive = new ZipArchive(new MemoryStream(Convert.FromBase64String(base64)));
            var left = MaxReport;
            foreach (var entry in archive.Entries.OrderBy(e => e.FullName, StringComparer.Ordinal))
            {
                var text = Read(entry, left);
                left -= text.Length;
                lines.AddRange(text.Split('\n'));
            }
        }
        catch (Exception e) when (e is FormatException or InvalidDataException)
        {
            return [];
        }
        return lines;
    }

    public static string Cut(string line) => line.Trim() is var text && text.Length <= MaxLineLength ? text : text[..MaxLineLength];

    // The length that the archive states is only a claim: reading stops by what was read.
    static string Read(ZipArchiveEntry entry, int limit)
    {
        using var reader = new StreamReader(entry.Open());
        var text = new StringBuilder();
        var buffer = new char[8192];
        while (text.Length < limit && reader.Read(buffer, 0, Math.Min(buffer.Length, limit - text.Length)) is > 0 and var read) text.Append(buffer, 0, read);
        return text.ToString();
    }
}
