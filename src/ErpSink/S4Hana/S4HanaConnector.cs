using System.Text;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.S4Hana;

/// <summary>
/// SAP S/4HANA Cloud: journal entries by SOAP, many in a message, each with an outcome of its own; read back by OData. What was created is posted.
/// </summary>
public sealed class S4HanaConnector : IErpConnector, IDisposable
{
    readonly S4HanaOptions _options;
    readonly TimeProvider _time;
    readonly SignedHttp _http;
    readonly JournalEntryAnswers _answers;
    readonly JournalEntryReadBack _readBack;

    /// <param name="handler">Sends, and counts each request against the account's quota. For a client certificate it must end in <see cref="ErpLogin.Handler"/>.</param>
    /// <exception cref="ArgumentException">The mapping has holes, or an option makes no sense.</exception>
    public S4HanaConnector(S4HanaOptions options, HttpMessageHandler handler, TimeProvider time)
    {
        options.Validate();
        _options = options;
        _time = time;
        _http = new SignedHttp(options.Address, handler, options.Login.Credentials(handler, time));
        _answers = new JournalEntryAnswers(options);
        _readBack = new JournalEntryReadBack(_http, options, time);
        Batching = new ErpBatching(options.BatchSize);
    }

    public string Erp => "s4hana";

    public string Account => _options.Account;

    public ErpBatching Batching { get; }

    public ErpAnswer? Preflight(ErpDocument document) => S4HanaPreflight.Check(document, _options);

    public string Describe(ErpDocument document) =>
        $"POST {_options.PostPath}\n{Encoding.UTF8.GetString(JournalEntryMessage.Write([document], document.DocumentKey, _time.GetUtcNow(), _options.Mapping))}";

    public async Task<IReadOnlyList<ErpAnswer>> PostAsync(IReadOnlyList<ErpDocument> batch, string call, CancellationToken deadline)
    {
        var message = JournalEntryMessage.Write(batch, call, _time.GetUtcNow(), _options.Mapping);
        var (response, failure) = await _http.SendAsync(() => Request(message), deadline);
        return failure is not null ? [.. batch.Select(_ => failure)]
            : _answers.Of(response!.Status, response.Body, response.RetryAfter(_time.GetUtcNow()), [.. batch.Select(d => d.DocumentKey)]);
    }

    public Task<IReadOnlyList<ErpAnswer>> LookUpAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) =>
        _readBack.RunAsync([.. items.Select(i => i.Document)], deadline);

    /// <summary>SAP posts at once: there is nothing to call.</summary>
    public Task<IReadOnlyList<ErpAnswer>> FinishAsync(IReadOnlyList<ErpItem> items, CancellationToken deadline) =>
        Task.FromResult<IReadOnlyList<ErpAnswer>>([.. items.Select(i => new ErpAnswer(ErpOutcome.Created, ErpId: i.ErpId))]);

    public void Dispose() => _http.Dispose();

    HttpRequestMessage Request(byte[] message)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, _options.PostPath) { Content = new ByteArrayContent(message) };
        request.Content.Headers.ContentType = new("text/xml", "utf-8");
        request.Headers.Add("SOAPAction", $"\"{_options.SoapAction}\"");
        return request;
    }
}
