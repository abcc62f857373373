using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.Ingest.Contracts;
using Streams.Ingest.Publishing;
using Streams.Rating.Contracts;
using Streams.Schemas.Registry;

namespace Streams.Cli;

/// <summary>The entrance without its HTTP server: what the commands that write to Kafka stand on.</summary>
sealed class EntranceTools(KafkaSettings kafka, ISchemaRegistry registry) : IDisposable
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    readonly ContractBookSource _book = new();
    /// <summary>Longer than at the HTTP entrance: when an event of a series is given up, later ones may be in the topic already, and the second try is late for its window.</summary>
    static readonly TimeSpan DeliveryTimeout = TimeSpan.FromMinutes(2);

    readonly AcknowledgedProducer _producer = new(Connection(kafka) with { DeliveryTimeout = DeliveryTimeout }, NullLogger<AcknowledgedProducer>.Instance);

    public static KafkaConnection Connection(KafkaSettings kafka) => new() { BootstrapServers = kafka.BootstrapServers, Client = kafka.Client };

    public UsageEventPublisher Events => field ??= new(_producer, registry);

    public ContractPublisher Contracts => field ??= new(_producer, registry);

    public FlushPublisher Flush => field ??= new(_producer, Events);

    /// <summary>The contracts topic, read to its end.</summary>
    public async Task<ContractBookSource> ReadContractsAsync(CancellationToken cancel)
    {
        using var follower = new ContractFollower(Connection(kafka), _book, NullLogger<ContractFollower>.Instance);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(Patience);
        await follower.StartAsync(deadline.Token);
        try
        {
            while (!follower.IsReady) await Task.Delay(50, deadline.Token);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new CommandException(ExitCodes.Failed, $"The topic contracts could not be read within {Patience.TotalSeconds} s; does it exist (./streams topics create)?");
        }
        finally
        {
            await follower.StopAsync(CancellationToken.None);
        }
        return _book;
    }

    public void Dispose() => _producer.Dispose();
}
