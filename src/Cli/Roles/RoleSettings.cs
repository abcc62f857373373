using System.Text.Json;
using System.Text.Json.Serialization;
using Streams.Aggregators.Summaries;
using Streams.ErpSink;
using Streams.ErpSink.NetSuite;
using Streams.ErpSink.People;
using Streams.ErpSink.People.Http;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Reconciliation;
using Streams.ErpSink.Routing;
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

    /// <summary>
    /// How long the identity of an accepted event is remembered, in hours of event time, and so how late usage may be and still be billed: 1 to 8784. By default the
    /// longest month and two weeks, so that a month's usage is taken until it is closed and half a month longer.
    /// </summary>
    public int RememberHours { get; init; } = 45 * 24;

    /// <summary>Identities that a partition remembers beyond the last hour, some 30 bytes each: 100,000 to 200,000,000. With more, the oldest are dropped sooner.</summary>
    public int RememberEvents { get; init; } = 5_000_000;

    /// <summary>A name of this process that survives its restarts: a restarted aggregator or erp-sink takes up its work at once. Null: another one each time.</summary>
    public string? InstanceId { get; init; }

    /// <summary>"host:port" of this process' HTTP under which other instances of the aggregators ask for what it has. Null: they cannot.</summary>
    public string? AdvertisedAddress { get; init; }

    /// <summary>The ERP accounts that documents go to.</summary>
    public IReadOnlyList<ErpAccountSettings> ErpAccounts { get; init; } = [];

    /// <summary>File with the routes, where there are several accounts.</summary>
    public string? RoutesFile { get; init; }

    /// <summary>Which documents reach the ERPs as summary journals. Null: each goes on as it is.</summary>
    public SummaryOptions? Summaries { get; init; }

    public PostingOptions Posting { get; init; } = new();

    public ReconciliationOptions Reconciliation { get; init; } = new();

    public PeopleSettings People { get; init; } = new();

    /// <summary>The least that is logged: Trace, Debug, Information, Warning, Error, Critical, None.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Whether schemas are registered by whoever needs them first. For development.</summary>
    public bool RegisterSchemas { get; init; }

    /// <summary>The accounts as the sink takes them.</summary>
    public IReadOnlyList<ErpAccountOptions> ToAccounts()
    {
        if (ErpAccounts.Count == 0) throw new CommandException(ExitCodes.WrongUsage, "The erp-sink needs \"erpAccounts\" in --config: where do documents go?");
        return [.. ErpAccounts.Select(a => a.ToOptions())];
    }

    public RouteTable? LoadRoutes()
    {
        if (RoutesFile is null) return null;
        try
        {
            return RouteTable.Parse(File.ReadAllText(RoutesFile));
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw new CommandException(ExitCodes.WrongUsage, $"routesFile {RoutesFile}: {e.Message}");
        }
    }

    public static RoleSettings Load(string? file)
    {
        if (file is null) return new RoleSettings();
        try
        {
            var settings = JsonSerializer.Deserialize<RoleSettings>(File.ReadAllText(file), Json) ?? new RoleSettings();
            if (settings.RememberHours is < 1 or > 8784) throw new CommandException(ExitCodes.WrongUsage, $"--config {file}: rememberHours: {settings.RememberHours} is not 1 to 8784");
            if (settings.RememberEvents is < 100_000 or > 200_000_000)
                throw new CommandException(ExitCodes.WrongUsage, $"--config {file}: rememberEvents: {settings.RememberEvents} is not 100000 to 200000000");
            if (settings.AdvertisedAddress is { } address && !(Uri.TryCreate($"http://{address}", UriKind.Absolute, out var uri) && $"{uri.Host}:{uri.Port}" == address))
                throw new CommandException(ExitCodes.WrongUsage, $"--config {file}: advertisedAddress: '{address}' is not host:port");
            settings.Summaries?.Validate();
            return settings;
        }
        catch (Exception e) when (e is JsonException or IOException or ArgumentException)
        {
            throw new CommandException(ExitCodes.WrongUsage, $"--config {file}: {e.Message}");
        }
    }
}

/// <summary>Token-based authentication, with the secrets in files.</summary>
sealed record NetSuiteTokenFiles(string ConsumerKey, string ConsumerSecretFile, string TokenId, string TokenSecretFile)
{
    public NetSuiteToken Read() => new(ConsumerKey, File.ReadAllText(ConsumerSecretFile).Trim(), TokenId, File.ReadAllText(TokenSecretFile).Trim());
}

/// <summary>Who looks after exceptions and approvals; the rules stay in a file of their own.</summary>
sealed record PeopleSettings
{
    public IReadOnlyList<PeopleKey> Keys { get; init; } = [];

    public string? RulesFile { get; init; }

    public PeopleOptions ToOptions()
    {
        try
        {
            foreach (var key in Keys) key.Validate();
            return new PeopleOptions { Keys = Keys, Rules = RulesFile is null ? null : PeopleRules.Parse(File.ReadAllText(RulesFile)) };
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            throw new CommandException(ExitCodes.WrongUsage, e.Message);
        }
    }
}
