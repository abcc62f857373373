using Confluent.Kafka;

namespace Streams.Broker.Tests.Contract;

/// <summary>
/// Compaction, seen by clients. Records carry times of their own, far enough apart that each batch begins a segment (segment.ms), so that nothing waits for
/// a segment to fill.
/// </summary>
public abstract class CompactionContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    private const int Keys = 4;

    private readonly long _start = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 3_000_000;

    [SkippableTheory]
    [InlineData(CompressionType.None)]
    [InlineData(CompressionType.Gzip)]
    [InlineData(CompressionType.Snappy)]
    [InlineData(CompressionType.Lz4)]
    public async Task The_last_value_of_each_key_stays_with_its_offset_and_readers_come_to_the_end(CompressionType codec)
    {
        var topic = await CreateTopicAsync(1, Compacted());
        using (var producer = Producer(p => (p.CompressionType, p.LingerMs) = (codec, 20)))
        {
            for (var batch = 0; batch < 6; batch++)
            {
                for (var i = 0; i < 10; i++) producer.Produce(topic, Message($"k{i % (Keys + batch % 2)}", $"{batch}-{i} {new string('v', 50)}", batch));
                producer.Flush(Patience);
            }
            producer.Produce(topic, Message("end", "end", 10));
            producer.Flush(Patience);
        }
        List<ConsumeResult<string, string>> records = [];
        Until(() => (records = RecordsOf(topic, IsolationLevel.ReadUncommitted)).Count == Keys + 2);
        Assert.Equal([("k4", 59L), ("k0", 55), ("k1", 56), ("k2", 57), ("k3", 58), ("end", 60)], records.Select(r => (r.Message.Key, r.Offset.Value)).OrderBy(r => r.Key == "k4" ? 0 : 1));
        foreach (var record in records.Where(r => r.Message.Key != "end"))
        {
            Assert.Equal($"5-{record.Offset.Value % 10} {new string('v', 50)}", record.Message.Value);
            Assert.Equal(Time(5), record.Message.Timestamp.UnixTimestampMs);
        }
        Assert.Equal(61, EndOf(topic, IsolationLevel.ReadCommitted));
    }

    [SkippableFact]
    public async Task Aborted_records_go_and_committed_ones_stay()
    {
        var topic = await CreateTopicAsync(1, Compacted());
        using (var producer = Producer(p => p.TransactionalId = topic))
        {
            producer.InitTransactions(Patience);
            for (var i = 0; i < 8; i++)
            {
                producer.BeginTransaction();
                producer.Produce(topic, Message($"k{i % 2}", i % 4 < 2 ? $"committed {i}" : $"aborted {i}", i));
                producer.Flush(Patience);
                if (i % 4 < 2) producer.CommitTransaction(Patience);
                else producer.AbortTransaction(Patience);
            }
        }
        // Markers have the broker's time: this one is later.
        await FillAsync(topic, 400);
        Until(() => RecordsOf(topic, IsolationLevel.ReadUncommitted).Count(r => r.Message.Key != "filler") == 2);
        foreach (var isolation in new[] { IsolationLevel.ReadUncommitted, IsolationLevel.ReadCommitted })
        {
            Assert.Equal(["committed 4", "committed 5"], RecordsOf(topic, isolation).Where(r => r.Message.Key != "filler").Select(r => r.Message.Value));
            Assert.Equal(17, EndOf(topic, isolation));
        }
    }

    [SkippableFact]
    public async Task Records_of_a_transaction_that_is_open_hold_compaction_up()
    {
        var topic = await CreateTopicAsync(1, Compacted());
        using var open = Producer(p => p.TransactionalId = topic);
        open.InitTransactions(Patience);
        await FillAsync(topic, 1, 2);
        open.BeginTransaction();
        open.Produce(topic, Message("open", "1", 3));
        open.Flush(Patience);
        await FillAsync(topic, 4, 5, 6, 7);
        Until(() => RecordsOf(topic, IsolationLevel.ReadUncommitted).Count == 6);
        Assert.Equal([1L, 2, 3, 4, 5, 6], RecordsOf(topic, IsolationLevel.ReadUncommitted).Select(r => r.Offset.Value));
        open.CommitTransaction(Patience);
        await FillAsync(topic, 20);
        Until(() => RecordsOf(topic, IsolationLevel.ReadUncommitted).Count == 3);
    }

    [SkippableFact]
    public async Task A_tombstone_goes_after_the_value_that_it_deletes()
    {
        var topic = await CreateTopicAsync(1, Compacted(("delete.retention.ms", "100")));
        using (var producer = Producer())
        {
            await producer.ProduceAsync(topic, Message("deleted", "v", 1));
            await producer.ProduceAsync(topic, Message("kept", "v", 2));
            await producer.ProduceAsync(topic, Message("deleted", null, 3));
        }
        var gone = false;
        var filler = 4;
        var deadline = DateTime.UtcNow + Patience;
        while (!gone)
        {
            Assert.True(DateTime.UtcNow < deadline, "not gone in time");
            await FillAsync(topic, filler++);
            var left = RecordsOf(topic, IsolationLevel.ReadCommitted).Where(r => r.Message.Key == "deleted").ToList();
            Assert.True(left.Count == 0 || left[^1].Message.Value is null);
            gone = left.Count == 0;
        }
        Assert.Contains(RecordsOf(topic, IsolationLevel.ReadCommitted), r => r.Message.Key == "kept");
        Assert.Equal(filler - 1, EndOf(topic, IsolationLevel.ReadCommitted));
    }

    [SkippableFact]
    public async Task A_tombstone_stays_for_delete_retention_ms()
    {
        var topic = await CreateTopicAsync(1, Compacted(("delete.retention.ms", "3600000")));
        using (var producer = Producer())
        {
            await producer.ProduceAsync(topic, Message("deleted", "v", 1));
            await producer.ProduceAsync(topic, Message("deleted", null, 2));
        }
        for (var i = 3; i < 6; i++)
        {
            await FillAsync(topic, i);
            Until(() => RecordsOf(topic, IsolationLevel.ReadCommitted).Count(r => r.Message.Key == "filler") <= 2);
        }
        var left = Assert.Single(RecordsOf(topic, IsolationLevel.ReadCommitted), r => r.Message.Key == "deleted");
        Assert.Null(left.Message.Value);
        Assert.Equal(Time(2), left.Message.Timestamp.UnixTimestampMs);
    }

    [SkippableFact]
    public async Task Retention_and_compaction_go_together()
    {
        var topic = await CreateTopicAsync(1, Compacted(("cleanup.policy", "compact,delete"), ("retention.ms", "1800000")));
        // These are older than retention.ms.
        await FillAsync(topic, 0, 1, 2, 3, 4);
        // Before there are younger ones: a cleaning may put both into one segment, which is as young as its youngest.
        Until(() => Watermarks(topic).Low == 5);
        using (var producer = Producer())
        {
            for (var i = 0; i < 10; i++) await producer.ProduceAsync(topic, Message($"k{i % 2}", $"v{i}", 200 + i));
        }
        await FillAsync(topic, 220);
        Until(() => Watermarks(topic).Low == 5 && RecordsOf(topic, IsolationLevel.ReadCommitted).Count == 3);
        Assert.Equal(["v8", "v9", "filler"], RecordsOf(topic, IsolationLevel.ReadCommitted).Select(r => r.Message.Value));
    }

    [SkippableTheory]
    [InlineData(CompressionType.None)]
    [InlineData(CompressionType.Lz4)]
    public async Task Records_without_a_key_are_refused(CompressionType codec)
    {
        var topic = await CreateTopicAsync(1, Compacted());
        using var producer = Producer(p => p.CompressionType = codec);
        var refused = await Assert.ThrowsAsync<ProduceException<string, string>>(() => producer.ProduceAsync(topic, Message(null, new string('v', 500), 1)));
        Assert.Equal(ErrorCode.InvalidRecord, refused.Error.Code);
        await producer.ProduceAsync(topic, Message("", "an empty key is a key", 1));
        Assert.Equal(1, EndOf(topic, IsolationLevel.ReadUncommitted));
    }

    [SkippableTheory]
    [InlineData(CompressionType.None)]
    [InlineData(CompressionType.Gzip)]
    [InlineData(CompressionType.Snappy)]
    [InlineData(CompressionType.Lz4)]
    public async Task Times_inside_a_batch_are_found_exactly(CompressionType codec)
    {
        var topic = await CreateTopicAsync(1);
        using (var producer = Producer(p => (p.CompressionType, p.LingerMs) = (codec, 50)))
        {
            for (var i = 0; i < 10; i++) producer.Produce(topic, Message($"k{i}", new string('v', 100), i));
            producer.Flush(Patience);
        }
        using var consumer = Consumer("by-time", IsolationLevel.ReadCommitted);
        foreach (var (time, expected) in new[] { (Time(0) - 1, 0L), (Time(4), 4), (Time(4) + 1, 5), (Time(9), 9), (Time(9) + 1, Offset.End.Value) })
        {
            var found = consumer.OffsetsForTimes([new TopicPartitionTimestamp(topic, 0, new Timestamp(time, TimestampType.CreateTime))], Patience);
            Assert.Equal(expected, found[0].Offset.Value);
        }
    }

    private static (string, string)[] Compacted(params (string Key, string Value)[] more)
    {
        (string, string)[] basics = [("cleanup.policy", "compact"), ("segment.ms", "1000"), ("min.cleanable.dirty.ratio", "0.01")];
        return [.. basics.Where(b => more.All(m => m.Key != b.Item1)), .. more];
    }

    /// <summary>Ten seconds lie between one number and the next.</summary>
    private long Time(int number) => _start + 10_000 * number;

    private Message<string, string> Message(string? key, string? value, int number) =>
        new() { Key = key!, Value = value!, Timestamp = new Timestamp(Time(number), TimestampType.CreateTime) };

    private async Task FillAsync(string topic, params int[] numbers)
    {
        using var producer = Producer();
        foreach (var number in numbers) await producer.ProduceAsync(topic, Message("filler", "filler", number));
    }

    private WatermarkOffsets Watermarks(string topic)
    {
        using var consumer = Consumer("watermarks", IsolationLevel.ReadCommitted);
        return consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), Patience);
    }

    private long EndOf(string topic, IsolationLevel isolation) => Read(topic, isolation).End;

    private List<ConsumeResult<string, string>> RecordsOf(string topic, IsolationLevel isolation) => Read(topic, isolation).Records;

    /// <summary>What a fresh reader finds, and where it stands when it has read everything.</summary>
    private (List<ConsumeResult<string, string>> Records, long End) Read(string topic, IsolationLevel isolation)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = BootstrapServers, GroupId = $"reader-{topic}", IsolationLevel = isolation, EnableAutoCommit = false, EnablePartitionEof = true, FetchWaitMaxMs = 10,
        };
        using var consumer = new ConsumerBuilder<string, string>(config).SetLogHandler((_, _) => { }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
        var records = new List<ConsumeResult<string, string>>();
        while (true)
        {
            var result = consumer.Consume(Patience);
            Assert.NotNull(result);
            if (result.IsPartitionEOF) return (records, result.Offset.Value);
            records.Add(result);
        }
    }
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedCompaction(Embedded broker) : CompactionContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheCompaction(ApacheKafka broker) : CompactionContract(broker);
