using Streams.ErpSink.Mapping;

namespace Streams.ErpSink.NetSuite;

/// <summary>A NetSuite account and the integration's credentials for it: OAuth 2.0 by certificate, or token-based authentication.</summary>
public sealed record NetSuiteOptions
{
    /// <summary>Most records in one asynchronous request.</summary>
    public const int MaxBatch = 100;

    /// <summary>Account id, e.g. 1234567 or 1234567_SB1.</summary>
    public required string Account { get; init; }

    /// <summary>Where the account answers; null: its address at NetSuite.</summary>
    public Uri? BaseAddress { get; init; }

    /// <summary>Client id of the integration record.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>Id of the certificate mapping (OAuth 2.0 Client Credentials Setup).</summary>
    public string CertificateId { get; init; } = "";

    /// <summary>The certificate's private key, PKCS#8 in PEM.</summary>
    public string PrivateKeyPem { get; init; } = "";

    /// <summary>PS256 (RSA) or ES256 (P-256). NetSuite does not take RS256.</summary>
    public string Algorithm { get; init; } = "ES256";

    /// <summary>Token-based authentication, for accounts that have it already; null: OAuth 2.0.</summary>
    public NetSuiteToken? Token { get; init; }

    /// <summary>How documents become records; see Mapping/netsuite.json.</summary>
    public ErpMapping Mapping { get; init; } = ErpMapping.BuiltIn(NetSuiteRecord.Shape);

    /// <summary>Documents in one call, 1 to 100.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>Batches of more documents than this go as one asynchronous request, up to it as one request each. 0: jobs only.</summary>
    public int SynchronousUpTo { get; init; } = 1;

    /// <summary>Parts of error texts that say that the record exists.</summary>
    public IReadOnlyList<string> DuplicateTexts { get; init; } = ["already exists", "already been used", "duplicate"];

    /// <summary>Parts of error texts that say that the period is closed or locked. NetSuite documents none; the account's language decides.</summary>
    public IReadOnlyList<string> ClosedPeriodTexts { get; init; } = ["period is closed", "closed period", "period closed", "locked period", "period is locked"];

    /// <summary>Parts of error texts that say that the integration's role may not do this.</summary>
    public IReadOnlyList<string> PermissionTexts { get; init; } = ["permission violation", "do not have permission", "insufficient permission"];

    internal Uri Address => BaseAddress ?? new Uri($"https://{Account.ToLowerInvariant().Replace('_', '-')}.suitetalk.api.netsuite.com");

    internal Uri TokenEndpoint => new(Address, "/services/rest/auth/oauth2/v1/token");

    /// <exception cref="ArgumentException">Names what makes no sense.</exception>
    internal void Validate(DateTimeOffset now)
    {
        NetSuiteRecord.Shape.Check(Mapping);
        if (BatchSize is < 1 or > MaxBatch) throw new ArgumentException($"NetSuite: BatchSize {BatchSize} is not within 1 to {MaxBatch}");
        if (SynchronousUpTo < 0) throw new ArgumentException($"NetSuite: SynchronousUpTo {SynchronousUpTo} is below 0");
        if (Token is null) ClientAssertion.Create(this, now);
    }

    /// <summary>Keeps the private key out of logs.</summary>
    public override string ToString() => $"NetSuite account {Account}";
}

/// <summary>Token-based authentication (OAuth 1.0a): the integration's consumer and a user's token.</summary>
public sealed record NetSuiteToken(string ConsumerKey, string ConsumerSecret, string TokenId, string TokenSecret)
{
    /// <summary>Keeps the secrets out of logs.</summary>
    public override string ToString() => $"consumer {ConsumerKey}, token {TokenId}";
}
