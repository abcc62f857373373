using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>An OData $filter: comparisons and contains(…), joined by and, or and parentheses.</summary>
sealed partial class ODataFilter
{
    const int MaxDepth = 32;

    [GeneratedRegex(@"\G\s*(?<token>\(|\)|,|(?:[\w.]+)?'(?:[^']|'')*'|[\w.:\-]+)", RegexOptions.CultureInvariant)]
    private static partial Regex Token();

    readonly List<string> _tokens = [];
    readonly List<string> _literals = [];
    readonly Func<JsonObject, bool> _fits;
    int _next;

    /// <exception cref="FormatException">The text is no such filter.</exception>
    public ODataFilter(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            _fits = _ => true;
            return;
        }
        var place = 0;
        while (place < text.TrimEnd().Length)
        {
            var match = Token().Match(text, place);
            if (!match.Success) throw new FormatException($"$filter: cannot be read at {place}");
            _tokens.Add(match.Groups["token"].Value);
            place = match.Index + match.Length;
        }
        _fits = Or(0);
        if (_next < _tokens.Count) throw new FormatException($"$filter: '{_tokens[_next]}' is not expected");
    }

    /// <summary>The values that it compares with.</summary>
    public IReadOnlyList<string> Literals => _literals;

    public bool Fits(JsonObject row) => _fits(row);

    Func<JsonObject, bool> Or(int depth)
    {
        if (depth > MaxDepth) throw new FormatException("$filter: too many parentheses");
        var left = And(depth);
        var rest = new List<Func<JsonObject, bool>> { left };
        while (Accept("or")) rest.Add(And(depth));
        return rest.Count == 1 ? left : row => rest.Any(f => f(row));
    }

    Func<JsonObject, bool> And(int depth)
    {
        var left = Primary(depth);
        while (Accept("and"))
        {
            var (one, other) = (left, Primary(depth));
            left = row => one(row) && other(row);
        }
        return left;
    }

    Func<JsonObject, bool> Primary(int depth)
    {
        if (Accept("("))
        {
            var inside = Or(depth + 1);
            Expect(")");
            return inside;
        }
        var field = Take();
        if (field == "contains")
        {
            Expect("(");
            var inField = Take();
            Expect(",");
            var part = Literal();
            Expect(")");
            return row => Value(row, inField)?.Contains(part, StringComparison.OrdinalIgnoreCase) ?? false;
        }
        var comparison = Take();
        var value = Literal();
        return comparison switch
        {
            "eq" => row => Compare(Value(row, field), value) == 0,
            "ne" => row => Compare(Value(row, field), value) != 0,
            "gt" => row => Compare(Value(row, field), value) > 0,
            "ge" => row => Compare(Value(row, field), value) >= 0,
            "lt" => row => Compare(Value(row, field), value) < 0,
            "le" => row => Compare(Value(row, field), value) <= 0,
            _ => throw new FormatException($"$filter: '{comparison}' is not an operator"),
        };
    }

    string Literal()
    {
        var token = Take();
        var quote = token.IndexOf('\'');
        var value = quote < 0 ? token : token[(quote + 1)..^1].Replace("''", "'", StringComparison.Ordinal);
        _literals.Add(value);
        return value;
    }

    static string? Value(JsonObject row, string field) => row[field] is JsonValue value ? value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : value.ToJsonString() : null;

    static int Compare(string? left, string right)
    {
        if (left is null) return right == "null" ? 0 : -1;
        return ExactDecimal.TryParse(left, out var a, out _) && ExactDecimal.TryParse(right, out var b, out _) ? a.CompareTo(b) : string.Compare(left, right, StringComparison.OrdinalIgnoreCase);
    }

    bool Accept(string word)
    {
        if (_next >= _tokens.Count || _tokens[_next] != word) return false;
        _next++;
        return true;
    }

    void Expect(string word)
    {
        if (!Accept(word)) throw new FormatException($"$filter: '{word}' is expected");
    }

    string Take() => _next < _tokens.Count ? _tokens[_next++] : throw new FormatException("$filter: ends too early");

    /// <summary>A page of rows by $top and $skip, in the OData shape; a next link where there are more.</summary>
    public static Answer Page(Call call, string context, string self, IEnumerable<JsonObject> rows, int largest)
    {
        var (skip, top) = (Number(call, "$skip", 0), Number(call, "$top", int.MaxValue));
        var size = call.Header("Prefer") is { } prefer && prefer.Split("maxpagesize=") is [_, var text] && int.TryParse(text.Split(',')[0], NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? Math.Min(asked, largest) : largest;
        var all = rows.Skip(skip).Take(top).ToList();
        var select = call.Argument("$select")?.Split(',').Select(s => s.Trim()).ToHashSet(StringComparer.Ordinal);
        var page = all.Take(size).Select(r => Selected(r, select)).ToArray();
        var body = new JsonObject { ["@odata.context"] = context };
        if (call.Argument("$count") == "true") body["@odata.count"] = all.Count + skip;
        body["value"] = new JsonArray([.. page]);
        if (all.Count > size) body["@odata.nextLink"] = Next(call, self, skip + size, top == int.MaxValue ? null : top - size);
        return Answer.Of(200, body, "application/json; odata.metadata=minimal");
    }

    static string Next(Call call, string self, int skip, int? top)
    {
        var kept = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(call.Query).Where(a => a.Key is not ("$skip" or "$top")).Select(a => $"{a.Key}={Uri.EscapeDataString(a.Value.ToString())}");
        return $"{self}?{string.Join('&', kept.Append($"$skip={skip}").Concat(top is null ? [] : [$"$top={top}"]))}";
    }

    static JsonObject Selected(JsonObject row, HashSet<string>? names)
    {
        if (names is null) return row;
        foreach (var name in row.Select(p => p.Key).Where(n => !names.Contains(n) && !n.StartsWith('@')).ToList()) row.Remove(name);
        return row;
    }

    static int Number(Call call, string name, int otherwise) => call.Argument(name) is { } text ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : otherwise;
}
