using System.Text.RegularExpressions;

namespace Streams.Ingest.Files;

/// <summary>
/// Apache's common and combined log formats. Columns: client, ident, user, time, request, method, path, protocol, status, bytes, and in the combined format referer and agent.
/// A line that ends early is refused as a whole: its byte count might be cut off too.
/// </summary>
sealed partial class AccessLogFormat : ILineFormat
{
    public char? Delimiter => null;

    public IReadOnlyDictionary<string, string>? Split(string line)
    {
        var match = Line().Match(line);
        if (!match.Success) throw new LineRefusedException("is not in the common or combined log format, or ends early");
        var columns = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Group group in match.Groups)
        {
            if (group.Success && !char.IsAsciiDigit(group.Name[0])) columns.Add(group.Name, group.Value);
        }
        var request = columns["request"].Split(' ', 3);
        if (request.Length == 3) (columns["method"], columns["path"], columns["protocol"]) = (request[0], request[1], request[2]);
        return columns;
    }

    // NonBacktracking: time is linear in the line whatever a client put into its request.
    [GeneratedRegex("""^(?<client>[^ ]+) (?<ident>[^ ]+) (?<user>[^ ]+) \[(?<time>[^\]]+)\] "(?<request>([^"\\]|\\.)*)" (?<status>[0-9]{3}) (?<bytes>[0-9]+|-)( "(?<referer>([^"\\]|\\.)*)" "(?<agent>([^"\\]|\\.)*)")?$""",
        RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
    private static partial Regex Line();
}
