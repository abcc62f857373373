namespace Streams.ErpSink.OData;

/// <summary>What an application registered with Microsoft Entra proves itself with (OAuth 2.0 client credentials).</summary>
public sealed record EntraCredentials
{
    /// <summary>Directory (tenant) id or domain.</summary>
    public required string TenantId { get; init; }

    /// <summary>Application (client) id.</summary>
    public required string ClientId { get; init; }

    public required string ClientSecret { get; init; }

    /// <summary>Where tokens are asked for; null: the tenant's v2.0 endpoint.</summary>
    public Uri? TokenEndpoint { get; init; }

    /// <summary>What the token is for; null: the ERP's own default scope.</summary>
    public string? Scope { get; init; }

    internal Uri Endpoint => TokenEndpoint ?? new Uri($"https://login.microsoftonline.com/{Uri.EscapeDataString(TenantId)}/oauth2/v2.0/token");

    /// <summary>Keeps the secret out of logs.</summary>
    public override string ToString() => $"application {ClientId} of tenant {TenantId}";
}
