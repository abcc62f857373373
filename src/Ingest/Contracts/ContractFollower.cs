using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Streams.Ingest.Publishing;
using Streams.Schemas;
using Streams.Rating.Contracts;

namespace Streams.Ingest.Contracts;

/// <summary>
/// Reads the contracts topic to its end and then follows it into a <see cref="ContractBookSource"/>. Every process reads all of it; nothing is committed.
/// A record that cannot be read is logged and counted, and the definition that stood before it goes on standing.
/// </summary>
public sealed class ContractFollower(KafkaConnection kafka, ContractBookSource source, ILogger<ContractFollower> logger, string topic = Topics.Contracts) : BackgroundService
{
    static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    static readonly TimeSpan MetadataTimeout = TimeSpan.FromSeconds(5);

    volatile bool _ready;

    /// <summary>Whether every partition was read to its end once.</summary>
    public bool IsReady => _ready;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => Task.Factory.StartNew(
        () => Run(stoppingToken), stoppingToken, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    void Run(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                Follow(stop);
            }
            catch (KafkaException e)
            {
                Log.ContractsUnavailable(logger, e.Error.Reason);
            }
            stop.WaitHandle.WaitOne(Retry);
        }
    }

    void Follow(CancellationToken stop)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(kafka.ToFollowerConfig("streams-ingest-contracts"))
            .SetErrorHandler((_, error) => Log.KafkaError(logger, error.Code.ToString(), error.IsFatal))
            .SetLogHandler((_, line) => Log.KafkaClient(logger, line.Level.ToString(), line.Message))
            .Build();
        var partitions = Partitions(consumer);
        if (partitions.Count == 0)
        {
            Log.ContractsUnavailable(logger, $"topic {topic} does not exist");
            return;
        }
        Log.FollowingContracts(logger, partitions.Count);
        consumer.Assign(partitions.Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var unread = partitions.ToHashSet();
        while (!stop.IsCancellationRequested)
        {
            if (consumer.Consume(Poll) is not { } result) continue;
            if (!result.IsPartitionEOF) Apply(result);
            else if (unread.Remove(result.Partition) && unread.Count == 0) Ready();
        }
    }

    List<int> Partitions(IConsumer<byte[], byte[]> consumer)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        return [.. admin.GetMetadata(MetadataTimeout).Topics.Where(t => t.Topic == topic && !t.Error.IsError).SelectMany(t => t.Partitions).Select(p => p.PartitionId)];
    }

    void Ready()
    {
        _ready = true;
        var book = source.Current;
        Log.ContractsRead(logger, book.Meters.Count + book.Customers.Count + book.PriceBooks.Count + book.Contracts.Count);
    }

    void Apply(ConsumeResult<byte[], byte[]> result)
    {
        if (source.TryApply(result.Message.Key ?? [], result.Message.Value ?? [], deleted: result.Message.Value is null, out var error)) return;
        Telemetry.ContractEntriesUnreadable.Add(1);
        Log.ContractUnreadable(logger, result.Partition, result.Offset, error!);
    }
}
