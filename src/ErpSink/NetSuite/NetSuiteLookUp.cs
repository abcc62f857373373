using System.Text.Json;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.NetSuite;

/// <summary>Finds documents again: their jobs first, one of them by its record, many by one query; what a job refused says why.</summary>
sealed class NetSuiteLookUp(SignedHttp http, NetSuiteAnswers answers, NetSuiteQuery query, ErpMapping mapping)
{
    const string Jobs = "/services/rest/async/v1/job";

    public async Task<IReadOnlyList<ErpAnswer>> RunAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline)
    {
        var known = new Dictionary<string, ErpAnswer>(StringComparer.Ordinal);
        foreach (var job in items.GroupBy(i => NetSuiteJob.Parse(i.Job)?.Id).Where(g => g.Key is not null))
        {
            if (await UnfinishedAsync(job.Key!, deadline) is not { } answer) continue;
            foreach (var item in job) known[item.Document.DocumentKey] = answer.Outcome == ErpOutcome.Accepted ? answer with { Job = item.Job } : answer;
        }
        var open = items.Where(i => !known.ContainsKey(i.Document.DocumentKey)).ToList();
        if (open.Count == 1) known[open[0].Document.DocumentKey] = await ByRecordAsync(open[0].Document, deadline);
        else if (open.Count > 1) await ByQueryAsync(open, known, deadline);
        foreach (var job in open.Where(i => known[i.Document.DocumentKey].Outcome == ErpOutcome.Absent).GroupBy(i => NetSuiteJob.Parse(i.Job)?.Id).Where(g => g.Key is not null))
            await ExplainAsync(job.Key!, [.. job], known, deadline);
        return [.. items.Select(i => known[i.Document.DocumentKey])];
    }

    internal static bool IsOf(JsonElement row, string type) =>
        row.TryGetProperty("recordtype", out var value) && string.Equals(value.GetString(), type, StringComparison.OrdinalIgnoreCase);

    internal static string Id(JsonElement row) => row.GetProperty("id") is { ValueKind: JsonValueKind.String } id ? id.GetString()! : row.GetProperty("id").GetRawText();

    /// <summary>Why the job cannot be asked for results yet, or null: it has ended, or NetSuite has forgotten it.</summary>
    async Task<ErpAnswer?> UnfinishedAsync(string job, CancellationToken deadline)
    {
        var (response, failure) = await GetAsync($"{Jobs}/{job}", deadline);
        if (failure is not null) return failure;
        if (response!.Status != 200)
        {
            var answer = answers.OfQuestion(response, absence: true);
            return answer.Outcome == ErpOutcome.Absent ? null : answer;
        }
        return NetSuiteJob.Completed(response.Body) switch
        {
            true => null,
            false => new ErpAnswer(ErpOutcome.Accepted, 200, "JOB_PENDING", $"job {job} is still at work"),
            null => NetSuiteAnswers.Unknown(200, "ANSWER_UNREADABLE", $"the state of job {job} cannot be read"),
        };
    }

    async Task<ErpAnswer> ByRecordAsync(ErpDocument document, CancellationToken deadline)
    {
        var (response, failure) = await GetAsync($"{NetSuiteConnector.RecordPath(document)}/eid:{document.DocumentKey}?expandSubResources=true", deadline);
        if (failure is not null) return failure;
        return response!.Status == 200 ? NetSuiteComparison.OfRecord(response.Body, document, mapping) : answers.OfQuestion(response, absence: true);
    }

    async Task ByQueryAsync(List<ErpItem> items, Dictionary<string, ErpAnswer> known, CancellationToken deadline)
    {
        var (rows, fault) = await query.RowsAsync(items.Select(i => i.Document.DocumentKey), deadline);
        var byKey = rows.ToLookup(r => r.GetProperty("externalid").GetString(), StringComparer.Ordinal);
        foreach (var document in items.Select(i => i.Document))
            known[document.DocumentKey] = fault ?? await OfRowsAsync(document, byKey[document.DocumentKey], deadline);
    }

    // An external id is unique in its record type only.
    async Task<ErpAnswer> OfRowsAsync(ErpDocument document, IEnumerable<JsonElement> rows, CancellationToken deadline)
    {
        var own = rows.Where(r => IsOf(r, NetSuiteRecord.RecordType(document))).ToList();
        return own.Count switch
        {
            0 => new ErpAnswer(ErpOutcome.Absent, 200, "NO_ROW", "the query does not find it"),
            1 => NetSuiteComparison.OfRow(own[0], document, mapping) ?? await ByRecordAsync(document, deadline),
            _ => NetSuiteAnswers.Unknown(200, "SEVERAL_ROWS", $"{own.Count} rows have the external id"),
        };
    }

    /// <summary>
    /// Puts the job's own word in the place of an absence: a refusal, or that the job could not be asked, which is no absence. Where it has no word the absence stays: it was looked for
    /// after the job's end.
    /// </summary>
    async Task ExplainAsync(string job, IReadOnlyList<ErpItem> absent, Dictionary<string, ErpAnswer> known, CancellationToken deadline)
    {
        var (list, fault) = await GetAsync($"{Jobs}/{job}/task", deadline);
        var tasks = list is { Status: 200 } ? NetSuiteJob.Tasks(list.Body) : [];
        var results = new Dictionary<string, (ErpResponse? Response, ErpAnswer? Failure)>(StringComparer.Ordinal);
        var last = absent.Max(i => NetSuiteJob.Parse(i.Job)!.Place);
        foreach (var item in absent)
        {
            var place = NetSuiteJob.Parse(item.Job)!;
            var task = tasks.Count == 1 ? tasks[0] : place.Place <= tasks.Count ? tasks[place.Place - 1] : null;
            if (task is not null && !results.ContainsKey(task)) results[task] = await GetAsync($"{Jobs}/{job}/task/{task}/result", deadline);
            var (result, failure) = task is null ? (null, fault) : results[task];
            if (failure is not null) known[item.Document.DocumentKey] = failure;
            else if (result is not null && place.ErrorIn(result.Body, tasks.Count == 1, out var isOfAll) is { } error)
                known[item.Document.DocumentKey] = OfJob(answers.OfRefusal(result.Status, error), isOfAll && last > 1 ? last : null) with { Job = item.Job };
        }
    }

    // What a job said stands for ever: that it lacked a permission then says nothing of the account now. A refusal of many is nobody's own.
    static ErpAnswer OfJob(ErpAnswer answer, int? together) => answer.Outcome switch
    {
        ErpOutcome.Unauthorized or ErpOutcome.Validation => answer with { Outcome = ErpOutcome.Validation, RefusedTogether = together },
        ErpOutcome.PeriodClosed when together is not null => answer with { Outcome = ErpOutcome.Validation, RefusedTogether = together },
        _ => answer,
    };

    Task<(ErpResponse? Response, ErpAnswer? Failure)> GetAsync(string path, CancellationToken deadline) =>
        http.SendAsync(() => new HttpRequestMessage(HttpMethod.Get, path), deadline);
}
