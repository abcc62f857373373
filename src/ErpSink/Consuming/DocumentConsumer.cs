using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Restore;
using Streams.Schemas.Registry;

namespace Streams.ErpSink.Consuming;

/// <summary>
/// Reads the documents topic into the ledger: plan rows and position in one PostgreSQL transaction, then the offsets to Kafka. The ledger's
/// position is the one that counts; Kafka's is for those who watch the lag.
/// </summary>
public sealed class DocumentConsumer(IntakeStore store, DocumentReader reader, ErpSinkOptions options, TimeProvider time, ILogger<DocumentConsumer> log, RestoreGuard? guard = null)
{
    const int MaxBatch = 500;
    static readonly TimeSpan PollTimeout = TimeSpan.FromMilliseconds(100);
    static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    readonly Dictionary<(string, int), long> _taken = [];

    /// <summary>Runs until cancelled. What passes (registry, database, broker) is waited for; nothing is skipped.</summary>
    /// <exception cref="LedgerException">The ledger is ahead of the topic: the topic is not the one that was read before.</exception>
    public async Task RunAsync(CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await ConsumeAsync(cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is KafkaException or SchemaRegistryException or NpgsqlException or TimeoutException)
            {
                if (e is LedgerWentBackException) guard?.Suspect(e.Message);
                Log.ConsumingPauses(log, e.Message, e);
                await Task.Delay(RetryDelay, time, CancellationToken.None);
            }
        }
    }

    async Task ConsumeAsync(CancellationToken cancel)
    {
        if (guard is not null) await guard.CheckAsync(cancel);
        _taken.Clear();
        using var consumer = Build();
        consumer.Subscribe(options.DocumentsTopic);
        try
        {
            while (!cancel.IsCancellationRequested)
            {
                var batch = await Task.Run(() => Poll(consumer, cancel), CancellationToken.None);
                if (batch.Count == 0) continue;
                await TakeAsync(batch, cancel);
                KillPoint.Reached("sink.before_offset_commit", options.Instance);
                Commit(consumer, batch);
            }
        }
        finally
        {
            consumer.Close();
        }
    }

    IConsumer<byte[]?, byte[]?> Build() => new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig(ConsumerSettings.For(options, options.Group)) { GroupInstanceId = options.GroupInstanceId })
        .SetPartitionsAssignedHandler((consumer, partitions) => partitions.Select(p => StartAt(consumer, p)).ToList())
        .SetErrorHandler((_, error) => Log.KafkaTrouble(log, error.Reason))
        .SetLogHandler((_, _) => { })
        .Build();

    TopicPartitionOffset StartAt(IConsumer<byte[]?, byte[]?> consumer, TopicPartition partition)
    {
        var position = store.PositionAsync(options.Group, partition.Topic, partition.Partition).GetAwaiter().GetResult();
        if (position is not { } next) return new TopicPartitionOffset(partition, Offset.Beginning);
        var end = consumer.QueryWatermarkOffsets(partition, TimeSpan.FromSeconds(10)).High;
        if (end < next)
            throw new LedgerException($"The ledger has read {partition.Topic} {partition.Partition.Value} up to {next}, the topic ends at {end.Value}: it is not the topic that was read before");
        return new TopicPartitionOffset(partition, next);
    }

    static List<IncomingRecord> Poll(IConsumer<byte[]?, byte[]?> consumer, CancellationToken cancel)
    {
        var batch = new List<IncomingRecord>();
        var result = consumer.Consume(PollTimeout);
        while (result is not null && !cancel.IsCancellationRequested)
        {
            if (!result.IsPartitionEOF) batch.Add(ConsumerSettings.ToRecord(result));
            if (batch.Count >= MaxBatch) break;
            result = consumer.Consume(TimeSpan.Zero);
        }
        return batch;
    }

    async Task TakeAsync(List<IncomingRecord> batch, CancellationToken cancel)
    {
        await RefuseOlderLedgerAsync(batch, cancel);
        var judged = new List<JudgedRecord>(batch.Count);
        foreach (var record in batch) judged.Add(await reader.ReadAsync(record, cancel));
        var counts = await store.TakeAsync(options.Group, judged, cancel);
        Telemetry.Taken(counts);
        Log.Taken(log, counts.Planned, counts.Duplicates, counts.Conflicts, counts.Rejected);
        foreach (var record in batch) _taken[(record.Topic, record.Partition)] = record.Offset + 1;
        KillPoint.Reached("sink.after_plan", options.Instance);
    }

    // A ledger that was put back under this process would otherwise get a hole: the records between its position and the one that was read on from.
    async Task RefuseOlderLedgerAsync(List<IncomingRecord> batch, CancellationToken cancel)
    {
        foreach (var (topic, partition) in batch.Select(r => (r.Topic, r.Partition)).Distinct())
        {
            if (!_taken.TryGetValue((topic, partition), out var taken)) continue;
            var position = await store.PositionAsync(options.Group, topic, partition, cancel) ?? 0;
            if (position < taken) throw new LedgerWentBackException($"{topic} {partition} was taken in up to {taken}, the ledger says {position}");
        }
    }

    void Commit(IConsumer<byte[]?, byte[]?> consumer, List<IncomingRecord> batch)
    {
        try
        {
            consumer.Commit(batch.GroupBy(r => (r.Topic, r.Partition)).Select(g => new TopicPartitionOffset(g.Key.Topic, g.Key.Partition, g.Max(r => r.Offset) + 1)));
        }
        catch (KafkaException e)
        {
            // The ledger has the position; Kafka's copy follows with the next batch.
            Log.KafkaTrouble(log, e.Error.Reason);
        }
    }
}

/// <summary>How this room reads Kafka.</summary>
static class ConsumerSettings
{
    public static ConsumerConfig For(ErpSinkOptions options, string group) => new(options.KafkaSettings.ToDictionary())
    {
        BootstrapServers = options.BootstrapServers,
        GroupId = group,
        IsolationLevel = IsolationLevel.ReadCommitted,
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        AutoOffsetReset = AutoOffsetReset.Earliest,
        EnablePartitionEof = true,
        AllowAutoCreateTopics = false,
    };

    public static IncomingRecord ToRecord(ConsumeResult<byte[]?, byte[]?> result) => new(result.Topic, result.Partition, result.Offset, result.Message.Key, result.Message.Value,
        [.. (result.Message.Headers ?? []).Select(h => new KeyValuePair<string, byte[]?>(h.Key, h.GetValueBytes()))]);
}
