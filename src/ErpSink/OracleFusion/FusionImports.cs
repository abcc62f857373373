using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.OracleFusion;

/// <summary>
/// Journals, and many invoices or credit memos, by file import: one import per ledger or business unit of a call, with a group of its own. Of journals Oracle refuses a group as a whole
/// when one of its lines is wrong, and what is imported is posted by another job; of transactions it refuses those that have a wrong line.
/// </summary>
public sealed class FusionImports(SignedHttp http, FusionAnswers answers, FusionOptions options, TimeProvider time)
{
    readonly string _path = $"{options.ResourcePath}/erpintegrations";

    public async Task<IReadOnlyList<ErpAnswer>> ImportAsync(IReadOnlyList<ErpDocument> batch, string call, CancellationToken deadline)
    {
        var known = new Dictionary<string, ErpAnswer>(StringComparer.Ordinal);
        foreach (var scope in batch.GroupBy(d => FusionLoads.Scope(d, options.Mapping)))
        {
            var answer = await ImportScopeAsync([.. scope], call, deadline);
            foreach (var document in scope) known[document.DocumentKey] = answer;
        }
        return [.. batch.Select(d => known[d.DocumentKey])];
    }

    /// <summary>The number of an import: the same for the same call and ledger or business unit.</summary>
    public static long Group(string call, string scope) => FusionLoads.Group(call, scope);

    /// <summary>What is known of an import without looking at journals: that it is still at work (Accepted), or a fault of the question; null when it has ended.</summary>
    public async Task<(ErpAnswer? Open, string Status)> StatusAsync(ImportJob job, CancellationToken deadline)
    {
        var (response, failure) = await GetAsync($"ESSJobStatusRF;requestId={job.Request}", deadline);
        if (failure is not null) return (failure, "");
        if (response!.Status != 200) return (answers.OfQuestion(response), "");
        if (First(response.Body) is not { } item || item["RequestStatus"] is not JsonValue value || !value.TryGetValue<string>(out var status))
            return (FusionAnswers.Unknown(200, "ANSWER_UNREADABLE", $"the status of request {job.Request} cannot be read"), "");
        return ImportJob.HasEnded(status) ? (null, status.ToUpperInvariant())
            : (new ErpAnswer(ErpOutcome.Accepted, 200, "JOB_PENDING", $"request {job.Request} is {status}") { Job = job.ToString() }, status);
    }

    /// <summary>Why the documents of an import that has ended are not there. Without a word of Oracle's that is unknown: the import runs after the load that was asked for.</summary>
    /// <param name="absent">Documents of one kind.</param>
    /// <returns>An answer for each.</returns>
    public async Task<IReadOnlyList<ErpAnswer>> ExplainAsync(ImportJob job, string status, IReadOnlyList<ErpDocument> absent, CancellationToken deadline)
    {
        var (response, failure) = await GetAsync($"ESSJobExecutionDetailsRF;requestId={job.Request},fileType=ALL", deadline);
        if (failure is null && response!.Status is 401 or 403 or 429 or 503) failure = answers.OfQuestion(response);
        if (failure is not null) return [.. absent.Select(_ => failure)];
        var report = First(response!.Body)?["DocumentContent"] is JsonValue content && content.TryGetValue<string>(out var zip) ? ImportReport.Lines(zip) : [];
        var ended = new EndedImport(job, status, response.Status, report, options);
        return [.. absent.Select(d => d.Kind == DocumentKind.GlJournal ? ended.OfJournals() : ended.OfTransaction(d.DocumentKey))];
    }

    /// <summary>Starts the posting of what was imported; without its parameters in the mapping Oracle's own schedule posts.</summary>
    public async Task<ErpAnswer> PostImportedAsync(CancellationToken deadline)
    {
        if (options.Mapping.Setting("autoPostParameters") is not { } parameters)
            return new(ErpOutcome.Created, Code: "AUTOPOST_NOT_CONFIGURED", Detail: "settings.autoPostParameters is not given: the journals wait for Oracle's own schedule, or for people");
        var body = new JsonObject
        {
            ["OperationName"] = "submitESSJobRequest", ["JobPackageName"] = FusionLoads.LedgerProgram, ["JobDefName"] = "AutomaticPosting", ["ESSParameters"] = parameters,
        };
        var (response, failure) = await SubmitAsync(body, deadline);
        if (failure is not null) return failure;
        return response!.Status is 200 or 201 && RequestId(response.Body) is { } id ? new(ErpOutcome.Created, response.Status, Detail: $"posting request {id}") : OfSubmission(response);
    }

    async Task<ErpAnswer> ImportScopeAsync(IReadOnlyList<ErpDocument> documents, string call, CancellationToken deadline)
    {
        var now = time.GetUtcNow();
        var load = FusionLoads.Of(documents, call, now, options.Mapping);
        var (response, failure) = await SubmitAsync(load.Request(now), deadline);
        if (failure is not null) return failure;
        if (response!.Status is not (200 or 201) || RequestId(response.Body) is not { } id) return OfSubmission(response);
        return new(ErpOutcome.Accepted, response.Status) { Job = new ImportJob(id, load.Group, documents.Count).ToString() };
    }

    ErpAnswer OfSubmission(ErpResponse response) =>
        response.Status is >= 200 and < 300 ? FusionAnswers.Unknown(response.Status, "NO_REQUEST", "a success without a request id") : answers.OfError(response);

    Task<(ErpResponse? Response, ErpAnswer? Failure)> SubmitAsync(JsonObject body, CancellationToken deadline)
    {
        var bytes = Encoding.UTF8.GetBytes(body.ToJsonString());
        return http.SendAsync(() => FusionConnector.Request(HttpMethod.Post, _path, bytes), deadline);
    }

    Task<(ErpResponse? Response, ErpAnswer? Failure)> GetAsync(string finder, CancellationToken deadline) =>
        http.SendAsync(() => FusionConnector.Request(HttpMethod.Get, $"{_path}?finder={finder}", null), deadline);

    // -1 says that nothing was submitted, without saying why.
    static string? RequestId(string body) => FusionAnswers.Object(body) is { } made && FusionAnswers.Text(made, "ReqstId") is { Length: > 0 } id &&
        long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 ? id : null;

    static JsonNode? First(string body) => FusionAnswers.Object(body) is not null && JsonNode.Parse(body)!["items"] is JsonArray { Count: > 0 } items ? items[0] as JsonObject : null;
}
