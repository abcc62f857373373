using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Broker.Tests.Contract;

/// <summary>What leaves a topic, and times of records.</summary>
public abstract class RetentionContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    [SkippableFact]
    public async Task Records_older_than_retention_ms_go_with_the_whole_log()
    {
        var topic = await CreateTopicAsync(1, ("retention.ms", "100"));
        await ProduceAsync(topic, 5);
        await UntilStartsAt(topic, 5);
        using var consumer = Consumer(topic, IsolationLevel.ReadCommitted);
        Assert.Equal(5, consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), Patience).High.Value);
        await ProduceAsync(topic, 1);
    }

    [SkippableFact]
    public async Task Old_records_go_by_their_own_time_and_new_ones_stay()
    {
        var topic = await CreateTopicAsync(1, ("retention.ms", "3600000"), ("segment.ms", "1000"));
        using var producer = Producer();
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        foreach (var time in new[] { now - 10_000_000, now - 10_000_000, now, now })
            await producer.ProduceAsync(topic, new Message<string, string> { Key = "k", Value = "v", Timestamp = new Timestamp(time, TimestampType.CreateTime) });
        await UntilStartsAt(topic, 2);
        Assert.Equal([2, 3], ReadAll(topic, IsolationLevel.ReadCommitted).Select(r => (int)r.Offset.Value));
    }

    [SkippableFact]
    public async Task Settings_changed_later_have_effect()
    {
        var topic = await CreateTopicAsync(1);
        await ProduceAsync(topic, 3);
        using var admin = Admin();
        await admin.IncrementalAlterConfigsAsync(new Dictionary<ConfigResource, List<ConfigEntry>>
        {
            [new ConfigResource { Type = ResourceType.Topic, Name = topic }] = [new ConfigEntry { Name = "retention.ms", Value = "50", IncrementalOperation = AlterConfigOpType.Set }],
        });
        await UntilStartsAt(topic, 3);
    }

    [SkippableFact]
    public async Task Deleted_records_are_out_of_range()
    {
        var topic = await CreateTopicAsync(1);
        await ProduceAsync(topic, 10);
        using var admin = Admin();
        var deleted = await admin.DeleteRecordsAsync([new TopicPartitionOffset(topic, 0, 7)]);
        Assert.Equal(7, deleted[0].Offset.Value);
        Assert.Equal([7, 8, 9], ReadAll(topic, IsolationLevel.ReadCommitted).Select(r => (int)r.Offset.Value));
        var config = new ConsumerConfig { BootstrapServers = BootstrapServers, GroupId = topic, AutoOffsetReset = AutoOffsetReset.Error };
        using var consumer = new ConsumerBuilder<string, string>(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        consumer.Assign(new TopicPartitionOffset(topic, 0, 3));
        var error = Assert.Throws<ConsumeException>(() => Drain(consumer));
        Assert.True(error.Error.Code is ErrorCode.Local_AutoOffsetReset or ErrorCode.OffsetOutOfRange, $"{error.Error.Code}");
    }

    [SkippableFact]
    public async Task LogAppendTime_is_the_brokers_and_told_to_the_producer()
    {
        var topic = await CreateTopicAsync(1, ("message.timestamp.type", "LogAppendTime"));
        using var producer = Producer();
        var before = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var told = await producer.ProduceAsync(topic, new Message<string, string> { Key = "k", Value = "v", Timestamp = new Timestamp(1000, TimestampType.CreateTime) });
        var read = ReadAll(topic, IsolationLevel.ReadCommitted).Single();
        Assert.Equal(TimestampType.LogAppendTime, read.Message.Timestamp.Type);
        Assert.InRange(read.Message.Timestamp.UnixTimestampMs, before - 1000, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + 1000);
        Assert.Equal(read.Message.Timestamp.UnixTimestampMs, told.Timestamp.UnixTimestampMs);
        using var consumer = Consumer(topic, IsolationLevel.ReadCommitted);
        var found = consumer.OffsetsForTimes([new TopicPartitionTimestamp(topic, 0, new Timestamp(before - 1000, TimestampType.CreateTime))], Patience);
        Assert.Equal(0, found[0].Offset.Value);
    }

    [SkippableFact]
    public async Task Offsets_are_found_by_times_that_do_not_grow()
    {
        var topic = await CreateTopicAsync(1);
        using var producer = Producer();
        foreach (var time in new[] { 1000, 5000, 2000, 9000, 3000 })
            await producer.ProduceAsync(topic, new Message<string, string> { Key = "k", Value = "v", Timestamp = new Timestamp(time, TimestampType.CreateTime) });
        using var consumer = Consumer(topic, IsolationLevel.ReadCommitted);
        foreach (var (time, offset) in new[] { (1500, 1), (5000, 1), (5001, 3), (9001, -1) })
        {
            var found = consumer.OffsetsForTimes([new TopicPartitionTimestamp(topic, 0, new Timestamp(time, TimestampType.CreateTime))], Patience);
            Assert.Equal(offset < 0 ? Offset.End : new Offset(offset), found[0].Offset);
        }
        Assert.Equal((3, 9000), await NewestAsync(topic));
    }

    [SkippableFact]
    public async Task The_newest_time_in_a_topic_with_transactions()
    {
        var topic = await CreateTopicAsync(1);
        using var producer = Producer(p => p.TransactionalId = topic);
        producer.InitTransactions(Patience);
        producer.BeginTransaction();
        var ahead = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() + 1_000_000;
        foreach (var time in new[] { 2000, ahead, 3000 })
            await producer.ProduceAsync(topic, new Message<string, string> { Key = "k", Value = "v", Timestamp = new Timestamp(time, TimestampType.CreateTime) });
        producer.CommitTransaction(Patience);
        Assert.Equal((1, ahead), await NewestAsync(topic));
    }

    private static void Drain(IConsumer<string, string> consumer)
    {
        while (consumer.Consume(Patience) is not null)
        {
        }
    }

    private async Task<(long Offset, long Timestamp)> NewestAsync(string topic)
    {
        using var admin = Admin();
        var found = await admin.ListOffsetsAsync([new TopicPartitionOffsetSpec { TopicPartition = new TopicPartition(topic, 0), OffsetSpec = OffsetSpec.MaxTimestamp() }]);
        return (found.ResultInfos[0].TopicPartitionOffsetError.Offset.Value, found.ResultInfos[0].Timestamp);
    }

    private async Task UntilStartsAt(string topic, long offset)
    {
        using var admin = Admin();
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            var found = await admin.ListOffsetsAsync([new TopicPartitionOffsetSpec { TopicPartition = new TopicPartition(topic, 0), OffsetSpec = OffsetSpec.Earliest() }]);
            if (found.ResultInfos[0].TopicPartitionOffsetError.Offset == offset) return;
            Assert.True(DateTime.UtcNow < deadline, $"the log of {topic} begins at {found.ResultInfos[0].TopicPartitionOffsetError.Offset}, not at {offset}");
        }
    }
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedRetention(Embedded broker) : RetentionContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheRetention(ApacheKafka broker) : RetentionContract(broker);
