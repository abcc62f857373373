namespace Streams.ErpSink.Posting;

/// <summary>Sends requests with credentials on them. A 401 is answered by one more request with new credentials, where there can be such.</summary>
public sealed class SignedHttp(Uri address, HttpMessageHandler handler, ICallCredentials credentials) : IDisposable
{
    readonly ErpHttp _http = new(address, handler);

    /// <summary>The answer, or what is certain without one.</summary>
    /// <param name="request">Makes the request, anew for each try.</param>
    public async Task<(ErpResponse? Response, ErpAnswer? Failure)> SendAsync(Func<HttpRequestMessage> request, CancellationToken deadline)
    {
        using var first = request();
        if (await SignAsync(first, deadline) is { } unsigned) return (null, unsigned);
        var (response, failure) = await _http.SendAsync(first, deadline);
        if (response?.Status != 401 || !credentials.Renew(first)) return (response, failure);
        using var second = request();
        if (await SignAsync(second, deadline) is { } refused) return (null, refused);
        return await _http.SendAsync(second, deadline);
    }

    public void Dispose()
    {
        credentials.Dispose();
        _http.Dispose();
    }

    async Task<ErpAnswer?> SignAsync(HttpRequestMessage request, CancellationToken deadline)
    {
        try
        {
            await credentials.SignAsync(request, deadline);
            return null;
        }
        catch (TokenRefusedException e)
        {
            return new ErpAnswer(ErpOutcome.Unauthorized, Code: "TOKEN_REFUSED", Detail: e.Message);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return new ErpAnswer(ErpOutcome.NotSent, Code: "TOKEN_UNAVAILABLE", Detail: e.Message);
        }
    }
}
