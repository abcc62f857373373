using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Streams.ErpSink.NetSuite;

/// <summary>The signed statement (RFC 7523) that an integration proves itself with when it asks for a token.</summary>
public static class ClientAssertion
{
    /// <summary>NetSuite takes at most an hour between iat and exp; less is enough, for the assertion is used at once.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    /// <summary>Makes the JWT: header typ, alg, kid; payload iss, scope, aud, iat, exp.</summary>
    /// <exception cref="ArgumentException">The algorithm is neither PS256 nor ES256, or the key does not fit it.</exception>
    public static string Create(NetSuiteOptions options, DateTimeOffset now)
    {
        var header = JsonSerializer.SerializeToUtf8Bytes(new { typ = "JWT", alg = options.Algorithm, kid = options.CertificateId });
        var payload = JsonSerializer.SerializeToUtf8Bytes(new
        {
            iss = options.ClientId,
            scope = new[] { "rest_webservices" },
            aud = options.TokenEndpoint.ToString(),
            iat = now.ToUnixTimeSeconds(),
            exp = (now + Lifetime).ToUnixTimeSeconds(),
        });
        var signed = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(Sign(options, Encoding.ASCII.GetBytes(signed)))}";
    }

    /// <summary>A new key pair for an algorithm, both in PEM.</summary>
    public static (string PrivateKeyPem, string PublicKeyPem) NewKeyPair(string algorithm)
    {
        using AsymmetricAlgorithm key = algorithm switch
        {
            "ES256" => ECDsa.Create(ECCurve.NamedCurves.nistP256),
            "PS256" => RSA.Create(3072),
            _ => throw new ArgumentException($"Algorithm '{algorithm}' is neither PS256 nor ES256"),
        };
        return (key.ExportPkcs8PrivateKeyPem(), key.ExportSubjectPublicKeyInfoPem());
    }

    static byte[] Sign(NetSuiteOptions options, byte[] data)
    {
        try
        {
            if (options.Algorithm == "ES256")
            {
                using var key = ECDsa.Create();
                key.ImportFromPem(options.PrivateKeyPem);
                return key.SignData(data, HashAlgorithmName.SHA256);
            }
            if (options.Algorithm != "PS256") throw new ArgumentException($"Algorithm '{options.Algorithm}' is neither PS256 nor ES256");
            using var rsa = RSA.Create();
            rsa.ImportFromPem(options.PrivateKeyPem);
            return rsa.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
        }
        catch (CryptographicException e)
        {
            throw new ArgumentException($"The private key of {options} does not fit {options.Algorithm}", e);
        }
    }
}
