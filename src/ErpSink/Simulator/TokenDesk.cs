using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Streams.ErpSink.Simulator;

/// <summary>Gives out access tokens against assertions that it can verify: PS256 and ES256, no RS256, known certificate, right audience, exp within an hour of iat.</summary>
sealed class TokenDesk(SimulatorOptions options, TimeProvider time)
{
    readonly ConcurrentDictionary<string, DateTimeOffset> _tokens = new();

    /// <summary>A new token, or why the assertion is refused.</summary>
    public (string? Token, string? Refusal) Issue(string? assertion, string audience)
    {
        var refusal = Check(assertion, audience);
        if (refusal is not null) return (null, refusal);
        var token = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(24));
        _tokens[token] = time.GetUtcNow() + options.TokenLifetime;
        return (token, null);
    }

    public bool IsValid(string? authorization) =>
        authorization is not null && authorization.StartsWith("Bearer ", StringComparison.Ordinal) &&
        _tokens.TryGetValue(authorization["Bearer ".Length..], out var until) && time.GetUtcNow() < until;

    string? Check(string? assertion, string audience)
    {
        var parts = assertion?.Split('.') ?? [];
        if (parts.Length != 3) return "the assertion is not a JWT";
        try
        {
            using var header = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[0]));
            using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
            var algorithm = header.RootElement.GetProperty("alg").GetString();
            if (!options.Certificates.TryGetValue(header.RootElement.GetProperty("kid").GetString() ?? "", out var key)) return "unknown certificate";
            if (!Verify(algorithm, key, Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}"), Base64Url.DecodeFromChars(parts[2]))) return $"signature not accepted ({algorithm})";
            return CheckClaims(payload.RootElement, audience);
        }
        catch (Exception e) when (e is FormatException or JsonException or KeyNotFoundException or InvalidOperationException or CryptographicException)
        {
            return "the assertion cannot be read";
        }
    }

    string? CheckClaims(JsonElement claims, string audience)
    {
        var (issued, expires) = (claims.GetProperty("iat").GetInt64(), claims.GetProperty("exp").GetInt64());
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (claims.GetProperty("iss").GetString() != options.ClientId) return "unknown client";
        if (claims.GetProperty("aud").GetString() != audience) return "wrong audience";
        if (expires - issued is <= 0 or > 3600 || now >= expires || issued > now + 60) return "not within its time";
        var scope = claims.GetProperty("scope");
        var scopes = scope.ValueKind == JsonValueKind.Array ? scope.EnumerateArray().Select(s => s.GetString()) : scope.GetString()!.Split(' ');
        return scopes.Contains("rest_webservices") ? null : "scope rest_webservices is missing";
    }

    static bool Verify(string? algorithm, string publicKey, byte[] data, byte[] signature)
    {
        if (algorithm == "ES256")
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(publicKey);
            return key.VerifyData(data, signature, HashAlgorithmName.SHA256);
        }
        if (algorithm != "PS256") return false;
        using var rsa = RSA.Create();
        rsa.ImportFromPem(publicKey);
        return rsa.VerifyData(data, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
    }
}
