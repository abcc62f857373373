namespace Streams.Broker;

/// <summary>TLS 1.2 and 1.3 on the broker's listener.</summary>
public sealed record TlsOptions
{
    /// <summary>A PEM file with the certificate, and behind it those that lead to its root.</summary>
    public required string CertificateFile { get; init; }

    /// <summary>A PEM file with the certificate's private key, unencrypted.</summary>
    public required string KeyFile { get; init; }
}
