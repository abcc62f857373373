using System.Security.Cryptography;
using System.Text;

namespace Streams.ErpSink.People.Http;

/// <summary>What a key may be used for.</summary>
public static class PeopleScopes
{
    public const string WorkRead = "work:read";
    public const string WorkWrite = "work:write";
    public const string PostingApprove = "posting:approve";
    public const string AuditRead = "audit:read";

    public static readonly IReadOnlyList<string> All = [WorkRead, WorkWrite, PostingApprove, AuditRead];
}

/// <summary>A person's API key as it is configured: never the key itself, only its SHA-256.</summary>
/// <param name="Name">Says in the audit trail which key was used.</param>
/// <param name="Owner">The person: two keys of one owner are one person when it comes to approvals.</param>
/// <param name="Sha256">64 hexadecimal digits over the key's UTF-8 text.</param>
/// <param name="ExpiresAt">The key ends at this moment; null: never.</param>
public sealed record PeopleKey(string Name, string Owner, string Sha256, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt = null)
{
    /// <summary>The form in which a key is configured.</summary>
    public static string Hash(string key) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));

    /// <exception cref="ArgumentException">Names the field that makes no sense.</exception>
    public void Validate()
    {
        if (string.IsNullOrWhiteSpace(Name)) throw new ArgumentException("people.keys: a key has no name");
        if (!PeopleRules.IsActor(Owner) || Owner == "streams") throw new ArgumentException($"people.keys '{Name}': owner '{Owner}' is not a person's name ({PeopleRules.ActorRule}; not streams)");
        if (Sha256.Length != 64 || !Sha256.All(char.IsAsciiHexDigit)) throw new ArgumentException($"people.keys '{Name}': sha256 is not 64 hexadecimal digits");
        if (Scopes.Except(PeopleScopes.All).FirstOrDefault() is { } unknown) throw new ArgumentException($"people.keys '{Name}': scope '{unknown}' is not one of {string.Join(", ", PeopleScopes.All)}");
    }
}

/// <summary>Finds the key of a request. Every configured hash is compared in full, so that time tells nothing about them.</summary>
sealed class PeopleKeyRing(IReadOnlyList<PeopleKey> keys, TimeProvider time)
{
    const string Scheme = "Bearer ";
    const int MaxLength = 256;

    readonly (PeopleKey Key, byte[] Hash)[] _keys = [.. keys.Select(k => (k, Convert.FromHexString(k.Sha256)))];

    /// <summary>Null when there is none, it is unknown or it has expired.</summary>
    public PeopleKey? Find(string? authorization)
    {
        if (authorization is null || !authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return null;
        var token = authorization[Scheme.Length..].Trim();
        if (token.Length is 0 or > MaxLength) return null;
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(token));
        PeopleKey? found = null;
        foreach (var (key, expected) in _keys)
        {
            if (CryptographicOperations.FixedTimeEquals(hash, expected)) found = key;
        }
        return found is { ExpiresAt: { } end } && end <= time.GetUtcNow() ? null : found;
    }
}
