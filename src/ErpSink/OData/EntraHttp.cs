using System.Net.Http.Headers;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.OData;

/// <summary>Sends requests with an Entra access token, which is renewed once when it is refused under way.</summary>
public sealed class EntraHttp : IDisposable
{
    readonly Uri _address;
    readonly ErpHttp _http;
    readonly AccessTokens _tokens;

    /// <param name="address">Ends in a slash; requests name what lies below it.</param>
    /// <param name="scope">Used where the credentials name none.</param>
    public EntraHttp(Uri address, EntraCredentials credentials, string scope, HttpMessageHandler handler, TimeProvider time)
    {
        _address = address;
        _http = new ErpHttp(address, handler);
        _tokens = new AccessTokens(handler, credentials.Endpoint, () => new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = credentials.ClientId,
            ["client_secret"] = credentials.ClientSecret,
            ["scope"] = credentials.Scope ?? scope,
        }, time);
    }

    /// <summary>The answer, or what is certain without one. After a 401 the request is sent once more with a new token: the first was not executed.</summary>
    public async Task<(ErpResponse? Response, ErpAnswer? Failure)> SendAsync(Func<HttpRequestMessage> request, CancellationToken deadline)
    {
        string token;
        try
        {
            token = await _tokens.GetAsync(deadline);
            var first = await SendAsync(request, token, deadline);
            if (first.Response is not { Status: 401 }) return first;
            _tokens.Forget(token);
            token = await _tokens.GetAsync(deadline);
        }
        catch (TokenRefusedException e)
        {
            return (null, new ErpAnswer(ErpOutcome.Unauthorized, Code: "TOKEN_REFUSED", Detail: e.Message));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or InvalidOperationException or OverflowException)
        {
            return (null, new ErpAnswer(ErpOutcome.NotSent, Code: "TOKEN_UNAVAILABLE", Detail: e.Message));
        }
        return await SendAsync(request, token, deadline);
    }

    /// <summary>Sends without the token: to storage, which has its own permission in the address.</summary>
    public async Task<(ErpResponse? Response, ErpAnswer? Failure)> SendPlainAsync(HttpRequestMessage request, CancellationToken deadline)
    {
        using (request) return await _http.SendAsync(request, deadline);
    }

    /// <summary>Whether an address from an answer is one that the token may be sent to.</summary>
    public bool IsOwn(Uri address) => address.Scheme == _address.Scheme && address.Authority == _address.Authority;

    public void Dispose()
    {
        _tokens.Dispose();
        _http.Dispose();
    }

    async Task<(ErpResponse? Response, ErpAnswer? Failure)> SendAsync(Func<HttpRequestMessage> request, string token, CancellationToken deadline)
    {
        using var message = request();
        message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return await _http.SendAsync(message, deadline);
    }
}
