using Confluent.Kafka;

namespace Streams.Broker.Clients.Tests.Confluent;

sealed class Transactions(Target target) : Kit(target)
{
    public async Task CommitAndAbort()
    {
        var topic = await TopicAsync();
        using var producer = Transactional(topic);
        foreach (var (value, commit) in new[] { ("first", true), ("aborted", false), ("second", true) })
        {
            producer.BeginTransaction();
            Send(producer, topic, Numbered(value, 3));
            if (commit) producer.CommitTransaction(Patience);
            else producer.AbortTransaction(Patience);
        }
        Assert.Equal([.. Numbered("first", 3), .. Numbered("second", 3)], Values(topic));
        Assert.Equal(9, Values(topic, IsolationLevel.ReadUncommitted).Count);
    }

    public async Task Isolation()
    {
        var topic = await TopicAsync();
        Fill(topic, 2);
        using var producer = Transactional(topic);
        producer.BeginTransaction();
        Send(producer, topic, ["open"]);
        Fill(topic, 2);
        Assert.Equal(["v0", "v1"], Values(topic));
        Assert.Equal(["v0", "v1", "open", "v0", "v1"], Values(topic, IsolationLevel.ReadUncommitted));
        producer.CommitTransaction(Patience);
        Assert.Equal(["v0", "v1", "open", "v0", "v1"], Values(topic));
    }

    public async Task Fencing()
    {
        var topic = await TopicAsync();
        using var older = Transactional(topic);
        older.BeginTransaction();
        Send(older, topic, ["zombie"]);
        using var newer = Transactional(topic);
        var error = Assert.Throws<KafkaException>(() => older.CommitTransaction(Patience));
        Assert.Equal(ErrorCode.Local_Fenced, error.Error.Code);
        newer.BeginTransaction();
        Send(newer, topic, ["alive"]);
        newer.CommitTransaction(Patience);
        Assert.Equal(["alive"], Values(topic));
    }

    public async Task SendOffsets()
    {
        var topic = await TopicAsync();
        Fill(topic, 5);
        using var consumer = Consumer();
        consumer.Subscribe(topic);
        ConsumeResult<string?, string?>? first = null;
        await UntilAsync(() => (first = consumer.Consume(100)) is not null, "a record");
        using var producer = Transactional(topic);
        foreach (var (offset, commit, expected) in new[] { (3, false, Offset.Unset), (2, true, new Offset(2)) })
        {
            producer.BeginTransaction();
            producer.SendOffsetsToTransaction([new TopicPartitionOffset(topic, 0, offset)], consumer.ConsumerGroupMetadata, Patience);
            if (commit) producer.CommitTransaction(Patience);
            else producer.AbortTransaction(Patience);
            Assert.Equal(expected, consumer.Committed([new TopicPartition(topic, 0)], Patience)[0].Offset);
        }
        consumer.Close();
    }

    private IProducer<string?, string?> Transactional(string id)
    {
        var producer = Producer(c => c.TransactionalId = id);
        producer.InitTransactions(Patience);
        return producer;
    }
}
