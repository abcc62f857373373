using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Streams.Simulators;

/// <summary>Verifies assertions: PS and ES with 256, 384 and 512 bits, no RS256; known certificate, right audience, exp within an hour of iat.</summary>
sealed class ClientAssertions(SimulatorOptions options, TimeProvider time)
{
    /// <summary>Why the assertion is refused, or null.</summary>
    public string? Check(string? assertion, string audience)
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
        catch (Exception e) when (e is ArgumentException or FormatException or JsonException or KeyNotFoundException or InvalidOperationException or CryptographicException)
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
        if (algorithm is not { Length: 5 } || algorithm[..2] is not ("PS" or "ES")) return false;
        HashAlgorithmName hash = algorithm[2..] switch { "256" => HashAlgorithmName.SHA256, "384" => HashAlgorithmName.SHA384, "512" => HashAlgorithmName.SHA512, _ => default };
        if (hash == default) return false;
        if (algorithm[0] == 'E')
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(publicKey);
            return key.VerifyData(data, signature, hash);
        }
        using var rsa = RSA.Create();
        rsa.ImportFromPem(publicKey);
        return rsa.VerifyData(data, signature, hash, RSASignaturePadding.Pss);
    }
}
