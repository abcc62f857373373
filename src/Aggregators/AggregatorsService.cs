using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Streams.Aggregators.Entitlements;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Summaries;
using Streams.Rating.Contracts;
using Streams.Schemas;
using Streams.Schemas.Registry;
using Streams.Streaming;

namespace Streams.Aggregators;

/// <summary>The settings of the aggregators' process.</summary>
public sealed record AggregatorsOptions
{
    public required string BootstrapServers { get; init; }

    public string ApplicationId { get; init; } = "streams-metering";

    public int Threads { get; init; } = 1;

    /// <summary>A name that survives restarts; null: a random one.</summary>
    public string? InstanceId { get; init; }

    /// <summary>"host:port" under which other instances ask this one for what it has; null: they cannot.</summary>
    public string? AdvertisedAddress { get; init; }

    public MeteringOptions Metering { get; init; } = new();

    /// <summary>Which documents reach the ERPs as summary journals; null: each goes on as it is.</summary>
    public SummaryOptions? Summaries { get; init; }

    /// <summary>The application that makes summary journals.</summary>
    public string SummariesApplicationId { get; init; } = "streams-summaries";

    /// <summary>Further client settings in librdkafka's names.</summary>
    public IReadOnlyDictionary<string, string> ClientSettings { get; init; } = new Dictionary<string, string>();
}

/// <summary>Runs the metering topology, and that of the summaries, until the host stops. A failure of either ends the service, and with it, by default, the host.</summary>
public sealed class AggregatorsService(AggregatorsOptions options, ISchemaRegistry registry, ILogger<AggregatorsService> logger, IWriterSchemas? writerSchemas = null)
    : BackgroundService
{
    static readonly TimeSpan RegistryPause = TimeSpan.FromSeconds(1);

    readonly ContractBookSource _contracts = new();

    /// <summary>The contracts as this process knows them.</summary>
    public ContractBook Contracts => _contracts.Current;

    /// <summary>The use of metered features, as far as it is here.</summary>
    public EntitlementView Entitlements { get; } = new();

    /// <inheritdoc cref="AggregatorsOptions.AdvertisedAddress"/>
    public string? AdvertisedAddress => options.AdvertisedAddress;

    /// <summary>The stream once it was made, for health and lag.</summary>
    public KafkaStream? Stream { get; private set; }

    public bool IsSummarising => options.Summaries is not null;

    /// <summary>The stream of the summaries once it was made.</summary>
    public KafkaStream? Summaries { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var metering = await RegisterAsync(options.Summaries is null ? options.Metering : options.Metering with { DocumentsTopic = Topics.ErpEntries }, stoppingToken).ConfigureAwait(false);
        var topology = MeteringTopology.Build(metering, _contracts, writerSchemas, logger.ContractRefused, Entitlements);
        var stream = new KafkaStream(topology, Config(options.ApplicationId) with { NumStreamThreads = options.Threads, ApplicationServer = options.AdvertisedAddress }, logger);
        await using (stream.ConfigureAwait(false))
        {
            Stream = stream;
            await stream.StartAsync(stoppingToken).ConfigureAwait(false);
            if (options.Summaries is { } summaries) await SummariseAsync(summaries, metering.Schemas.ErpDocument, stream, stoppingToken).ConfigureAwait(false);
            else await stream.Completion.WaitAsync(stoppingToken).ConfigureAwait(false);
        }
    }

    async Task SummariseAsync(SummaryOptions summaries, int schemaId, KafkaStream metering, CancellationToken stoppingToken)
    {
        var stream = new KafkaStream(SummaryTopology.Build(summaries, schemaId), Config(options.SummariesApplicationId), logger);
        await using (stream.ConfigureAwait(false))
        {
            Summaries = stream;
            await stream.StartAsync(stoppingToken).ConfigureAwait(false);
            await await Task.WhenAny(metering.Completion, stream.Completion).WaitAsync(stoppingToken).ConfigureAwait(false);
        }
    }

    StreamConfig Config(string application) => new()
    {
        ApplicationId = application, BootstrapServers = options.BootstrapServers, InstanceId = options.InstanceId, ClientSettings = options.ClientSettings,
    };

    /// <summary>A registry that is away is waited for, as the broker is: after a power cut the parts come back in any order.</summary>
    async Task<MeteringOptions> RegisterAsync(MeteringOptions metering, CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                return await MeteringTopology.RegisterAsync(metering, registry, stoppingToken).ConfigureAwait(false);
            }
            catch (SchemaRegistryException e) when (e.ErrorCode == SchemaRegistryErrors.NoAnswer)
            {
                logger.RegistryAwaited(e.Message);
                await Task.Delay(RegistryPause, stoppingToken).ConfigureAwait(false);
            }
        }
    }
}
