using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Streams.Simulators;

/// <summary>
/// The OData services beside the SOAP service: journal entry items to read back by DocumentReferenceID, with the CSRF token and session cookie that writes
/// need, and SAP's error bodies.
/// </summary>
sealed partial class SapOData(SapSimulator erp)
{
    const int Page = 1000;

    [GeneratedRegex(@"(?<field>\w+)\s+eq\s+'(?<value>(?:[^']|'')*)'", RegexOptions.CultureInvariant)]
    private static partial Regex Equality();

    public static IReadOnlyList<string> KeysOf(Call call) =>
        [.. Equality().Matches(call.Argument("$filter") ?? "").Where(m => m.Groups["field"].Value == "DocumentReferenceID").Select(m => m.Groups["value"].Value)];

    /// <summary>Items of the entries that the filter names: (DocumentReferenceID eq '…' or …), and CompanyCode, FiscalYear or AccountingDocument if they are there.</summary>
    public Answer Items(Call call)
    {
        var filters = Equality().Matches(call.Argument("$filter") ?? "").Select(m => (Field: m.Groups["field"].Value, Value: m.Groups["value"].Value.Replace("''", "'", StringComparison.Ordinal))).ToLookup(f => f.Field, f => f.Value);
        if (filters.Count == 0) return Error(400, "SY/530", "$filter by DocumentReferenceID or AccountingDocument is needed");
        var records = filters.Contains("DocumentReferenceID")
            ? filters["DocumentReferenceID"].Distinct().SelectMany(key => erp.Journal.FindAll("JournalEntry", key))
            : erp.Journal.Records.Where(r => filters["AccountingDocument"].Contains(r.Number));
        var rows = records.Where(erp.IsVisible).Where(r => Fits(filters, "CompanyCode", r.Company) && Fits(filters, "FiscalYear", r.Field("fiscalYear")) && Fits(filters, "AccountingDocument", r.Number)).SelectMany(Rows).ToList();
        var (top, skip) = (Count(call, "$top", Page), Count(call, "$skip", 0));
        var results = new JsonArray([.. rows.Skip(skip).Take(Math.Min(top, Page))]);
        return Answer.Of(200, new JsonObject { ["d"] = new JsonObject { ["results"] = results, ["__count"] = rows.Count.ToString(CultureInfo.InvariantCulture) } });
    }

    public static Answer Error(int status, string code, string text) => Answer.Of(status, new JsonObject
    {
        ["error"] = new JsonObject
        {
            ["code"] = code, ["message"] = new JsonObject { ["lang"] = "en", ["value"] = text },
            ["innererror"] = new JsonObject
            {
                ["application"] = new JsonObject { ["component_id"] = "FI-GL", ["service_namespace"] = "/SAP/", ["service_id"] = "API_JOURNALENTRYITEMBASIC_SRV", ["service_version"] = "0001" },
                ["transactionid"] = "SIMULATED", ["errordetails"] = new JsonArray(new JsonObject { ["code"] = code, ["message"] = text, ["severity"] = "error" }),
            },
        },
    });

    static bool Fits(ILookup<string, string> filters, string field, string? value) => !filters.Contains(field) || (value is not null && filters[field].Contains(value));

    static int Count(Call call, string name, int otherwise) => call.Argument(name) is { } text ? int.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture) : otherwise;

    IEnumerable<JsonNode> Rows(SimulatedRecord record)
    {
        var place = 0;
        foreach (var line in record.Lines)
        {
            place++;
            var credit = line.Debit == "0" && line.Credit != "0";
            yield return new JsonObject
            {
                ["CompanyCode"] = record.Company, ["FiscalYear"] = record.Field("fiscalYear"), ["AccountingDocument"] = record.Number,
                ["LedgerGLLineItem"] = place.ToString("D6", CultureInfo.InvariantCulture), ["AccountingDocumentItem"] = place.ToString("D3", CultureInfo.InvariantCulture),
                ["AccountingDocumentType"] = record.Field("documentType"), ["DocumentReferenceID"] = record.Key, ["OriginalReferenceDocument"] = record.Field("referenceDocument"),
                ["GLAccount"] = line.Account.StartsWith("D:", StringComparison.Ordinal) ? erp.Account.ReceivablesAccount : line.Account,
                ["Customer"] = line.Account.StartsWith("D:", StringComparison.Ordinal) ? line.Party ?? record.Party : "", ["FinancialAccountType"] = line.Account.StartsWith("D:", StringComparison.Ordinal) ? "D" : "S",
                ["AmountInTransactionCurrency"] = credit ? $"-{line.Credit}" : line.Debit, ["TransactionCurrency"] = record.Currency, ["DebitCreditCode"] = credit ? "H" : "S",
                ["PostingDate"] = $"/Date({Milliseconds(record.Date!)})/", ["DocumentDate"] = $"/Date({Milliseconds(record.Field("documentDate") ?? record.Date!)})/",
                ["AssignmentReference"] = line.AppliesTo ?? "", ["DocumentItemText"] = line.Text ?? "", ["AccountingDocumentHeaderText"] = record.Field("headerText") ?? "",
            };
        }
    }

    static string Milliseconds(string date) =>
        new DateTimeOffset(DateOnly.ParseExact(date, "yyyy-MM-dd", CultureInfo.InvariantCulture).ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
}
