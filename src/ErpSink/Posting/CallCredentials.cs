using System.Net.Http.Headers;
using System.Text;

namespace Streams.ErpSink.Posting;

/// <summary>What proves to an ERP who calls: put on each request.</summary>
public interface ICallCredentials : IDisposable
{
    /// <exception cref="TokenRefusedException">The credentials are refused.</exception>
    /// <exception cref="HttpRequestException">Whoever gives out tokens does not answer as it should.</exception>
    Task SignAsync(HttpRequestMessage request, CancellationToken cancel);

    /// <summary>Whether a request that was answered 401 is worth a second one, signed anew.</summary>
    bool Renew(HttpRequestMessage refused);
}

/// <summary>A user and a password on each request (RFC 7617).</summary>
public sealed class BasicCredentials(string user, string password) : ICallCredentials
{
    readonly AuthenticationHeaderValue _header = new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    public Task SignAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        request.Headers.Authorization = _header;
        return Task.CompletedTask;
    }

    public bool Renew(HttpRequestMessage refused) => false;

    public void Dispose()
    {
    }
}

/// <summary>An access token on each request (RFC 6750); one that is refused is asked for anew, once per request.</summary>
public sealed class BearerCredentials(AccessTokens tokens) : ICallCredentials
{
    public async Task SignAsync(HttpRequestMessage request, CancellationToken cancel) =>
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await tokens.GetAsync(cancel));

    public bool Renew(HttpRequestMessage refused)
    {
        tokens.Forget(refused.Headers.Authorization!.Parameter!);
        return true;
    }

    public void Dispose() => tokens.Dispose();
}

/// <summary>The connection itself says who calls: its client certificate.</summary>
public sealed class ConnectionCredentials : ICallCredentials
{
    public Task SignAsync(HttpRequestMessage request, CancellationToken cancel) => Task.CompletedTask;

    public bool Renew(HttpRequestMessage refused) => false;

    public void Dispose()
    {
    }
}
