using System.Net.Http.Headers;

namespace Streams.ErpSink.Posting;

/// <summary>A whole answer. Its status alone says little: connectors read the body.</summary>
public sealed record ErpResponse(int Status, HttpResponseHeaders Headers, string Body)
{
    /// <summary>How long the server asks to be left alone, read from Retry-After in seconds or as a date; between zero and a day, whatever it says.</summary>
    public TimeSpan? RetryAfter(DateTimeOffset now)
    {
        var asked = Headers.RetryAfter?.Delta ?? Headers.RetryAfter?.Date - now;
        return asked is { } wait ? TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, TimeSpan.TicksPerDay)) : null;
    }
}

/// <summary>Sends a request and says what is certain when no answer comes.</summary>
public sealed class ErpHttp : IDisposable
{
    /// <summary>Answers are cut off beyond this.</summary>
    const int MaxAnswerBytes = 16 * 1024 * 1024;

    readonly HttpClient _client;

    /// <param name="handler">Sends; <see cref="Handler"/> or what counts the calls before it.</param>
    public ErpHttp(Uri address, HttpMessageHandler handler) =>
        _client = new HttpClient(handler, disposeHandler: false) { BaseAddress = address, MaxResponseContentBufferSize = MaxAnswerBytes, Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>No redirects: a request with a token goes where it was meant to go, or nowhere. Cookies are the connector's business.</summary>
    public static SocketsHttpHandler Handler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        ConnectTimeout = TimeSpan.FromSeconds(15),
    };

    /// <summary>The answer, or what is certain without one: that nothing was sent, or nothing at all.</summary>
    public async Task<(ErpResponse? Response, ErpAnswer? Failure)> SendAsync(HttpRequestMessage request, CancellationToken deadline)
    {
        if (deadline.IsCancellationRequested) return (null, new ErpAnswer(ErpOutcome.NotSent, Code: "DEADLINE", Detail: "no time was left to send"));
        try
        {
            using var response = await _client.SendAsync(request, deadline);
            return (new ErpResponse((int)response.StatusCode, response.Headers, await response.Content.ReadAsStringAsync(deadline)), null);
        }
        catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError)
        {
            return (null, new ErpAnswer(ErpOutcome.NotSent, Code: "NOT_CONNECTED", Detail: e.Message));
        }
        catch (OperationCanceledException)
        {
            return (null, new ErpAnswer(ErpOutcome.Unknown, Code: "TIMEOUT", Detail: "no answer within the call's time-out"));
        }
        // InvalidOperation: the answer names a character set that does not exist.
        catch (Exception e) when (e is HttpRequestException or IOException or InvalidOperationException)
        {
            return (null, new ErpAnswer(ErpOutcome.Unknown, Code: "CONNECTION_LOST", Detail: e.Message));
        }
    }

    public void Dispose() => _client.Dispose();
}
