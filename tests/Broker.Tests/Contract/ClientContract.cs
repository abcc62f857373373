using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Broker.Tests.Contract;

/// <summary>What the product needs of a broker, with its own client.</summary>
public abstract class ClientContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    [SkippableTheory]
    [InlineData(CompressionType.None)]
    [InlineData(CompressionType.Gzip)]
    [InlineData(CompressionType.Lz4)]
    [InlineData(CompressionType.Snappy)]
    public async Task Records_come_back_as_they_were_sent(CompressionType codec)
    {
        var topic = await CreateTopicAsync(1);
        using (var producer = Producer(p => p.CompressionType = codec))
        {
            for (var i = 0; i < 500; i++)
            {
                producer.Produce(topic, new Message<string, string>
                {
                    Key = $"k{i}", Value = i == 7 ? null! : new string('v', i), Timestamp = new Timestamp(1_700_000_000_000 + i, TimestampType.CreateTime),
                    Headers = new Headers { { "h", Encoding.UTF8.GetBytes($"{i}") } },
                });
            }
            producer.Flush(Patience);
        }
        var records = ReadAll(topic, IsolationLevel.ReadCommitted);
        Assert.Equal(500, records.Count);
        for (var i = 0; i < 500; i++)
        {
            Assert.Equal(i, records[i].Offset.Value);
            Assert.Equal($"k{i}", records[i].Message.Key);
            Assert.Equal(i == 7 ? null : new string('v', i), records[i].Message.Value);
            Assert.Equal(1_700_000_000_000 + i, records[i].Message.Timestamp.UnixTimestampMs);
            Assert.Equal($"{i}", Encoding.UTF8.GetString(records[i].Message.Headers[0].GetValueBytes()));
        }
    }

    [SkippableFact]
    public async Task Offsets_are_found_by_time()
    {
        var topic = await CreateTopicAsync(1);
        using var producer = Producer();
        for (var i = 0; i < 10; i++) await producer.ProduceAsync(topic, new Message<string, string> { Key = "k", Value = "v", Timestamp = new Timestamp(1000 + 10 * i, TimestampType.CreateTime) });
        using var consumer = Consumer("by-time", IsolationLevel.ReadCommitted);
        var found = consumer.OffsetsForTimes([new TopicPartitionTimestamp(topic, 0, new Timestamp(1045, TimestampType.CreateTime))], Patience);
        Assert.Equal(5, found[0].Offset.Value);
        Assert.Equal(10, consumer.QueryWatermarkOffsets(new TopicPartition(topic, 0), Patience).High.Value);
    }

    [SkippableFact]
    public async Task Committed_and_aborted_transactions_are_seen_as_they_should()
    {
        var topic = await CreateTopicAsync(1);
        using var producer = Producer(p => p.TransactionalId = topic);
        producer.InitTransactions(Patience);
        foreach (var commit in new[] { true, false, true })
        {
            producer.BeginTransaction();
            producer.Produce(topic, new Message<string, string> { Key = "k", Value = commit ? "committed" : "aborted" });
            if (commit) producer.CommitTransaction(Patience);
            else
            {
                producer.Flush(Patience);
                producer.AbortTransaction(Patience);
            }
        }
        // Kafka answers before the markers are written; who takes the id over waits for them.
        using (var next = Producer(p => p.TransactionalId = topic)) next.InitTransactions(Patience);
        Assert.Equal(["committed", "committed"], ReadAll(topic, IsolationLevel.ReadCommitted).Select(r => r.Message.Value));
        Assert.Equal(["committed", "aborted", "committed"], ReadAll(topic, IsolationLevel.ReadUncommitted).Select(r => r.Message.Value));
    }

    [SkippableFact]
    public async Task An_older_producer_of_the_same_transactional_id_is_fenced()
    {
        var topic = await CreateTopicAsync(1);
        using var older = Producer(p => p.TransactionalId = topic);
        older.InitTransactions(Patience);
        older.BeginTransaction();
        older.Produce(topic, new Message<string, string> { Key = "k", Value = "zombie" });
        older.Flush(Patience);
        using var newer = Producer(p => p.TransactionalId = topic);
        newer.InitTransactions(Patience);
        var error = Assert.Throws<KafkaException>(() => older.CommitTransaction(Patience));
        Assert.Equal(ErrorCode.Local_Fenced, error.Error.Code);
        Assert.Empty(ReadAll(topic, IsolationLevel.ReadCommitted));
    }

    [SkippableFact]
    public async Task Offsets_of_a_transaction_count_when_it_commits()
    {
        var topic = await CreateTopicAsync(1);
        using var producer = Producer(p => p.TransactionalId = topic);
        producer.InitTransactions(Patience);
        await ProduceAsync(topic, 3);
        using var consumer = Consumer($"group-{topic}", IsolationLevel.ReadCommitted);
        consumer.Subscribe(topic);
        Assert.NotNull(consumer.Consume(Patience));
        foreach (var (offset, commit, expected) in new[] { (2, false, Offset.Unset), (1, true, new Offset(1)) })
        {
            producer.BeginTransaction();
            producer.SendOffsetsToTransaction([new TopicPartitionOffset(topic, 0, offset)], consumer.ConsumerGroupMetadata, Patience);
            if (commit) producer.CommitTransaction(Patience);
            else producer.AbortTransaction(Patience);
            Assert.Equal(expected, consumer.Committed([new TopicPartition(topic, 0)], Patience)[0].Offset);
        }
    }

    [SkippableFact]
    public async Task Two_members_share_the_partitions_and_one_takes_over()
    {
        var topic = await CreateTopicAsync(4);
        using var first = Consumer($"group-{topic}", IsolationLevel.ReadCommitted);
        var second = Consumer($"group-{topic}", IsolationLevel.ReadCommitted);
        first.Subscribe(topic);
        second.Subscribe(topic);
        Until(() => { first.Consume(50); second.Consume(50); return first.Assignment.Count == 2 && second.Assignment.Count == 2; });
        second.Close();
        second.Dispose();
        Until(() => { first.Consume(50); return first.Assignment.Count == 4; });
    }
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedClients(Embedded broker) : ClientContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheClients(ApacheKafka broker) : ClientContract(broker);
