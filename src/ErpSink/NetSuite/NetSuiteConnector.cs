using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.NetSuite;

/// <summary>
/// NetSuite by its REST record API: create with the document key as external id, look up by it. Small batches go as one request each, large ones as
/// an asynchronous job.
/// </summary>
public sealed class NetSuiteConnector : IErpConnector, IDisposable
{
    static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    readonly NetSuiteOptions _options;
    readonly SignedHttp _http;
    readonly NetSuiteAnswers _answers;
    readonly NetSuiteQuery _query;
    readonly NetSuiteLookUp _lookUp;

    /// <param name="handler">Sends, and counts each request against the account's quota.</param>
    /// <exception cref="ArgumentException">The key does not fit the algorithm, or the mapping has holes.</exception>
    public NetSuiteConnector(NetSuiteOptions options, HttpMessageHandler handler, TimeProvider time)
    {
        options.Validate(time.GetUtcNow());
        _options = options;
        _answers = new NetSuiteAnswers(options, time);
        _http = new SignedHttp(options.Address, handler, Credentials(options, handler, time));
        _query = new NetSuiteQuery(_http, _answers);
        _lookUp = new NetSuiteLookUp(_http, _answers, _query, options.Mapping);
        // What is wrong with a request for many records as a whole refuses them all.
        Batching = new ErpBatching(options.BatchSize, AllOrNothing: options.BatchSize > 1, SameKind: options.BatchSize > 1, LookUpSize: options.BatchSize > 1 ? NetSuiteQuery.Most : 1);
    }

    public string Erp => "netsuite";

    public string Account => _options.Account;

    public ErpBatching Batching { get; }

    public ErpAnswer? Preflight(ErpDocument document) => NetSuitePreflight.Check(document, _options.Mapping);

    public string Describe(ErpDocument document) =>
        $"POST {RecordPath(document)}\n{JsonNode.Parse(NetSuiteRecord.Body(document, _options.Mapping))!.ToJsonString(Indented)}";

    public async Task<IReadOnlyList<ErpAnswer>> PostAsync(IReadOnlyList<ErpDocument> batch, string call, CancellationToken deadline)
    {
        var (applied, fault) = await AppliedAsync(batch, deadline);
        if (fault is not null) return [.. batch.Select(_ => fault)];
        var missing = batch.Select(d => MissingTarget(d, applied)).ToList();
        var ready = batch.Where((_, i) => missing[i] is null).ToList();
        var answers = new Queue<ErpAnswer>(ready.Count > _options.SynchronousUpTo ? await PostTogetherAsync(ready, applied, call, deadline) : await PostEachAsync(ready, applied, deadline));
        return [.. missing.Select(m => m ?? answers.Dequeue())];
    }

    public Task<IReadOnlyList<ErpAnswer>> LookUpAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) => _lookUp.RunAsync(items, deadline);

    /// <summary>NetSuite's records are in the ledger as soon as they are approved: there is nothing to call.</summary>
    public Task<IReadOnlyList<ErpAnswer>> FinishAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) =>
        Task.FromResult<IReadOnlyList<ErpAnswer>>([.. items.Select(i => new ErpAnswer(ErpOutcome.Created, ErpId: i.ErpId))]);

    public void Dispose() => _http.Dispose();

    internal static string RecordPath(ErpDocument document) => $"/services/rest/record/v1/{NetSuiteRecord.RecordType(document)}";

    Task<IReadOnlyList<ErpAnswer>> PostEachAsync(IReadOnlyList<ErpDocument> batch, IReadOnlyDictionary<string, string> applied, CancellationToken deadline) =>
        OneByOne.RunAsync(batch, async document =>
        {
            var body = NetSuiteRecord.Body(document, _options.Mapping, applied);
            var (response, failure) = await _http.SendAsync(() => Post(document, body, "application/json"), deadline);
            return failure ?? _answers.OfPost(response!);
        });

    async Task<IReadOnlyList<ErpAnswer>> PostTogetherAsync(
        IReadOnlyList<ErpDocument> batch, IReadOnlyDictionary<string, string> applied, string call, CancellationToken deadline)
    {
        var body = NetSuiteRecord.Body(batch, _options.Mapping, applied);
        var (response, failure) = await _http.SendAsync(() =>
        {
            var request = Post(batch[0], body, "application/vnd.oracle.resource+json; type=collection");
            request.Headers.Add("Prefer", "respond-async");
            request.Headers.Add("X-NetSuite-idempotency-key", CallUuid.Create(call).ToString());
            return request;
        }, deadline);
        return failure is not null ? [.. batch.Select(_ => failure)]
            : _answers.OfAsyncPost(response!, batch.Count);
    }

    static HttpRequestMessage Post(ErpDocument document, byte[] body, string type) => new(HttpMethod.Post, RecordPath(document))
    {
        Content = new ByteArrayContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } },
    };

    // A payment names what it pays by internal ids: they are looked up by the documents' keys, in one query for the batch.
    async Task<(IReadOnlyDictionary<string, string> Ids, ErpAnswer? Fault)> AppliedAsync(IReadOnlyList<ErpDocument> batch, CancellationToken deadline)
    {
        var keys = batch.Where(d => d.Kind == DocumentKind.Receipt).SelectMany(d => d.Lines).Select(l => l.Meter).Distinct().Order(StringComparer.Ordinal).ToList();
        var ids = new Dictionary<string, string>();
        if (keys.Count == 0) return (ids, null);
        var (rows, fault) = await _query.RowsAsync(keys, deadline);
        // Nothing was posted yet, whatever happened to the question.
        if (fault is { Outcome: ErpOutcome.Unknown }) return (ids, fault with { Outcome = ErpOutcome.NotSent });
        foreach (var row in rows)
        {
            if (NetSuiteLookUp.IsOf(row, "invoice")) ids[row.GetProperty("externalid").GetString()!] = NetSuiteLookUp.Id(row);
        }
        return (ids, fault);
    }

    static ErpAnswer? MissingTarget(ErpDocument document, IReadOnlyDictionary<string, string> ids) =>
        document.Kind == DocumentKind.Receipt && document.Lines.FirstOrDefault(l => !ids.ContainsKey(l.Meter)) is { } line
            ? PreflightRules.Refusal("PAID_DOCUMENT_MISSING", $"lines[{line.Line}].meter: NetSuite has no invoice with the external id {line.Meter}") : null;

    static ICallCredentials Credentials(NetSuiteOptions options, HttpMessageHandler handler, TimeProvider time) =>
        options.Token is { } token ? new TokenSignature(options.Account, options.Address, token, time)
        : new BearerCredentials(new AccessTokens(handler, options.TokenEndpoint, () => new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ["client_assertion"] = ClientAssertion.Create(options, time.GetUtcNow()),
        }, time));
}
