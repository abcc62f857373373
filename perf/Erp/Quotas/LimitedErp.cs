using System.Net;
using System.Net.Http.Headers;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.Perf.Erp.Quotas;

/// <summary>An ERP behind a network that counts its requests, takes its time for each, and refuses with 429 and Retry-After what is too much.</summary>
sealed class LimitedErp(CountedRequests counted, VirtualPace pace, TimeProvider time) : HttpMessageHandler
{
    readonly long _began = time.GetTimestamp();
    readonly Lock _lock = new();
    readonly Random _random = new(1);

    /// <summary>Ticks since it was made.</summary>
    public long Now => time.GetElapsedTime(_began).Ticks;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await Task.Delay(pace.Network, time, cancellationToken);
        var arrived = Now;
        if (counted.Enter(arrived) is { } pause)
        {
            var refusal = new HttpResponseMessage(HttpStatusCode.TooManyRequests);
            refusal.Headers.RetryAfter = new RetryConditionHeaderValue(pause);
            return refusal;
        }
        TimeSpan service;
        lock (_lock) service = pace.Shortest + (pace.Longest - pace.Shortest) * _random.NextDouble();
        await Task.Delay(service, time, CancellationToken.None);
        counted.Leave(Now, arrived);
        await Task.Delay(pace.Network, time, cancellationToken);
        return new HttpResponseMessage(HttpStatusCode.OK);
    }
}

/// <summary>A request for each batch, posted or looked up.</summary>
sealed class LimitedConnector(HttpMessageHandler handler, int batch) : IErpConnector, IDisposable
{
    static readonly Uri Address = new("http://erp.invalid/");

    readonly HttpMessageInvoker _http = new(handler, disposeHandler: false);

    public string Erp => "memory";

    public string Account => "memory";

    public ErpBatching Batching => new(batch);

    public ErpAnswer? Preflight(ErpDocument document) => null;

    public string Describe(ErpDocument document) => document.DocumentKey;

    public Task<IReadOnlyList<ErpAnswer>> PostAsync(IReadOnlyList<ErpDocument> documents, string call, CancellationToken deadline) => SendAsync(HttpMethod.Post, documents, ErpOutcome.Created, deadline);

    public Task<IReadOnlyList<ErpAnswer>> LookUpAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) => SendAsync(HttpMethod.Get, [.. items.Select(i => i.Document)], ErpOutcome.Found, deadline);

    public Task<IReadOnlyList<ErpAnswer>> FinishAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) =>
        Task.FromResult<IReadOnlyList<ErpAnswer>>([.. items.Select(i => new ErpAnswer(ErpOutcome.Created, ErpId: i.ErpId))]);

    public void Dispose() => _http.Dispose();

    async Task<IReadOnlyList<ErpAnswer>> SendAsync(HttpMethod method, IReadOnlyList<ErpDocument> documents, ErpOutcome good, CancellationToken deadline)
    {
        try
        {
            using var request = new HttpRequestMessage(method, Address);
            using var response = await _http.SendAsync(request, deadline);
            return [.. documents.Select(d => response.StatusCode == HttpStatusCode.OK ? new ErpAnswer(good, 200, ErpId: d.DocumentKey)
                : new ErpAnswer(ErpOutcome.Throttled, (int)response.StatusCode, "TOO_MANY") { RetryAfter = response.Headers.RetryAfter?.Delta })];
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException)
        {
            return [.. documents.Select(_ => new ErpAnswer(e is HttpRequestException ? ErpOutcome.NotSent : ErpOutcome.Unknown, Detail: e.Message))];
        }
    }
}
