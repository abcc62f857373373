using Streams.Aggregators;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Queries;
using Streams.Cli.Observability;
using Streams.ConsolePages;
using Streams.ErpSink;
using Streams.ErpSink.People.Http;
using Streams.Ingest;
using Streams.Ingest.Http;
using Streams.Schemas.Registry;

namespace Streams.Cli.Roles;

/// <summary>The parts of the product that one process can run.</summary>
[Flags]
enum Role
{
    None = 0,
    Ingest = 1,
    Aggregators = 2,
    ErpSink = 4,
    Console = 8,
    All = Ingest | Aggregators | ErpSink | Console,
}

/// <summary>Composes roles into one host with its HTTP pages.</summary>
static class RoleHost
{
    public static WebApplication Build(Role roles, KafkaSettings kafka, string? postgres, RoleSettings settings)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = [] });
        builder.Logging.AddStructuredLogging(settings.LogLevel);
        builder.Services.AddObservability();
        builder.WebHost.UseUrls(settings.Url);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.AddServerHeader = false);
        builder.Services.AddSingleton(_ => kafka.OpenRegistry(settings.RegisterSchemas));
        builder.Services.AddSingleton<ISchemaRegistry>(s => s.GetRequiredService<SchemaRegistryClient>());
        if (roles.HasFlag(Role.Ingest)) builder.Services.AddIngest(new IngestOptions { Kafka = EntranceTools.Connection(kafka), Keys = settings.Keys });
        if (roles.HasFlag(Role.Aggregators)) AddAggregators(builder.Services, kafka, settings);
        if (roles.HasFlag(Role.ErpSink)) builder.Services.AddErpSink(Sink(kafka, postgres, settings));
        if (roles.HasFlag(Role.Console)) builder.Services.AddConsole(postgres ?? throw new CommandException(ExitCodes.WrongUsage, "The console needs --postgres: where is the ledger?"));
        if (roles.HasFlag(Role.Console)) builder.Services.AddGroupLag(new GroupLagOptions(kafka.BootstrapServers, [new("streams-metering", Schemas.Topics.UsageEvents), new("streams-erp-sink", Schemas.Topics.ErpDocuments)]) { KafkaSettings = kafka.Client });
        var app = builder.Build();
        app.MapMetrics();
        app.MapHealth();
        if (roles.HasFlag(Role.Ingest)) app.MapIngest();
        if (roles.HasFlag(Role.ErpSink)) app.MapPeople();
        if (roles.HasFlag(Role.Aggregators)) app.MapStateQueries(Readers(settings));
        if (roles.HasFlag(Role.Console)) app.MapConsole();
        return app;
    }

    /// <summary>Live state is told to whoever has a key with the scope for it, by the rules of the entrance.</summary>
    static ReadAccess Readers(RoleSettings settings)
    {
        var keys = new ApiKeyRing(settings.Keys, TimeProvider.System);
        return new(authorization => keys.Find(authorization) is not { } key ? new(StatusCodes.Status401Unauthorized, "KEY_INVALID", "The API key is missing, unknown or expired")
            : key.Scopes.Contains(ApiKey.UsageRead) ? null
            : new(StatusCodes.Status403Forbidden, "SCOPE_MISSING", $"The API key lacks the scope {ApiKey.UsageRead}"));
    }

    static void AddAggregators(IServiceCollection services, KafkaSettings kafka, RoleSettings settings)
    {
        services.AddSingleton<IWriterSchemas, RegistryWriterSchemas>();
        services.AddSingleton(new AggregatorsOptions
        {
            BootstrapServers = kafka.BootstrapServers, ClientSettings = kafka.Client, Threads = settings.Threads, InstanceId = settings.InstanceId,
            AdvertisedAddress = settings.AdvertisedAddress, Summaries = settings.Summaries,
            Metering = new MeteringOptions { Tenant = settings.Tenant, DuplicateHorizon = settings.RememberHours * 3_600_000_000L, MostRemembered = settings.RememberEvents },
        });
        services.AddSingleton<AggregatorsService>();
        services.AddHostedService(s => s.GetRequiredService<AggregatorsService>());
        services.AddHealthChecks().AddCheck<AggregatorsHealthCheck>("aggregators", tags: ["ready"]);
    }

    static ErpSinkOptions Sink(KafkaSettings kafka, string? postgres, RoleSettings settings)
    {
        var options = new ErpSinkOptions
        {
            BootstrapServers = kafka.BootstrapServers,
            KafkaSettings = kafka.Client,
            Registry = kafka.OpenRegistry(settings.RegisterSchemas),
            Postgres = postgres ?? throw new CommandException(ExitCodes.WrongUsage, "The erp-sink needs --postgres: where is the ledger?"),
            Accounts = settings.ToAccounts(),
            Routes = settings.LoadRoutes(),
            Posting = settings.Posting,
            Reconciliation = settings.Reconciliation,
            People = settings.People.ToOptions(),
        };
        return settings.InstanceId is { } name ? options with { Instance = name, GroupInstanceId = name } : options;
    }
}
