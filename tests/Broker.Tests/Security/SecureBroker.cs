using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Confluent.Kafka;

namespace Streams.Broker.Tests.Security;

/// <summary>A broker with users and certificates made for the test.</summary>
public sealed class SecureBroker : IAsyncDisposable
{
    public const string User = "alice";
    public const string Password = "a password, with =,\" and ü";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("broker-secure-");
    private EmbeddedBroker? _broker;

    public string UsersFile => Path.Combine(_folder.FullName, "users");

    public string CertificateFile => Path.Combine(_folder.FullName, "cert.pem");

    public string KeyFile => Path.Combine(_folder.FullName, "key.pem");

    public string BootstrapServers => _broker!.BootstrapServers;

    public TlsOptions Tls => new() { CertificateFile = CertificateFile, KeyFile = KeyFile };

    public SaslOptions Sasl => new() { UsersFile = UsersFile };

    public EmbeddedBrokerOptions Options => new() { DataDirectory = Path.Combine(_folder.FullName, "data") };

    public static async Task<SecureBroker> StartAsync(Func<SecureBroker, EmbeddedBrokerOptions> options)
    {
        var broker = new SecureBroker();
        SaslUsersFile.Set(broker.UsersFile, User, "SCRAM-SHA-256", Password);
        SaslUsersFile.Set(broker.UsersFile, User, "SCRAM-SHA-512", Password);
        broker.WriteCertificate();
        broker._broker = await EmbeddedBroker.StartAsync(options(broker));
        return broker;
    }

    public ClientConfig Client(SecurityProtocol protocol, SaslMechanism mechanism = SaslMechanism.ScramSha512, string password = Password) => new()
    {
        BootstrapServers = BootstrapServers, SecurityProtocol = protocol, SslCaLocation = CertificateFile, SaslMechanism = mechanism, SaslUsername = User, SaslPassword = password,
        SocketTimeoutMs = 10_000,
    };

    public async ValueTask DisposeAsync()
    {
        if (_broker is not null) await _broker.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    private void WriteCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(CertificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
    }
}
