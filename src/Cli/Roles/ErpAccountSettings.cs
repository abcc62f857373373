using Streams.ErpSink;
using Streams.ErpSink.BusinessCentral;
using Streams.ErpSink.Dynamics;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.NetSuite;
using Streams.ErpSink.OData;
using Streams.ErpSink.OracleFusion;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;
using Streams.ErpSink.S4Hana;

namespace Streams.Cli.Roles;

/// <summary>An ERP account as the configuration file states it; secrets stay in files of their own.</summary>
sealed record ErpAccountSettings
{
    /// <summary>netsuite, d365fo, businesscentral, s4hana or fusion.</summary>
    public required string Erp { get; init; }

    /// <summary>The account, environment, tenant or pod.</summary>
    public required string Account { get; init; }

    /// <summary>By which routes and the ledger call it; null: the account.</summary>
    public string? Name { get; init; }

    public Uri? BaseAddress { get; init; }

    public ErpLoginSettings Login { get; init; } = new();

    public string? MappingFile { get; init; }

    /// <summary>Documents in one call; null: the connector's.</summary>
    public int? BatchSize { get; init; }

    /// <summary>More documents of one kind than this go as a file: journals of d365fo, invoices and credit memos of fusion; null: the connector's.</summary>
    public int? ImportAbove { get; init; }

    public AccountQuota Quota { get; init; } = new();

    /// <summary>Null: the sink's.</summary>
    public PostingOptions? Posting { get; init; }

    /// <summary>The kinds of ERP that there are connectors for.</summary>
    public static IReadOnlyDictionary<string, MappingShape> Shapes { get; } = new SortedDictionary<string, MappingShape>(StringComparer.Ordinal)
    {
        [NetSuiteRecord.Shape.Erp] = NetSuiteRecord.Shape,
        [DynamicsMapping.Shape.Erp] = DynamicsMapping.Shape,
        [BusinessCentralMapping.Shape.Erp] = BusinessCentralMapping.Shape,
        [JournalEntryLines.Shape.Erp] = JournalEntryLines.Shape,
        [FusionOptions.Shape.Erp] = FusionOptions.Shape,
    };

    /// <exception cref="CommandException">Names what is missing or wrong.</exception>
    public ErpAccountOptions ToOptions()
    {
        try
        {
            var mapping = Mapping();
            if (ImportAbove is not null && Erp is not ("d365fo" or "fusion")) throw new ArgumentException($"importAbove: {Erp} is not sent files");
            if (ImportAbove < 0) throw new ArgumentException($"importAbove: {ImportAbove} is negative");
            var login = Erp is "s4hana" or "fusion" ? Login.ToLogin(Erp) : null;
            return new ErpAccountOptions
            {
                Name = Name ?? Account, MappingVersion = mapping.Version, Quota = Quota, Posting = Posting, Connect = Connector(mapping, login),
                Handler = login is null ? ErpHttp.Handler : login.Handler,
            };
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw new CommandException(ExitCodes.WrongUsage, $"erpAccounts {Name ?? Account}: {e.Message}");
        }
    }

    /// <summary>The mapping of the file, or the one built in.</summary>
    public ErpMapping Mapping()
    {
        if (!Shapes.TryGetValue(Erp, out var shape)) throw new ArgumentException($"erp: '{Erp}' is none of {string.Join(", ", Shapes.Keys)}");
        return MappingFile is null ? ErpMapping.BuiltIn(shape) : ErpMapping.Parse(File.ReadAllText(MappingFile), shape);
    }

    Func<HttpMessageHandler, TimeProvider, IErpConnector> Connector(ErpMapping mapping, ErpLogin? login) => Erp switch
    {
        "netsuite" => NetSuite(mapping),
        "d365fo" => Dynamics(mapping),
        "businesscentral" => BusinessCentral(mapping),
        "s4hana" => S4Hana(mapping, login!),
        _ => Fusion(mapping, login!),
    };

    Func<HttpMessageHandler, TimeProvider, IErpConnector> NetSuite(ErpMapping mapping)
    {
        var options = new NetSuiteOptions
        {
            Account = Account, BaseAddress = BaseAddress, Mapping = mapping, BatchSize = BatchSize ?? 1, ClientId = Login.ClientId ?? "", CertificateId = Login.CertificateId ?? "",
            Algorithm = Login.Algorithm, PrivateKeyPem = Login.PrivateKeyFile is null ? "" : File.ReadAllText(Login.PrivateKeyFile), Token = Login.Token?.Read(),
        };
        if (options.Token is null && Login.PrivateKeyFile is null) throw new ArgumentException("login: neither privateKeyFile nor token is given");
        return (handler, time) => new NetSuiteConnector(options, handler, time);
    }

