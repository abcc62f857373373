namespace Streams.ErpSink.NetSuite;

/// <summary>A NetSuite account and the integration's credentials for it.</summary>
public sealed record NetSuiteOptions
{
    /// <summary>Account id, e.g. 1234567 or 1234567_SB1.</summary>
    public required string Account { get; init; }

    /// <summary>Where the account answers; null: its address at NetSuite.</summary>
    public Uri? BaseAddress { get; init; }

    /// <summary>Client id of the integration record.</summary>
    public required string ClientId { get; init; }

    /// <summary>Id of the certificate mapping (OAuth 2.0 Client Credentials Setup).</summary>
    public required string CertificateId { get; init; }

    /// <summary>The certificate's private key, PKCS#8 in PEM.</summary>
    public required string PrivateKeyPem { get; init; }

    /// <summary>PS256 (RSA) or ES256 (P-256). NetSuite does not take RS256.</summary>
    public string Algorithm { get; init; } = "ES256";

    /// <summary>How documents become records; see default-mapping.json.</summary>
    public NetSuiteMapping Mapping { get; init; } = NetSuiteMapping.Default;

    internal Uri Address => BaseAddress ?? new Uri($"https://{Account.ToLowerInvariant().Replace('_', '-')}.suitetalk.api.netsuite.com");

    internal Uri TokenEndpoint => new(Address, "/services/rest/auth/oauth2/v1/token");

    /// <summary>Keeps the private key out of logs.</summary>
    public override string ToString() => $"NetSuite account {Account}";
}
