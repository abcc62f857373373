using System.Net;
using System.Text.Json;

namespace Streams.ErpSink.NetSuite;

/// <summary>NetSuite refuses the integration's credentials.</summary>
public sealed class TokenRefusedException(string message) : Exception(message);

/// <summary>The access token: kept until a little before it ends, asked for by one caller at a time.</summary>
public sealed class AccessTokens(HttpClient http, NetSuiteOptions options, TimeProvider time) : IDisposable
{
    readonly SemaphoreSlim _one = new(1, 1);
    (string Value, DateTimeOffset RefreshAt)? _token;

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
            _token = (value, time.GetUtcNow() + lifetime * 0.9);
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
        _one.Wait();
        if (_token?.Value == token) _token = null;
        _one.Release();
    }

    public void Dispose() => _one.Dispose();

    async Task<(string, TimeSpan)> RequestAsync(CancellationToken cancel)
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ["client_assertion"] = ClientAssertion.Create(options, time.GetUtcNow()),
        });
        using var response = await http.PostAsync(options.TokenEndpoint, form, cancel);
        var body = await response.Content.ReadAsStringAsync(cancel);
        if (response.StatusCode is HttpStatusCode.BadRequest or HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            throw new TokenRefusedException($"the token endpoint answers {(int)response.StatusCode}: {body[..Math.Min(body.Length, 200)]}");
        if (!response.IsSuccessStatusCode) throw new HttpRequestException($"the token endpoint answers {(int)response.StatusCode}");
        return Parse(body);
    }

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
