using System.ComponentModel;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Streams.Broker.Network;

namespace Streams.Broker.Security;

/// <summary>What the listener asks of its clients, read from files when the broker starts.</summary>
internal sealed class ListenerSecurity
{
    private readonly TimeProvider _time;
    private readonly SslServerAuthenticationOptions? _tls;

    /// <exception cref="ArgumentException">The options would let anybody in from the network.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="InvalidDataException">A file does not hold what it should.</exception>
    public ListenerSecurity(EmbeddedBrokerOptions options)
    {
        Check(options);
        _time = options.TimeProvider;
        Sasl = options.Sasl;
        if (Sasl is not null)
        {
            var users = SaslUsersFile.Read(Sasl.UsersFile);
            if (users.Count == 0) throw new InvalidDataException($"{Sasl.UsersFile} has no users; streams broker add-user --users {Sasl.UsersFile} --name NAME makes one");
            Users = new SaslUsers(users);
            // PLAIN shows the password to whoever listens on the way.
            Mechanisms = options.Tls is not null || IPAddress.IsLoopback(options.Address)
                ? [ScramMechanism.Sha512.Name, ScramMechanism.Sha256.Name, SaslExchange.Plain] : [ScramMechanism.Sha512.Name, ScramMechanism.Sha256.Name];
        }
        if (options.Tls is not null) _tls = Load(options.Tls);
    }

    public SaslOptions? Sasl { get; }

    public SaslUsers Users { get; } = new([]);

    public IReadOnlyList<string> Mechanisms { get; } = [];

    /// <summary>Milliseconds of a clock that only goes forward.</summary>
    public long Now => (long)_time.GetElapsedTime(0, _time.GetTimestamp()).TotalMilliseconds;

    /// <summary>Kafka's name of what is asked: PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL.</summary>
    public static string Protocol(EmbeddedBrokerOptions options) => (options.Sasl, options.Tls) switch
    {
        (null, null) => "PLAINTEXT",
        (null, _) => "SSL",
        (_, null) => "SASL_PLAINTEXT",
        _ => "SASL_SSL",
    };

    public Task HoldBackAsync(CancellationToken ct) => Task.Delay(Sasl!.FailureDelay, _time, ct);

    /// <summary>Makes a connection's transport; with TLS, shakes hands first.</summary>
    /// <exception cref="IOException">The handshake failed, or took too long.</exception>
    public async Task<ITransport> SecureAsync(Socket socket, CancellationToken stopping)
    {
        if (_tls is null) return new SocketTransport(socket);
        using var patience = new CancellationTokenSource(TlsTransport.HandshakeTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, stopping);
        try
        {
            var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
            await stream.AuthenticateAsServerAsync(_tls, either.Token);
            return new TlsTransport(stream, socket);
        }
        catch (Exception e) when (e is AuthenticationException or OperationCanceledException or IOException or SocketException or ObjectDisposedException or Win32Exception)
        {
            socket.Dispose();
            throw new IOException($"TLS handshake: {e.Message}", e);
        }
    }

    private static void Check(EmbeddedBrokerOptions options)
    {
        if (!IPAddress.IsLoopback(options.Address) && options.Tls is null && options.Sasl is null)
            throw new ArgumentException($"listening on {options.Address} would let anybody in: ask for TLS or for users (SASL), or listen on 127.0.0.1");
        if (options.AdvertisedHost is null && (options.Address.Equals(IPAddress.Any) || options.Address.Equals(IPAddress.IPv6Any)))
            throw new ArgumentException($"listening on {options.Address}, clients must be told which host to connect to: give the advertised host");
    }

    private static SslServerAuthenticationOptions Load(TlsOptions files)
    {
        foreach (var file in new[] { files.CertificateFile, files.KeyFile })
        {
            if (!File.Exists(file)) throw new FileNotFoundException($"{file} does not exist; TLS needs a certificate and its key, both PEM", file);
        }
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(files.CertificateFile);
            using var pem = X509Certificate2.CreateFromPemFile(files.CertificateFile, files.KeyFile);
            // Some platforms cannot use a key that was never in a store: the detour makes one that all can.
            var certificate = X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
            return new SslServerAuthenticationOptions
            {
                ServerCertificateContext = SslStreamCertificateContext.Create(certificate, chain, offline: true),
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
            };
        }
        catch (CryptographicException e)
        {
            throw new InvalidDataException($"{files.CertificateFile} and {files.KeyFile} are no certificate and its key in PEM: {e.Message}", e);
        }
    }
}
