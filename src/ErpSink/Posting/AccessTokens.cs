using System.Net;
using System.Text.Json;

namespace Streams.ErpSink.Posting;

/// <summary>The credentials are refused.</summary>
public sealed class TokenRefusedException(string message) : Exception(message);

/// <summary>An OAuth 2.0 access token for client credentials (RFC 6749 §4.4): kept until a little before it ends, asked for by one caller at a time.</summary>
/// <param name="form">The request's fields, made anew each time.</param>
public sealed class AccessTokens(HttpMessageHandler handler, Uri endpoint, Func<IReadOnlyDictionary<string, string>> form, TimeProvider time) : IDisposable
{
    const int MaxAnswerBytes = 256 * 1024;

    readonly HttpClient _http = new(handler, disposeHandler: false) { MaxResponseContentBufferSize = MaxAnswerBytes, Timeout = TimeSpan.FromSeconds(30) };
    readonly SemaphoreSlim _one = new(1, 1);
    Token? _token;

    /// <exception cref="TokenRefusedException">The credentials are refused.</exception>
    /// <exception cref="HttpRequestException">The token endpoint does not answer as it should.</exception>
    public async Task<string> GetAsync(CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            if (_token is { } known && time.GetUtcNow() < known.RefreshAt) return known.Value;
            var (value, lifetime) = await RequestAsync(cancel);
            // Early, so that a token does not end under way: after nine tenths of its life.
            _token = new Token(value, time.GetUtcNow() + lifetime * 0.9);
            return value;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Forgets a token that was refused, unless a newer one has taken its place.</summary>
    public void Forget(string token)
    {
        // Nobody waits for a request that is under way: it brings a newer one.
        if (Volatile.Read(ref _token) is { } known && known.Value == token) Interlocked.CompareExchange(ref _token, null, known);
    }

    public void Dispose()
    {
        _one.Dispose();
        _http.Dispose();
    }

    async Task<(string, TimeSpan)> RequestAsync(CancellationToken cancel)
    {
        using var content = new FormUrlEncodedContent(form());
        using var response = await _http.PostAsync(endpoint, content, cancel);
        var body = await response.Content.ReadAsStringAsync(cancel);
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            throw new TokenRefusedException($"the token endpoint answers {(int)response.StatusCode}: {body[..Math.Min(body.Length, 200)]}");
        if (!response.IsSuccessStatusCode) throw new HttpRequestException($"the token endpoint answers {(int)response.StatusCode}");
        return Parse(body);
    }

    sealed record Token(string Value, DateTimeOffset RefreshAt);

    static (string, TimeSpan) Parse(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var lifetime = json.RootElement.GetProperty("expires_in");
            var seconds = lifetime.ValueKind == JsonValueKind.String
                ? int.Parse(lifetime.GetString()!, System.Globalization.CultureInfo.InvariantCulture) : lifetime.GetInt32();
            return (json.RootElement.GetProperty("access_token").GetString()!, TimeSpan.FromSeconds(seconds));
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new HttpRequestException("the token endpoint's answer cannot be read", e);
        }
    }
}
