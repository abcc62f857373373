using System.Text.Json;
using Streams.ErpSink.OData;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.Dynamics;

/// <summary>
/// Finds documents by their keys, many in one query. A header without lines is what an interrupted call leaves behind: it is deleted before its document
/// counts as absent, so that lines that are still under way find nothing to join.
/// </summary>
sealed class DynamicsLookUp(ODataQuery query, DynamicsBatches batches, DynamicsOptions options, DynamicsMapping mapping)
{
    sealed record Header(string Number, JsonElement Record, List<JsonElement> Lines);

    public async Task<IReadOnlyList<ErpAnswer>> FindAsync(IReadOnlyList<ErpDocument> documents, CancellationToken deadline)
    {
        var answers = new ErpAnswer[documents.Count];
        var groups = Enumerable.Range(0, documents.Count).GroupBy(i => (Set: DynamicsRecord.HeaderSet(documents[i]), Company: mapping.Company(documents[i])));
        foreach (var group in groups)
        {
            foreach (var chunk in group.Chunk(options.KeysPerQuery))
            {
                var found = await FindAsync(group.Key.Set, group.Key.Company, [.. chunk.Select(i => documents[i])], deadline);
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
            var (records, failure) = await query.AllAsync(HeadersUrl("FreeTextInvoiceHeaders", company, chunk), deadline);
            if (failure is not null) return (numbers, failure);
            foreach (var record in records)
            {
                if (record.Text("ExternalInvoiceId") is { } key) numbers[key] = record.Text("IsPosted") == "Yes" ? record.Text("FreeTextNumber") : numbers.GetValueOrDefault(key);
            }
        }
        return (numbers, null);
    }

    async Task<IReadOnlyList<ErpAnswer>> FindAsync(string set, string company, IReadOnlyList<ErpDocument> documents, CancellationToken deadline)
    {
        var (headers, failure) = await query.AllAsync(HeadersUrl(set, company, documents.Select(d => d.DocumentKey)), deadline);
        if (failure is not null) return All(documents, failure);
        var byNumber = new Dictionary<string, Header>(StringComparer.Ordinal);
        foreach (var header in headers)
        {
            if (DynamicsRecord.NumberOf(set, header) is not { } number) return All(documents, Unreadable("a header without a number"));
            byNumber[number] = new Header(number, header, []);
        }
        foreach (var numbers in byNumber.Keys.Order(StringComparer.Ordinal).Chunk(options.KeysPerQuery))
        {
            (var lines, failure) = await query.AllAsync(LinesUrl(set, company, numbers), deadline);
            if (failure is not null) return All(documents, failure);
            foreach (var line in lines)
            {
                if (DynamicsRecord.ParentOf(set, line) is not { } number || !byNumber.TryGetValue(number, out var header)) return All(documents, Unreadable("a line of no header that was asked for"));
                header.Lines.Add(line);
            }
        }
        var answers = documents.Select(d => OfMatches(d, set, [.. byNumber.Values.Where(h => DynamicsRecord.KeyText(set, h.Record)?.Contains(d.DocumentKey, StringComparison.Ordinal) == true)])).ToList();
        return await DeleteEmptyAsync(set, company, answers, deadline);
    }

    (ErpAnswer Answer, IReadOnlyList<Header> Empty) OfMatches(ErpDocument document, string set, IReadOnlyList<Header> matches)
    {
        var full = matches.Where(h => h.Lines.Count > 0 || h.Record.Text("IsPosted") != "No").ToList();
        if (full.Count > 1)
            return (new(ErpOutcome.Different, 200, "FOUND_TWICE", $"{set} in F&O hold the document {full.Count} times: {string.Join(", ", full.Select(h => h.Number).Order(StringComparer.Ordinal))}", full[0].Number), []);
        if (full.Count == 1) return (DynamicsComparison.Compare(document, set, full[0].Record, full[0].Lines, mapping), []);
        return (new(ErpOutcome.Absent, 200), [.. matches.OrderBy(h => h.Number, StringComparer.Ordinal)]);
    }

    async Task<IReadOnlyList<ErpAnswer>> DeleteEmptyAsync(string set, string company, IReadOnlyList<(ErpAnswer Answer, IReadOnlyList<Header> Empty)> found, CancellationToken deadline)
    {
        var numbers = found.SelectMany(f => f.Empty).Select(h => h.Number).Distinct(StringComparer.Ordinal).ToList();
        if (numbers.Count == 0) return [.. found.Select(f => f.Answer)];
        var results = await batches.SendAsync([.. numbers.Select(n => (IReadOnlyList<BatchOperation>)[DynamicsRecord.Delete(set, company, n)])], $"empty_{numbers[0]}", deadline);
        var kept = numbers.Zip(results).Where(pair => pair.Second.Failure is not null).ToDictionary(pair => pair.First, pair => pair.Second.Failure!, StringComparer.Ordinal);
        return [.. found.Select(f => f.Empty.FirstOrDefault(h => kept.ContainsKey(h.Number)) is { } left
            ? new ErpAnswer(ErpOutcome.Unknown, kept[left.Number].HttpStatus, "EMPTY_HEADER_LEFT", $"{set} {left.Number} has no lines and could not be deleted: {kept[left.Number].Detail}", left.Number) { RetryAfter = kept[left.Number].RetryAfter }
            : f.Answer)];
    }

    static string HeadersUrl(string set, string company, IEnumerable<string> keys)
    {
        var condition = DynamicsRecord.IsInvoice(set) ? ODataQuery.AnyOf("ExternalInvoiceId", keys) : string.Join(" or ", keys.Select(k => $"contains(Description,{ODataQuery.Quote(k)})"));
        return Url(set, $"dataAreaId eq {ODataQuery.Quote(company)} and ({condition})");
    }

    static string LinesUrl(string set, string company, IEnumerable<string> numbers)
    {
        var condition = string.Join(" or ", numbers.Select(n => $"{DynamicsRecord.ParentField(set)} eq {DynamicsRecord.NumberLiteral(set, n)}"));
        return Url(DynamicsRecord.LineSet(set), $"dataAreaId eq {ODataQuery.Quote(company)} and ({condition})");
    }

    // Without cross-company F&O answers for the user's own company alone, and says nothing of it.
    static string Url(string set, string filter) => $"data/{set}?cross-company=true&$filter={Uri.EscapeDataString(filter)}";

    static IReadOnlyList<ErpAnswer> All(IReadOnlyList<ErpDocument> documents, ErpAnswer answer) => [.. documents.Select(_ => answer)];

    static ErpAnswer Unreadable(string detail) => new(ErpOutcome.Unknown, 200, "ANSWER_UNREADABLE", detail);
}
