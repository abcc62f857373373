using System.Text.Json;
using Streams.ErpSink.OData;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.BusinessCentral;

/// <summary>
/// Finds documents by their keys, many in one query: sales documents by externalDocumentNumber; journals first among the ledger's entries by documentNumber, then
/// by code among the unposted. A journal that is there in part is what an interrupted call left behind: it is deleted before its document counts as absent.
/// </summary>
sealed class BusinessCentralLookUp(ODataQuery query, BusinessCentralBatches batches, BusinessCentralOptions options, BusinessCentralMapping mapping, BusinessCentralRecord records)
{
    public async Task<IReadOnlyList<ErpAnswer>> FindAsync(IReadOnlyList<ErpDocument> documents, CancellationToken deadline)
    {
        var answers = new ErpAnswer[documents.Count];
        foreach (var group in Enumerable.Range(0, documents.Count).GroupBy(i => records.Path(documents[i])))
        {
            foreach (var chunk in group.Chunk(options.KeysPerQuery))
            {
                ErpDocument[] asked = [.. chunk.Select(i => documents[i])];
                var found = BusinessCentralRecord.IsSales(asked[0]) ? await FindSalesAsync(group.Key, asked, deadline) : await FindJournalsAsync(group.Key, asked, deadline);
                for (var i = 0; i < chunk.Length; i++) answers[chunk[i]] = found[i];
            }
        }
        return answers;
    }

    /// <summary>The numbers that invoices have been posted under, by their documents' keys; null for an invoice that is not posted yet.</summary>
    public async Task<(IReadOnlyDictionary<string, string?> Numbers, ErpAnswer? Failure)> InvoiceNumbersAsync(string company, IReadOnlyList<string> keys, CancellationToken deadline)
    {
        var numbers = new Dictionary<string, string?>(StringComparer.Ordinal);
        foreach (var chunk in keys.Chunk(options.KeysPerQuery))
        {
            var (found, failure) = await query.AllAsync(Url($"companies({Uri.EscapeDataString(company)})/salesInvoices", "externalDocumentNumber", chunk), deadline);
            if (failure is not null) return (numbers, failure);
            foreach (var record in found)
            {
                if (record.Text("externalDocumentNumber") is { } key) numbers[key] = IsPosted(record) ? record.Text("number") : numbers.GetValueOrDefault(key);
            }
        }
        return (numbers, null);
    }

    async Task<IReadOnlyList<ErpAnswer>> FindSalesAsync(string path, IReadOnlyList<ErpDocument> documents, CancellationToken deadline)
    {
        var (found, failure) = await query.AllAsync(Url(path, "externalDocumentNumber", documents.Select(d => d.DocumentKey)), deadline);
        if (failure is not null) return All(documents, failure);
        return [.. documents.Select(d => OfSales(d, [.. found.Where(r => r.Text("externalDocumentNumber") == d.DocumentKey)]))];
    }

    ErpAnswer OfSales(ErpDocument document, IReadOnlyList<JsonElement> matches) => matches.Count switch
    {
        0 => new(ErpOutcome.Absent, 200),
        1 => Guard(() => CompareSales(document, matches[0]))!,
        _ => new(ErpOutcome.Different, 200, "FOUND_TWICE", $"Business Central holds the document {matches.Count} times: {string.Join(", ", matches.Select(m => m.Text("number")))}", matches[0].Text("id")),
    };

    ErpAnswer CompareSales(ErpDocument document, JsonElement record)
    {
        var (id, number, status) = (record.Identifier("id"), record.Text("number"), record.Text("status"));
        if (id is null || status is null) return Unreadable("a record without id or status");
        if (Difference(document, record) is { } difference)
            return new(ErpOutcome.Different, 200, "ERP_CONFLICT", $"{BusinessCentralRecord.Set(document)} {number} in Business Central differs: {difference}", id);
        var posted = IsPosted(record);
        return new(posted ? ErpOutcome.Found : ErpOutcome.Unposted, 200, Detail: number, ErpId: id) { PostedOn = posted ? Date(record) : null };
    }

    string? Difference(ErpDocument document, JsonElement record)
    {
        if (record.Text("status") == "Canceled") return "it was cancelled";
        if (record.Text("customerNumber") is var customer && customer != mapping.Customer(document)) return $"customerNumber is {customer}";
        if (record.Text("currencyCode") is var currency && currency != mapping.Currency(document) && !(string.IsNullOrEmpty(currency) && mapping.IsLocal(document))) return $"currencyCode is {currency}";
        var total = ExactDecimal.Parse(record.GetProperty("totalAmountExcludingTax").GetRawText());
        return total == document.Total ? null : $"totalAmountExcludingTax is {total}, expected {document.Total}";
    }

