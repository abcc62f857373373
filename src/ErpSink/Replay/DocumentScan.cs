using Confluent.Kafka;
using Dapper;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;

namespace Streams.ErpSink.Replay;

/// <summary>Some of a partition's records, and the offset behind the last one that was looked at for them.</summary>
public sealed record ScannedBatch(int Partition, IReadOnlyList<JudgedRecord> Records, long NextOffset);

/// <summary>Reads parts of the documents topic by hand: no group is joined and nothing is committed. A few hundred records are held at a time.</summary>
public sealed class DocumentScan(NpgsqlDataSource database, IntakeStore store, DocumentReader reader, ErpSinkOptions options, TimeProvider time)
{
    const int Batch = 500;

    /// <summary>Records looked at, matching or not, after which a batch is handed on.</summary>
    const int LongestStretch = 20_000;

    static readonly TimeSpan KafkaTimeout = TimeSpan.FromSeconds(15);

    /// <summary>Where a scope begins and ends now, by partition.</summary>
    /// <param name="keys">The documents that it is about; null: all.</param>
    public async Task<IReadOnlyList<ReplayPartition>> RangesAsync(ReplayScope scope, IReadOnlyList<string>? keys, CancellationToken cancel)
    {
        using var consumer = Consumer();
        var known = scope.HasStart || keys is null ? null : await PlacesAsync(keys, cancel);
        var ranges = new List<ReplayPartition>();
        foreach (var id in PartitionsOf(consumer))
        {
            if (scope.Partitions?.Contains(id) == false) continue;
            var limits = consumer.QueryWatermarkOffsets(new TopicPartition(options.DocumentsTopic, id), KafkaTimeout);
            var current = await store.PositionAsync(options.Group, options.DocumentsTopic, id, cancel) ?? 0;
            var (from, to) = known is null ? (Start(scope, consumer, id, current), limits.High.Value) : known.TryGetValue(id, out var place) ? place : (limits.High.Value, limits.High.Value);
            if (from < 0 || from > limits.High.Value) from = limits.High.Value;
            from = Math.Max(from, limits.Low.Value);
            ranges.Add(new ReplayPartition(id, current, from, Math.Max(from, Math.Min(to, limits.High.Value)), 0));
        }
        return ranges;
    }

    /// <summary>Reads the ranges one after the other and hands on what the scope covers.</summary>
    public async Task ReadAsync(ReplayScope scope, IReadOnlyCollection<string>? keys, IReadOnlyList<ReplayPartition> ranges, Func<ScannedBatch, Task> handle, CancellationToken cancel)
    {
        using var consumer = Consumer();
        foreach (var range in ranges.Where(r => r.New < r.End))
        {
            consumer.Assign(new TopicPartitionOffset(options.DocumentsTopic, range.Partition, range.New));
            await ReadPartitionAsync(consumer, range, record => Covers(scope, keys, record), handle, cancel);
        }
    }

    async Task ReadPartitionAsync(IConsumer<byte[]?, byte[]?> consumer, ReplayPartition range, Func<JudgedRecord, bool> covers, Func<ScannedBatch, Task> handle, CancellationToken cancel)
    {
        var (batch, looked, heard) = (new List<JudgedRecord>(), 0, time.GetTimestamp());
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var result = consumer.Consume(TimeSpan.FromMilliseconds(200));
            if (result is null)
            {
                if (time.GetElapsedTime(heard) > KafkaTimeout) throw new TimeoutException($"{options.DocumentsTopic} {range.Partition} does not answer");
                continue;
            }
            heard = time.GetTimestamp();
            if (result.IsPartitionEOF || result.Offset.Value >= range.End) break;
            var judged = await reader.ReadAsync(ConsumerSettings.ToRecord(result), cancel);
            if (covers(judged)) batch.Add(judged);
            if (batch.Count >= Batch || ++looked >= LongestStretch)
            {
                await handle(new ScannedBatch(range.Partition, batch, result.Offset.Value + 1));
                (batch, looked) = ([], 0);
            }
            if (result.Offset.Value == range.End - 1) break;
        }
        await handle(new ScannedBatch(range.Partition, batch, range.End));
    }

    // A record that nobody can read belongs to no period and no customer: only a scope without such a limit covers it.
    static bool Covers(ReplayScope scope, IReadOnlyCollection<string>? keys, JudgedRecord record) =>
        (scope.Period is null || record.Document?.Period == scope.Period)
        && (scope.Customer is null || record.Document?.CustomerId == scope.Customer)
        && (keys is null || (record.Document is { } document && keys.Contains(document.DocumentKey)));

    long Start(ReplayScope scope, IConsumer<byte[]?, byte[]?> consumer, int id, long current) => scope switch
    {
        { ToOffset: { } offset } => offset,
        { ShiftBy: { } by } => Math.Max(0, current + by),
        { Offsets: { } offsets } => offsets.TryGetValue(id, out var from) ? from : long.MaxValue,
        { ToDatetime: { } moment } => consumer.OffsetsForTimes([new(new TopicPartition(options.DocumentsTopic, id), new Timestamp(moment.UtcDateTime))], KafkaTimeout)[0].Offset.Value,
        _ => 0,
    };

    /// <summary>Where the ledger took the documents from; null when it does not know all of them, so that the topic has to be searched.</summary>
    async Task<Dictionary<int, (long, long)>?> PlacesAsync(IReadOnlyList<string> keys, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var rows = (await connection.QueryAsync<(int Partition, long First, long Last, long Documents)>("""
            select source_partition, min(source_offset), max(source_offset), count(*) from erp.document where document_key = any(@keys) and source_topic = @topic group by source_partition
            """, new { keys = keys.ToArray(), topic = options.DocumentsTopic })).AsList();
        return rows.Sum(r => r.Documents) < keys.Distinct(StringComparer.Ordinal).Count() ? null : rows.ToDictionary(r => r.Partition, r => (r.First, r.Last + 1));
    }

    IEnumerable<int> PartitionsOf(IConsumer<byte[]?, byte[]?> consumer)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var topic = admin.GetMetadata(options.DocumentsTopic, KafkaTimeout).Topics.Single();
        return topic.Error.IsError ? throw new KafkaException(topic.Error) : [.. topic.Partitions.Select(p => p.PartitionId).Order()];
    }

    IConsumer<byte[]?, byte[]?> Consumer() =>
        new ConsumerBuilder<byte[]?, byte[]?>(ConsumerSettings.For(options, options.Group + "-replay")).SetLogHandler((_, _) => { }).Build();
}
