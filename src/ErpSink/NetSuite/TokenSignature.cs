using System.Globalization;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.NetSuite;

/// <summary>OAuth 1.0a (RFC 5849) as NetSuite wants it: HMAC-SHA256, the account as realm.</summary>
public sealed class TokenSignature(string account, Uri address, NetSuiteToken token, TimeProvider time) : ICallCredentials
{
    public Task SignAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        var uri = new Uri(address, request.RequestUri!);
        var nonce = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
        request.Headers.Authorization = new AuthenticationHeaderValue("OAuth", Header(request.Method, uri, account, token, nonce, time.GetUtcNow().ToUnixTimeSeconds()));
        return Task.CompletedTask;
    }

    /// <summary>There is nothing to renew: the token does not end by itself.</summary>
    public bool Renew(HttpRequestMessage refused) => false;

    public void Dispose()
    {
    }

    /// <summary>The value of the Authorization header behind "OAuth".</summary>
    public static string Header(HttpMethod method, Uri uri, string account, NetSuiteToken token, string nonce, long seconds)
    {
        var fields = Fields(token, nonce, seconds);
        var signature = Sign(method, uri, fields, token);
        var all = fields.Select(f => (f.Key, f.Value)).Prepend((Key: "realm", Value: Realm(account))).Append((Key: "oauth_signature", Value: signature));
        return string.Join(", ", all.Select(f => $"{f.Key}=\"{Escape(f.Value)}\""));
    }

    /// <summary>What is signed (RFC 5849 §3.4.1): method, address without query, and the fields of query and header in order.</summary>
    public static string BaseString(HttpMethod method, Uri uri, IEnumerable<KeyValuePair<string, string>> fields)
    {
        var sorted = fields.Select(f => (Name: Escape(f.Key), Value: Escape(f.Value))).Concat(Query(uri))
            .OrderBy(f => f.Name, StringComparer.Ordinal).ThenBy(f => f.Value, StringComparer.Ordinal);
        return $"{method.Method}&{Escape(uri.GetLeftPart(UriPartial.Path))}&{Escape(string.Join('&', sorted.Select(f => $"{f.Name}={f.Value}")))}";
    }

    static string Sign(HttpMethod method, Uri uri, Dictionary<string, string> fields, NetSuiteToken token)
    {
        var key = Encoding.ASCII.GetBytes($"{Escape(token.ConsumerSecret)}&{Escape(token.TokenSecret)}");
        return Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.ASCII.GetBytes(BaseString(method, uri, fields))));
    }

    static Dictionary<string, string> Fields(NetSuiteToken token, string nonce, long seconds) => new()
    {
        ["oauth_consumer_key"] = token.ConsumerKey,
        ["oauth_token"] = token.TokenId,
        ["oauth_signature_method"] = "HMAC-SHA256",
        ["oauth_timestamp"] = seconds.ToString(CultureInfo.InvariantCulture),
        ["oauth_nonce"] = nonce,
        ["oauth_version"] = "1.0",
    };

    static IEnumerable<(string Name, string Value)> Query(Uri uri) =>
        from pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
        let parts = pair.Split('=', 2)
        select (Escape(Uri.UnescapeDataString(parts[0])), Escape(Uri.UnescapeDataString(parts.Length > 1 ? parts[1] : "")));

    static string Realm(string account) => account.ToUpperInvariant().Replace('-', '_');

    static string Escape(string text) => Uri.EscapeDataString(text);
}
