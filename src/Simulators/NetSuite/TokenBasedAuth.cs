using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.WebUtilities;

namespace Streams.Simulators;

/// <summary>Token-based authentication: OAuth 1.0a (RFC 5849) with HMAC-SHA256; SHA-1 is withdrawn.</summary>
sealed partial class TokenBasedAuth(string account, TokenBasedKeys keys, TimeProvider time)
{
    static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    readonly Lock _lock = new();
    readonly Dictionary<string, DateTimeOffset> _nonces = [];

    [GeneratedRegex("(?<name>\\w+)=\"(?<value>[^\"]*)\"", RegexOptions.CultureInvariant)]
    private static partial Regex Parameter();

    /// <summary>Whether the header of a request to an address is signed by the token's owner, and is new.</summary>
    public bool Holds(string header, string method, Uri address)
    {
        var given = Parameter().Matches(header).ToDictionary(m => m.Groups["name"].Value, m => Uri.UnescapeDataString(m.Groups["value"].Value));
        if (given.GetValueOrDefault("realm") != account || given.GetValueOrDefault("oauth_signature_method") != "HMAC-SHA256") return false;
        if (given.GetValueOrDefault("oauth_consumer_key") != keys.ConsumerKey || given.GetValueOrDefault("oauth_token") != keys.Token) return false;
        if (!given.TryGetValue("oauth_signature", out var signature) || !given.TryGetValue("oauth_nonce", out var nonce)) return false;
        var expected = Sign(BaseText(given, method, address));
        return CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(expected), Encoding.UTF8.GetBytes(signature)) && IsNew(nonce, given.GetValueOrDefault("oauth_timestamp"));
    }

    /// <summary>RFC 5849, section 3.4.1.</summary>
    public static string BaseText(IReadOnlyDictionary<string, string> oauth, string method, Uri address)
    {
        var parameters = oauth.Where(p => p.Key is not ("realm" or "oauth_signature")).Select(p => (Encode(p.Key), Encode(p.Value))).ToList();
        foreach (var (name, values) in QueryHelpers.ParseQuery(address.Query)) parameters.AddRange(values.Select(v => (Encode(name), Encode(v ?? ""))));
        var sorted = parameters.OrderBy(p => p.Item1, StringComparer.Ordinal).ThenBy(p => p.Item2, StringComparer.Ordinal).Select(p => $"{p.Item1}={p.Item2}");
        return $"{method}&{Encode(address.GetLeftPart(UriPartial.Path))}&{Encode(string.Join('&', sorted))}";
    }

    public string Sign(string text) =>
        Convert.ToBase64String(HMACSHA256.HashData(Encoding.ASCII.GetBytes($"{Encode(keys.ConsumerSecret)}&{Encode(keys.TokenSecret)}"), Encoding.ASCII.GetBytes(text)));

    bool IsNew(string nonce, string? timestamp)
    {
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return false;
        var now = time.GetUtcNow();
        if ((now - DateTimeOffset.FromUnixTimeSeconds(seconds)).Duration() > Skew) return false;
        lock (_lock)
        {
            foreach (var old in _nonces.Where(n => n.Value < now - 2 * Skew).Select(n => n.Key).ToList()) _nonces.Remove(old);
            return _nonces.TryAdd(nonce, now);
        }
    }

    static string Encode(string text) => Uri.EscapeDataString(text);
}
