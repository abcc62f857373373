using System.Globalization;
using System.Text.RegularExpressions;

namespace Streams.ErpSink.OracleFusion;

/// <summary>A file import: the request that was answered, the group of its lines, and how many documents it holds; as text "request:group:documents".</summary>
public sealed partial record ImportJob(string Request, long Group, int Documents)
{
    /// <summary>Statuses of a request that has come to its end.</summary>
    static readonly string[] Ended = ["SUCCEEDED", "WARNING", "ERROR", "CANCELLED", "EXPIRED", "VALIDATION_FAILED", "SCHEDULE_ENDED", "FINISHED"];

    public static bool HasEnded(string status) => Ended.Contains(status.ToUpperInvariant());

    /// <summary>Null for a text that names no import.</summary>
    public static ImportJob? Parse(string? text) => text?.Split(':') is [{ Length: > 0 } request, var group, var documents] &&
        long.TryParse(group, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && int.TryParse(documents, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
        ? new ImportJob(request, number, count) : null;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Request}:{Group}:{Documents}");

    /// <summary>The lines of a report that carry a status of a refused journal line, such as EF04 or EF04,EC03, and the statuses in them.</summary>
    public static (IReadOnlyList<string> Lines, IReadOnlyList<string> Statuses) Refusals(IReadOnlyList<string> report)
    {
        var lines = new List<string>();
        var statuses = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var line in report)
        {
            var found = Status().Matches(line);
            foreach (Match status in found) statuses.Add(status.Value);
            if (found.Count > 0 && lines.Count < ImportReport.MaxLines) lines.Add(ImportReport.Cut(line));
        }
        return (lines, [.. statuses]);
    }

    // Errors of journal import are a letter E with the field's letter and a number. WU01 is a warning: the journal was imported out of balance, and read back it is another.
    [GeneratedRegex(@"\bE[A-Z][0-9]{2}\b")]
    private static partial Regex Status();
}
