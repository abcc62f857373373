using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Streams.Simulators;

/// <summary>The part of SuiteQL that finds transactions by external id: SELECT columns FROM transaction WHERE externalid = '…' or IN ('…', …).</summary>
static partial class SuiteQl
{
    const int DefaultPage = 1000, LargestPage = 1000;

    [GeneratedRegex(@"^\s*SELECT\s+(?<columns>.+?)\s+FROM\s+transaction(\s+(AS\s+)?(?!WHERE\b)\w+)?\s+WHERE\s+(?<where>.+?)(\s+ORDER\s+BY\s+(?<order>.+?))?\s*;?\s*$", RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Query();

    [GeneratedRegex(@"\bexternalid\s*(=\s*(?<one>'(?:[^']|'')*')|IN\s*\((?<many>[^)]*)\))", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Keys();

    [GeneratedRegex(@"'((?:[^']|'')*)'", RegexOptions.CultureInvariant)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"\btype\s*=\s*'(?<type>\w+)'", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TypeIs();

    /// <summary>The keys that a query asks for.</summary>
    public static IReadOnlyList<string> KeysOf(string query) =>
        Keys().Match(query) is { Success: true } keys ? [.. Quoted().Matches(keys.Value).Select(m => m.Groups[1].Value.Replace("''", "'", StringComparison.Ordinal))] : [];

    public static Answer Run(NetSuiteSimulator erp, Call call, string query)
    {
        if (!call.Prefers("transient")) return NetSuiteWords.Of(400, "INVALID_HEADER", "The required request header 'Prefer' is missing or has an invalid value.");
        var parsed = Query().Match(query);
        var keys = KeysOf(query);
        if (!parsed.Success || keys.Count == 0) return NetSuiteWords.Of(400, "INVALID_PARAMETER", "Invalid search query. Detailed unprocessed description follows. Search error occurred: only transactions by externalid.");
        var limit = Page(call, "limit", DefaultPage);
        var offset = Page(call, "offset", 0);
        if (limit is < 1 or > LargestPage || offset < 0) return NetSuiteWords.Of(400, "INVALID_PARAMETER", $"limit is 1 to {LargestPage}.");
        var type = TypeIs().Match(parsed.Groups["where"].Value) is { Success: true } t ? t.Groups["type"].Value : null;
        var rows = NetSuiteRecords.Types.Where(r => r != "customer").SelectMany(r => keys.Distinct().SelectMany(k => erp.Journal.FindAll(r, k)))
            .Where(erp.IsVisible).Where(r => type is null || TypeCode(r) == type).OrderBy(r => long.Parse(r.Id, CultureInfo.InvariantCulture)).ToList();
        return Show(rows, parsed.Groups["columns"].Value.Split(','), limit, offset);
    }

    static int Page(Call call, string name, int otherwise) => call.Argument(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    static Answer Show(List<SimulatedRecord> rows, string[] columns, int limit, int offset)
    {
        var page = rows.Skip(offset).Take(limit).ToList();
        var items = new JsonArray();
        foreach (var record in page)
        {
            var row = new JsonObject { ["links"] = new JsonArray() };
            foreach (var column in columns)
            {
                var (name, alias) = Name(column);
                if (Value(record, name) is { } value) row[alias] = value;
            }
            items.Add(row);
        }
        return Answer.Of(200, new JsonObject
        {
            ["links"] = new JsonArray(), ["count"] = page.Count, ["hasMore"] = offset + page.Count < rows.Count, ["items"] = items, ["offset"] = offset, ["totalResults"] = rows.Count,
        }, NetSuiteWords.Collection);
    }

    static (string Name, string Alias) Name(string column)
    {
        var words = column.Trim().ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var name = words[0].TrimEnd(')').Split('.', '(')[^1];
        return (name, words.Length > 1 ? words[^1] : name);
    }

    // Every value comes as text; columns that are empty do not come at all.
    static string? Value(SimulatedRecord record, string column) => column switch
    {
        "id" => record.Id,
        "tranid" => record.Number,
        "externalid" => record.Key,
        "recordtype" => record.Type.ToLowerInvariant(),
        "type" => TypeCode(record),
        "entity" => record.Party,
        "subsidiary" => record.Company,
        "currency" => record.Currency,
        "foreigntotal" or "total" => record.Type is "creditMemo" or "customerPayment" ? $"-{record.Amount}" : record.Amount,
        "trandate" => record.Date,
        "posting" => record.Posted ? "T" : "F",
        "approvalstatus" => record.Posted ? "2" : "1",
        "status" => record.Type == "journalEntry" ? record.Posted ? "B" : "A" : "A",
        "memo" => record.Field("memo"),
        "postingperiod" => record.Field("postingPeriod"),
        _ => throw new RefusedException(NetSuiteWords.Of(400, "INVALID_PARAMETER", $"Invalid search query. Search error occurred: Field '{column}' for record 'transaction' was not found.")),
    };

    static string TypeCode(SimulatedRecord record) => record.Type switch { "invoice" => "CustInvc", "creditMemo" => "CustCred", "customerPayment" => "CustPymt", _ => "Journal" };
}
