using System.Text.Json;
using System.Text.Json.Serialization;
using Streams.ErpSink;
using Streams.ErpSink.NetSuite;
using Streams.Ingest.Http;

namespace Streams.Cli.Roles;

/// <summary>The configuration file of <c>streams up</c>; docs/configuration.md describes every property.</summary>
sealed record RoleSettings
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerOptions.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase, ReadCommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Whose books these are; part of every document's key.</summary>
    public string Tenant { get; init; } = "default";

    /// <summary>Where HTTP is served.</summary>
    public string Url { get; init; } = "http://127.0.0.1:8080";

    /// <summary>Who may send usage and contracts.</summary>
    public IReadOnlyList<ApiKey> Keys { get; init; } = [];

    /// <summary>Threads of the aggregators.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>A name of this process that survives its restarts: a restarted aggregator or erp-sink takes up its work at once. Null: another one each time.</summary>
    public string? InstanceId { get; init; }

    public NetSuiteAccount? Netsuite { get; init; }

    public PostingOptions Posting { get; init; } = new();

    /// <summary>The least that is logged: Trace, Debug, Information, Warning, Error, Critical, None.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Whether schemas are registered by whoever needs them first. For development.</summary>
    public bool RegisterSchemas { get; init; }

    public static RoleSettings Load(string? file)
    {
        if (file is null) return new RoleSettings();
        try
        {
            return JsonSerializer.Deserialize<RoleSettings>(File.ReadAllText(file), Json) ?? new RoleSettings();
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            throw new CommandException(ExitCodes.WrongUsage, $"--config {file}: {e.Message}");
        }
    }
}

/// <summary>A NetSuite account as the configuration file states it; the private key stays in a file of its own.</summary>
sealed record NetSuiteAccount(string Account, string ClientId, string CertificateId, string PrivateKeyFile, Uri? BaseAddress = null, string Algorithm = "ES256", string? MappingFile = null)
{
    public NetSuiteOptions ToOptions()
    {
        try
        {
            return new NetSuiteOptions
            {
                Account = Account, ClientId = ClientId, CertificateId = CertificateId, BaseAddress = BaseAddress, Algorithm = Algorithm,
                PrivateKeyPem = File.ReadAllText(PrivateKeyFile),
                Mapping = MappingFile is null ? NetSuiteMapping.Default : NetSuiteMapping.Parse(File.ReadAllText(MappingFile)),
            };
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw new CommandException(ExitCodes.WrongUsage, e.Message);
        }
    }
}
