using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Streams.ErpSink.Posting;

/// <summary>How an account logs in. None of them shows its secrets as text.</summary>
public abstract record ErpLogin
{
    /// <summary>What signs the requests.</summary>
    public abstract ICallCredentials Credentials(HttpMessageHandler handler, TimeProvider time);

    /// <summary>The innermost handler for connections of this login: it holds the client certificate where there is one.</summary>
    public virtual SocketsHttpHandler Handler() => ErpHttp.Handler();

    /// <summary>User and password.</summary>
    public sealed record Basic(string User, string Password) : ErpLogin
    {
        public override ICallCredentials Credentials(HttpMessageHandler handler, TimeProvider time) => new BasicCredentials(User, Password);

        public override string ToString() => $"user {User}";
    }

    /// <summary>OAuth 2.0 client credentials, the secret in the form.</summary>
    public sealed record ClientSecret(Uri TokenEndpoint, string ClientId, string Secret, string? Scope = null) : ErpLogin
    {
        public override ICallCredentials Credentials(HttpMessageHandler handler, TimeProvider time) =>
            new BearerCredentials(new AccessTokens(handler, TokenEndpoint, Form, time));

        public override string ToString() => $"client {ClientId}";

        Dictionary<string, string> Form()
        {
            var form = new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["client_id"] = ClientId, ["client_secret"] = Secret };
            if (Scope is not null) form["scope"] = Scope;
            return form;
        }
    }

    /// <summary>An X.509 client certificate with its key, both in PEM; connections must be made by <see cref="ErpLogin.Handler"/>.</summary>
    public sealed record ClientCertificate(string CertificatePem, string PrivateKeyPem) : ErpLogin
    {
        public override ICallCredentials Credentials(HttpMessageHandler handler, TimeProvider time) => new ConnectionCredentials();

        /// <exception cref="System.Security.Cryptography.CryptographicException">The certificate and the key do not fit.</exception>
        public override SocketsHttpHandler Handler()
        {
            var handler = base.Handler();
            handler.SslOptions = new SslClientAuthenticationOptions { ClientCertificates = [X509Certificate2.CreateFromPem(CertificatePem, PrivateKeyPem)] };
            return handler;
        }

        public override string ToString() => "client certificate";
    }
}
