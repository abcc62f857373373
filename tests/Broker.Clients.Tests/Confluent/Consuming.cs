using Confluent.Kafka;

namespace Streams.Broker.Clients.Tests.Confluent;

sealed class Consuming(Target target) : Kit(target)
{
    public async Task Positions()
    {
        var topic = await TopicAsync();
        Fill(topic, 10);
        Assert.Equal(Numbered("v", 10), Values(topic));
        Assert.Equal(["v7", "v8", "v9"], Read(topic, 7).Select(r => r.Message.Value));
        using var consumer = Consumer();
        var found = consumer.OffsetsForTimes([new TopicPartitionTimestamp(topic, 0, new Timestamp(4500, TimestampType.CreateTime))], Patience);
        Assert.Equal(5, found[0].Offset.Value);
        Assert.Equal("v5", Read(topic, found[0].Offset)[0].Message.Value);
    }

    public async Task Commits()
    {
        var topic = await TopicAsync();
        var group = Unique("group");
        Fill(topic, 10);
        using (var first = Consumer(c => c.GroupId = group))
        {
            first.Subscribe(topic);
            ConsumeResult<string?, string?>? last = null;
            await UntilAsync(() => (last = first.Consume(100))?.Offset == 4, "offset 4");
            first.Commit(last!);
            Assert.Equal(5, first.Committed([new TopicPartition(topic, 0)], Patience)[0].Offset.Value);
            first.Close();
        }
        using var second = Consumer(c => c.GroupId = group);
        second.Subscribe(topic);
        ConsumeResult<string?, string?>? resumed = null;
        await UntilAsync(() => (resumed = second.Consume(100)) is not null, "a record");
        Assert.Equal("v5", resumed!.Message.Value);
        second.Close();
    }

    public async Task Reset()
    {
        var topic = await TopicAsync();
        Fill(topic, 10);
        foreach (var (reset, expected) in new[] { (AutoOffsetReset.Earliest, 0), (AutoOffsetReset.Latest, 10) })
        {
            using var consumer = Consumer(c => c.AutoOffsetReset = reset);
            consumer.Subscribe(topic);
            ConsumeResult<string?, string?>? first = null;
            await UntilAsync(() => (first = consumer.Consume(100)) is not null, "a record or the end");
            Assert.Equal(expected, first!.Offset.Value);
            consumer.Close();
        }
        using var beyond = Consumer();
        beyond.Assign(new TopicPartitionOffset(topic, 0, 1000));
        Assert.Equal(0, beyond.Consume(Patience)?.Offset.Value);
    }
}