    async Task<IReadOnlyList<ErpAnswer>> FindJournalsAsync(string path, IReadOnlyList<ErpDocument> documents, CancellationToken deadline)
    {
        var company = path[..path.LastIndexOf('/')];
        var (entries, failure) = await query.AllAsync(Url($"{company}/generalLedgerEntries", "documentNumber", documents.Select(d => d.DocumentKey)), deadline);
        if (failure is not null) return All(documents, failure);
        var posted = entries.ToLookup(e => e.Text("documentNumber"));
        var answers = documents.Select(d => posted.Contains(d.DocumentKey) ? Guard(() => CompareEntries(d, [.. posted[d.DocumentKey]])) : null).ToArray();
        var open = Enumerable.Range(0, documents.Count).Where(i => answers[i] is null).ToList();
        if (open.Count == 0) return answers!;

        (var journals, failure) = await query.AllAsync(Url(path, "code", open.Select(i => BusinessCentralRecord.JournalCode(documents[i])).Distinct(StringComparer.Ordinal)), deadline);
        if (failure is not null) return [.. answers.Select(a => a ?? failure)];
        var ids = journals.Where(j => j.Text("code") is not null && j.Identifier("id") is not null).GroupBy(j => j.Text("code")!).ToDictionary(g => g.Key, g => g.First().Identifier("id")!);
        foreach (var i in open) answers[i] = ids.TryGetValue(BusinessCentralRecord.JournalCode(documents[i]), out var id)
            ? await OfJournalAsync(documents[i], id, deadline) : new ErpAnswer(ErpOutcome.Absent, 200);
        return answers!;
    }

    static ErpAnswer CompareEntries(ErpDocument document, IReadOnlyList<JsonElement> entries)
    {
        var debits = entries.Aggregate(ExactDecimal.Zero, (sum, e) => sum + e.Number("debitAmount"));
        var credits = entries.Aggregate(ExactDecimal.Zero, (sum, e) => sum + e.Number("creditAmount"));
        var turnover = Figures.Turnover(document);
        return debits != turnover || credits != turnover
            ? new(ErpOutcome.Different, 200, "ERP_CONFLICT", $"the entries {document.DocumentKey} in Business Central differ: debits are {debits} and credits {credits}, expected {turnover}")
            : new(ErpOutcome.Found, 200, ErpId: document.DocumentKey) { PostedOn = Date(entries[0]) };
    }

    async Task<ErpAnswer> OfJournalAsync(ErpDocument document, string id, CancellationToken deadline)
    {
        var (lines, failure) = await query.AllAsync($"{records.Record(document, id)}/{BusinessCentralRecord.LineSet(document)}", deadline);
        if (failure is not null) return failure;
        return Guard(() => CompareLines(document, id, lines)) ?? await DeleteAsync(document, id, deadline);
    }

    /// <summary>Null when some of the document's lines, or all, are missing.</summary>
    ErpAnswer? CompareLines(ErpDocument document, string id, IReadOnlyList<JsonElement> lines)
    {
        var expected = records.JournalLines(document, new Dictionary<string, string>()).Select(l => Amount(document, ExactDecimal.Parse(l["amount"]!.ToJsonString()))).Order().ToList();
        var amounts = lines.Select(l => Amount(document, l.Number("amount"))).Order().ToList();
        if (lines.Any(l => l.Text("externalDocumentNumber") != document.DocumentKey)) return Different("it holds lines of others");
        if (document.Kind == DocumentKind.Receipt && lines.Select(l => l.Text("customerNumber")).FirstOrDefault(c => c != mapping.Customer(document)) is { } customer) return Different($"customerNumber is {customer}");
        if (amounts.SequenceEqual(expected)) return new ErpAnswer(ErpOutcome.Unposted, 200, ErpId: id);
        return lines.Count < expected.Count ? null : Different($"its amounts are {string.Join(", ", amounts)}");
        ErpAnswer Different(string what) => new(ErpOutcome.Different, 200, "ERP_CONFLICT", $"the journal {BusinessCentralRecord.JournalCode(document)} in Business Central differs: {what}", id);
    }

    // A payment's sign says nothing: it may be read back as another than it was sent with.
    static ExactDecimal Amount(ErpDocument document, ExactDecimal amount) => document.Kind == DocumentKind.Receipt && amount < ExactDecimal.Zero ? -amount : amount;

    // Deleted, so that lines that are still under way find nothing to join.
    async Task<ErpAnswer> DeleteAsync(ErpDocument document, string id, CancellationToken deadline)
    {
        var result = (await batches.SendAsync([records.Delete(document, id)], deadline))[0];
        return result.Failure is not { } failure ? new(ErpOutcome.Absent, 200)
            : new(ErpOutcome.Unknown, failure.HttpStatus, "PARTIAL_JOURNAL_LEFT", $"the journal {BusinessCentralRecord.JournalCode(document)} is incomplete and could not be deleted: {failure.Detail}", id);
    }

    bool IsPosted(JsonElement record) => !options.UnpostedStatuses.Contains(record.Text("status") ?? "", StringComparer.OrdinalIgnoreCase);

    static string Url(string path, string field, IEnumerable<string> values) => $"{path}?$filter={Uri.EscapeDataString(ODataQuery.AnyOf(field, values))}";

    static DateOnly? Date(JsonElement record) => DateOnly.TryParseExact(record.Text("postingDate"), "yyyy-MM-dd", out var date) ? date : null;

    static ErpAnswer? Guard(Func<ErpAnswer?> compare)
    {
        try
        {
            return compare();
        }
        catch (Exception e) when (e is FormatException or OverflowException or InvalidOperationException or KeyNotFoundException)
        {
            return Unreadable(e.Message);
        }
    }

    static IReadOnlyList<ErpAnswer> All(IReadOnlyList<ErpDocument> documents, ErpAnswer answer) => [.. documents.Select(_ => answer)];

    static ErpAnswer Unreadable(string detail) => new(ErpOutcome.Unknown, 200, "ANSWER_UNREADABLE", detail);
}
