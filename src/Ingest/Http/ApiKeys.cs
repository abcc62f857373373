using System.Security.Cryptography;
using System.Text;

namespace Streams.Ingest.Http;

/// <summary>
/// An API key as it is configured: never the key itself, only its SHA-256. <paramref name="Source"/> is what its events' source must be, or begin with up to a '/'.
/// </summary>
/// <param name="Name">Says in logs and in changed_by whose key it is.</param>
/// <param name="Sha256">64 hexadecimal digits over the key's UTF-8 text.</param>
/// <param name="Scopes">Some of <see cref="UsageWrite"/>, <see cref="ContractWrite"/> and <see cref="UsageRead"/>.</param>
/// <param name="ExpiresAt">The key ends at this moment; null: never.</param>
/// <param name="EventsPerSecond">Sustained rate with bursts of as many; null: unlimited.</param>
public sealed record ApiKey(string Name, string Sha256, string Source, IReadOnlyCollection<string> Scopes, DateTimeOffset? ExpiresAt = null, int? EventsPerSecond = null)
{
    public const string UsageWrite = "usage:write";
    public const string ContractWrite = "contract:write";

    /// <summary>To ask for entitlements and previews.</summary>
    public const string UsageRead = "usage:read";

    /// <summary>What every key begins with.</summary>
    public const string Prefix = "sk_";

    /// <summary>The form in which a key is configured.</summary>
    public static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <summary>A source is the key's own, or lies under it: key source "crm" allows "crm" and "crm/eu", not "crm2".</summary>
    public bool Allows(string source) =>
        source.StartsWith(Source, StringComparison.Ordinal) && (source.Length == Source.Length || source[Source.Length] == '/');

    internal void Validate()
    {
        if (string.IsNullOrEmpty(Name) || string.IsNullOrEmpty(Source)) throw new ArgumentException("An API key needs a name and a source");
        if (Sha256.Length != 64 || !Sha256.All(char.IsAsciiHexDigit)) throw new ArgumentException($"The hash of API key '{Name}' is not 64 hexadecimal digits");
        if (EventsPerSecond < 1) throw new ArgumentException($"The rate of API key '{Name}' must be positive");
    }
}

/// <summary>Finds the key of a request. Every configured hash is compared in full, so that time tells nothing about them.</summary>
public sealed class ApiKeyRing(IReadOnlyList<ApiKey> keys, TimeProvider clock)
{
    const string Scheme = "Bearer ";
    const int MaxLength = 256;

    readonly (ApiKey Key, byte[] Hash, TokenBucket? Bucket)[] _keys =
        [.. keys.Select(k => (k, Convert.FromHexString(k.Sha256), k.EventsPerSecond is { } rate ? new TokenBucket(rate, clock) : null))];

    /// <summary>The key of an Authorization header, or null when there is none, it is unknown or it has expired.</summary>
    public ApiKey? Find(string? authorization)
    {
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return null;
        var token = authorization[Scheme.Length..].Trim();
        if (!token.StartsWith(ApiKey.Prefix, StringComparison.Ordinal) || token.Length > MaxLength) return null;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        ApiKey? found = null;
        foreach (var (key, expected, _) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, expected)) found = key;
        }
        return found is { ExpiresAt: { } end } && end <= clock.GetUtcNow() ? null : found;
    }

    /// <summary>Takes events from the key's allowance; false when it is used up.</summary>
    public bool TryTake(ApiKey key, int events) => _keys.First(k => ReferenceEquals(k.Key, key)).Bucket?.TryTake(events) ?? true;
}

/// <summary>Lets a rate pass, with bursts of one second's worth. A batch larger than that passes when the bucket is full and leaves it in debt.</summary>
sealed class TokenBucket(int perSecond, TimeProvider clock)
{
    readonly Lock _lock = new();
    readonly long _capacity = perSecond * clock.TimestampFrequency;
    long _level = perSecond * clock.TimestampFrequency;
    long _filledAt = clock.GetTimestamp();

    public bool TryTake(int events)
    {
        lock (_lock)
        {
            var now = clock.GetTimestamp();
            var elapsed = Math.Min(now - _filledAt, 3600 * clock.TimestampFrequency);
            _filledAt = now;
            _level = Math.Min(_capacity, _level + elapsed * perSecond);
            var cost = events * clock.TimestampFrequency;
            if (_level < Math.Min(cost, _capacity)) return false;
            _level -= cost;
            return true;
        }
    }
}
