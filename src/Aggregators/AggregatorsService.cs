using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Streams.Aggregators.Metering;
using Streams.Rating.Contracts;
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

    public MeteringOptions Metering { get; init; } = new();

    /// <summary>Further client settings in librdkafka's names.</summary>
    public IReadOnlyDictionary<string, string> ClientSettings { get; init; } = new Dictionary<string, string>();
}

/// <summary>Runs the metering topology until the host stops. A failure of the stream ends the service, and with it, by default, the host.</summary>
public sealed class AggregatorsService(AggregatorsOptions options, ISchemaRegistry registry, ILogger<AggregatorsService> logger, IWriterSchemas? writerSchemas = null)
    : BackgroundService
{
    static readonly TimeSpan RegistryPause = TimeSpan.FromSeconds(1);

    readonly ContractBookSource _contracts = new();

    /// <summary>The contracts as this process knows them.</summary>
    public ContractBook Contracts => _contracts.Current;

    /// <summary>The stream once it was made, for health and lag.</summary>
    public KafkaStream? Stream { get; private set; }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var metering = await RegisterAsync(stoppingToken).ConfigureAwait(false);
        var topology = MeteringTopology.Build(metering, _contracts, writerSchemas, logger.ContractRefused);
        var stream = new KafkaStream(topology, new StreamConfig
        {
            ApplicationId = options.ApplicationId,
            BootstrapServers = options.BootstrapServers,
            NumStreamThreads = options.Threads,
            InstanceId = options.InstanceId,
            ClientSettings = options.ClientSettings,
        }, logger);
        await using (stream.ConfigureAwait(false))
        {
            Stream = stream;
            await stream.StartAsync(stoppingToken).ConfigureAwait(false);
            await stream.Completion.WaitAsync(stoppingToken).ConfigureAwait(false);
        }
    }

    /// <summary>A registry that is away is waited for, as the broker is: after a power cut the parts come back in any order.</summary>
    async Task<MeteringOptions> RegisterAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                return await MeteringTopology.RegisterAsync(options.Metering, registry, stoppingToken).ConfigureAwait(false);
            }
            catch (SchemaRegistryException e) when (e.ErrorCode == SchemaRegistryErrors.NoAnswer)
            {
                logger.RegistryAwaited(e.Message);
                await Task.Delay(RegistryPause, stoppingToken).ConfigureAwait(false);
            }
        }
    }
}