    Func<HttpMessageHandler, TimeProvider, IErpConnector> Dynamics(ErpMapping mapping)
    {
        var options = new DynamicsOptions { Account = Account, BaseAddress = BaseAddress, Mapping = mapping, Credentials = Login.ToEntra() };
        if (BatchSize is { } size) options = options with { BatchSize = size };
        if (ImportAbove is { } above) options = options with { PackageAbove = above };
        return (handler, time) => new DynamicsConnector(options, handler, time);
    }

    Func<HttpMessageHandler, TimeProvider, IErpConnector> BusinessCentral(ErpMapping mapping)
    {
        var options = new BusinessCentralOptions { Account = Account, BaseAddress = BaseAddress, Mapping = mapping, Credentials = Login.ToEntra() };
        if (BatchSize is { } size) options = options with { BatchSize = size };
        return (handler, time) => new BusinessCentralConnector(options, handler, time);
    }

    Func<HttpMessageHandler, TimeProvider, IErpConnector> S4Hana(ErpMapping mapping, ErpLogin login)
    {
        var options = new S4HanaOptions { Account = Account, BaseAddress = BaseAddress, Mapping = mapping, Login = login };
        if (BatchSize is { } size) options = options with { BatchSize = size };
        return (handler, time) => new S4HanaConnector(options, handler, time);
    }

    Func<HttpMessageHandler, TimeProvider, IErpConnector> Fusion(ErpMapping mapping, ErpLogin login)
    {
        var options = new FusionOptions { Account = Account, BaseAddress = BaseAddress, Mapping = mapping, Login = login };
        if (BatchSize is { } size) options = options with { BatchSize = size };
        if (ImportAbove is { } above) options = options with { ImportAbove = above };
        return (handler, time) => new FusionConnector(options, handler, time);
    }
}

/// <summary>What proves who the integration is. Which of it is needed depends on the ERP; docs/configuration.md says so.</summary>
sealed record ErpLoginSettings
{
    public string? User { get; init; }

    public string? PasswordFile { get; init; }

    public string? TenantId { get; init; }

    public string? ClientId { get; init; }

    public string? ClientSecretFile { get; init; }

    public Uri? TokenEndpoint { get; init; }

    public string? Scope { get; init; }

    public string? CertificateId { get; init; }

    public string? CertificateFile { get; init; }

    public string? PrivateKeyFile { get; init; }

    public string Algorithm { get; init; } = "ES256";

    public NetSuiteTokenFiles? Token { get; init; }

    public EntraCredentials ToEntra() => new()
    {
        TenantId = Needed(TenantId, "tenantId"), ClientId = Needed(ClientId, "clientId"), ClientSecret = Secret(ClientSecretFile, "clientSecretFile"), TokenEndpoint = TokenEndpoint, Scope = Scope,
    };

    public ErpLogin ToLogin(string erp)
    {
        if (User is not null) return new ErpLogin.Basic(User, Secret(PasswordFile, "passwordFile"));
        if (CertificateFile is not null && PrivateKeyFile is not null) return new ErpLogin.ClientCertificate(File.ReadAllText(CertificateFile), File.ReadAllText(PrivateKeyFile));
        if (TokenEndpoint is null) throw new ArgumentException($"login: {erp} needs user and passwordFile, certificateFile and privateKeyFile, or tokenEndpoint, clientId and clientSecretFile");
        return new ErpLogin.ClientSecret(TokenEndpoint, Needed(ClientId, "clientId"), Secret(ClientSecretFile, "clientSecretFile"), Scope);
    }

    static string Needed(string? value, string name) => value is { Length: > 0 } ? value : throw new ArgumentException($"login.{name}: is missing");

    static string Secret(string? file, string name) => File.ReadAllText(Needed(file, name)).Trim();

    /// <summary>Keeps the names of secret files out of logs.</summary>
    public override string ToString() => $"login of {User ?? ClientId ?? CertificateId}";
}
