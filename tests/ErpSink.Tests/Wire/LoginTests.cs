using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.Tests.Wire;

/// <summary>What the logins put on requests and connections, and what names calls.</summary>
public sealed class LoginTests
{
    [Fact]
    public void A_client_certificate_stands_on_the_connection_with_its_key()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=streams", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        var login = new ErpLogin.ClientCertificate(certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        using var handler = login.Handler();
        var sent = Assert.IsType<X509Certificate2>(Assert.Single(handler.SslOptions.ClientCertificates!));
        Assert.True(sent.HasPrivateKey);
        Assert.False(handler.AllowAutoRedirect);
        Assert.Equal("client certificate", login.ToString());
    }

    [Fact]
    public void Logins_show_no_secrets()
    {
        Assert.DoesNotContain("s3cret", $"{new ErpLogin.Basic("u", "s3cret")} {new ErpLogin.ClientSecret(new Uri("https://x.example"), "c", "s3cret")}", StringComparison.Ordinal);
    }

    [Fact]
    public void A_calls_UUID_follows_from_its_name_and_is_of_version_8()
    {
        var id = CallUuid.Create("call-1").ToString();
        Assert.Equal(id, CallUuid.Create("call-1").ToString());
        Assert.NotEqual(id, CallUuid.Create("call-2").ToString());
        Assert.Equal('8', id[14]);
        Assert.Contains(id[19], "89ab");
    }
}
