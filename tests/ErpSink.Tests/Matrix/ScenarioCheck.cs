using Streams.ErpSink.Ledger;
using Streams.ErpSink.Reconciliation;
using Streams.Schemas;
using Streams.Simulators;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>Holds the ERP's journal against the ledger once nothing is under way: each document once in the ERP, or on the list with a reason.</summary>
/// <param name="touched">Key of the document that somebody edited or deleted in the ERP.</param>
sealed class ScenarioCheck(
    Scenario scenario, LedgerClock ledger, string account, IReadOnlyList<ErpDocument> documents, IReadOnlyList<SimulatedRecord> records, IReadOnlySet<string> published, string? touched)
{
    sealed record Posting(string Key, string State, string? Reason, string? Item, string? Detail, string? Difference, bool Waits);

    public async Task<ScenarioResult> ResultAsync(bool killed, int faultsMet)
    {
        var postings = (await ledger.QueryAsync<Posting>("""
            select p.document_key as Key, p.state as State, p.reason as Reason, w.code as Item, w.detail as Detail, d.class as Difference, p.state = 'planned' and not erp.is_its_turn(p) as Waits
            from erp.posting p
            left join lateral (select code, detail from erp.work_item w where w.document_key = p.document_key and w.account = p.account and w.resolved_at is null order by id desc limit 1) w on true
            left join lateral (select class from erp.difference d where d.document_key = p.document_key and d.account = p.account and d.resolved_at is null limit 1) d on true
            where p.account = @account
            """, new { account })).ToDictionary(p => p.Key);
        var alive = records.Where(r => r.Posted || r.Lines.Count > 0).ToLookup(r => r.Key ?? "");
        var differences = new List<(DocumentKind, string)>();
        foreach (var document in documents)
        {
            if (Judge(document, postings.GetValueOrDefault(document.DocumentKey), [.. alive[document.DocumentKey]]) is { } fault)
                differences.Add((document.Kind, $"{document.Kind} {document.DocumentKey}: {fault}; its calls: {await CallsAsync(document.DocumentKey)}"));
        }
        var keys = documents.Select(d => d.DocumentKey).ToHashSet();
        differences.AddRange(alive.Where(g => !keys.Contains(g.Key)).SelectMany(g => g).Select(r => (DocumentKind.Unknown, $"record {r.Id} ({r.Type}, {r.Kind}, {r.Amount}) belongs to no document: key '{r.Key}'")));
        return new ScenarioResult(scenario, killed, faultsMet, postings.Values.Count(p => p.State == DocumentState.Confirmed), postings.Values.Count(p => p.State is DocumentState.Refused or DocumentState.Held), differences);
    }

    async Task<string> CallsAsync(string key) => string.Join(", ", await ledger.QueryAsync<string>("""
        select c.call || ' ' || a.outcome || coalesce(' ' || a.code, '') || coalesce(' ' || a.erp_id, '') from erp.attempt a join erp.call c on c.id = a.call_id
        where a.document_key = @key and a.account = @account order by a.call_id
        """, new { key, account }));

    string? Judge(ErpDocument document, Posting? posting, List<SimulatedRecord> found)
    {
        if (posting is null) return "is lost: not in the ledger";
        if (found.Count > 1) return $"is {found.Count} times in the ERP: {string.Join(", ", found.Select(r => r.Id))} (ledger: {posting.State})";
        var isTouched = document.DocumentKey == touched;
        return posting.State switch
        {
            DocumentState.Confirmed => isTouched ? OfTouched(document, posting, found) : OfConfirmed(document, posting, found),
            DocumentState.Refused or DocumentState.Held => OfListed(posting, found, isTouched),
            DocumentState.Planned when posting.Waits => found.Count == 0 ? null : "waits in the ledger for another document and is in the ERP",
            // The ERP said that it made it, somebody deleted it: reconciliation calls it stuck.
            _ when isTouched && posting.Difference == DifferenceClass.Stuck => null,
            _ => $"is neither confirmed nor listed: {posting.State} {posting.Reason}",
        };
    }

    string? OfConfirmed(ErpDocument document, Posting posting, List<SimulatedRecord> found)
    {
        if (found is not [var record]) return "is confirmed and not in the ERP";
        if (Differs(document, record) is { } field) return $"is confirmed, and its {field} in the ERP is another";
        if (posting.Difference is { } difference) return $"is as it should be, and reported as a difference: {difference}";
        return published.Contains(document.DocumentKey) ? null : "is confirmed without a receipt";
    }

    // Deleted before it was confirmed and made anew is as good as never touched.
    static string? OfTouched(ErpDocument document, Posting posting, List<SimulatedRecord> found) =>
        posting.Difference is not null || (found is [var record] && Differs(document, record) is null) ? null : "was changed in the ERP, and no reconciliation says so";

    string? OfListed(Posting posting, List<SimulatedRecord> found, bool isTouched)
    {
        if (posting.Item is null || string.IsNullOrEmpty(posting.Detail)) return $"is {posting.State} and on no list with a reason";
        if (!scenario.Fault.Lists) return $"is {posting.State}, and nothing was wrong with it: {posting.Item} {posting.Detail}";
        if (found.Count > 0 && !isTouched) return $"is {posting.State} ({posting.Item}) and in the ERP as {found[0].Id}";
        return published.Contains(posting.Key) || posting.State == DocumentState.Held ? null : $"is {posting.State} without a receipt";
    }

    static string? Differs(ErpDocument document, SimulatedRecord record)
    {
        if (!record.Posted) return "state (not posted)";
        if (ExactDecimal.Parse(record.Amount) != document.Total) return $"amount {record.Amount} (not {document.Total})";
        if (record.Currency is not ("USD" or "1")) return $"currency {record.Currency}";
        return document.Kind != DocumentKind.GlJournal && record.Party is { } party && party != document.CustomerId ? $"party {party}" : null;
    }
}
