using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Streams.Simulators;

/// <summary>Collections by ?q=Field=value: conditions joined by ; or and; values by = or IN (…).</summary>
static partial class OracleQuery
{
    const int DefaultLimit = 25, LargestLimit = 500;

    [GeneratedRegex(@"(?<field>\w+)\s*(?:=\s*(?:['""](?<one>[^'""]*)['""]|(?<one>[^;\s]+))|in\s*\((?<many>[^)]*)\))", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Condition();

    /// <summary>Fields and their values; several conditions on one field are alternatives.</summary>
    public static ILookup<string, string> Parse(string? q) => Condition().Matches(q ?? "")
        .SelectMany(m => m.Groups["many"].Success ? m.Groups["many"].Value.Split(',').Select(v => (Field: m.Groups["field"].Value, Value: v.Trim().Trim('\'', '"'))) : [(Field: m.Groups["field"].Value, Value: m.Groups["one"].Value)])
        .ToLookup(c => c.Field, c => c.Value, StringComparer.OrdinalIgnoreCase);

    public static Answer Page(Call call, IReadOnlyList<JsonObject> rows)
    {
        var limit = Math.Clamp(Number(call, "limit", DefaultLimit), 1, LargestLimit);
        var offset = Math.Max(0, Number(call, "offset", 0));
        var page = rows.Skip(offset).Take(limit).ToList();
        var answer = new JsonObject { ["items"] = new JsonArray([.. page]), ["count"] = page.Count, ["hasMore"] = offset + page.Count < rows.Count, ["limit"] = limit, ["offset"] = offset };
        if (call.Argument("totalResults") == "true") answer["totalResults"] = rows.Count;
        return Answer.Of(200, answer, OracleWords.Collection);
    }

    static int Number(Call call, string name, int otherwise) => call.Argument(name) is { } text ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : otherwise;
}
