using System.Net;
using System.Net.Http.Headers;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.NetSuite;

/// <summary>NetSuite by its REST record API: create with the document key as external id, look up by it.</summary>
public sealed class NetSuiteConnector : IErpConnector, IDisposable
{
    const int MaxAnswerBytes = 4 * 1024 * 1024;

    readonly NetSuiteOptions _options;
    readonly HttpClient _http;
    readonly AccessTokens _tokens;

    /// <exception cref="ArgumentException">The key does not fit the algorithm, or the mapping has holes.</exception>
    public NetSuiteConnector(NetSuiteOptions options, TimeProvider time)
    {
        options.Mapping.Validate();
        ClientAssertion.Create(options, time.GetUtcNow());
        _options = options;
        _http = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
            ConnectTimeout = TimeSpan.FromSeconds(15),
        })
        {
            BaseAddress = options.Address,
            MaxResponseContentBufferSize = MaxAnswerBytes,
            Timeout = Timeout.InfiniteTimeSpan,
        };
        _tokens = new AccessTokens(_http, options, time);
    }

    public string Erp => "netsuite";

    public string Account => _options.Account;

    public ErpAnswer? Preflight(ErpDocument document) => NetSuiteRecord.Preflight(document, _options.Mapping);

    public Task<ErpAnswer> PostAsync(ErpDocument document, CancellationToken deadline)
    {
        var body = NetSuiteRecord.Body(document, _options.Mapping);
        return CallAsync(
            () => new HttpRequestMessage(HttpMethod.Post, RecordPath(document))
            {
                Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
            },
            (status, location, text) => NetSuiteAnswers.OfPost(status, location, text), deadline);
    }

    public Task<ErpAnswer> LookUpAsync(ErpDocument document, CancellationToken deadline) => CallAsync(
        () => new HttpRequestMessage(HttpMethod.Get, $"{RecordPath(document)}/eid:{document.DocumentKey}?expandSubResources=true"),
        (status, _, text) => NetSuiteAnswers.OfLookUp(status, text, document, _options.Mapping), deadline);

    public void Dispose()
    {
        _tokens.Dispose();
        _http.Dispose();
    }

    static string RecordPath(ErpDocument document) => $"/services/rest/record/v1/{NetSuiteRecord.RecordType(document)}";

    async Task<ErpAnswer> CallAsync(Func<HttpRequestMessage> request, Func<int, string?, string, ErpAnswer> read, CancellationToken deadline)
    {
        string token;
        try
        {
            token = await _tokens.GetAsync(deadline);
            var answer = await SendAsync(request, token, read, deadline);
            if (answer.HttpStatus != 401) return answer;
            _tokens.Forget(token);
            token = await _tokens.GetAsync(deadline);
        }
        catch (TokenRefusedException e)
        {
            return new ErpAnswer(ErpOutcome.Unauthorized, Code: "TOKEN_REFUSED", Detail: e.Message);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return new ErpAnswer(ErpOutcome.NotSent, Code: "TOKEN_UNAVAILABLE", Detail: e.Message);
        }
        return await SendAsync(request, token, read, deadline);
    }

    async Task<ErpAnswer> SendAsync(Func<HttpRequestMessage> request, string token, Func<int, string?, string, ErpAnswer> read, CancellationToken deadline)
    {
        if (deadline.IsCancellationRequested) return new ErpAnswer(ErpOutcome.NotSent, Code: "DEADLINE", Detail: "no time was left to send");
        using var message = request();
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var response = await _http.SendAsync(message, deadline);
            var body = await response.Content.ReadAsStringAsync(deadline);
            return read((int)response.StatusCode, response.Headers.Location?.ToString(), body);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError)
        {
            return new ErpAnswer(ErpOutcome.NotSent, Code: "NOT_CONNECTED", Detail: e.Message);
        }
        catch (OperationCanceledException)
        {
            return new ErpAnswer(ErpOutcome.Unknown, Code: "TIMEOUT", Detail: "no answer within the call's time-out");
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return new ErpAnswer(ErpOutcome.Unknown, Code: "CONNECTION_LOST", Detail: e.Message);
        }
    }
}
