using System.Text;
using Confluent.Kafka;

namespace Streams.Broker.Clients.Tests.Confluent;

sealed class Producing(Target target) : Kit(target)
{
    public async Task Plain()
    {
        var topic = await TopicAsync();
        using (var producer = Producer()) Send(producer, topic, Numbered("v", 100));
        Assert.Equal(Numbered("v", 100), Values(topic));
    }

    public async Task Compressed(string feature, CompressionType codec)
    {
        var topic = Feature.TopicOf(Prefix, feature);
        await CreateAsync(topic, 1);
        IProducer<string?, string?> producer;
        try
        {
            producer = Producer(c => (c.CompressionType, c.LingerMs) = (codec, 100));
        }
        catch (ArgumentException e) when (e.Message.Contains("not available at build time", StringComparison.Ordinal))
        {
            throw new NotSupportedException("librdkafka was built without it", e);
        }
        using (producer) Send(producer, topic, Numbered(new string('v', 100), 100));
        Assert.Equal(Numbered(new string('v', 100), 100), Values(topic));
    }

    public async Task Parts()
    {
        var topic = await TopicAsync();
        using (var producer = Producer())
        {
            producer.Produce(topic, new Message<string?, string?>
            {
                Key = "key", Value = "value", Timestamp = new Timestamp(1_600_000_000_123, TimestampType.CreateTime), Headers = [new Header("h", [1, 2]), new Header("h", []), new Header("n", null)],
            });
            producer.Produce(topic, new Message<string?, string?> { Key = "key", Value = null });
            producer.Produce(topic, new Message<string?, string?> { Key = null, Value = "" });
            producer.Flush(Patience);
        }
        var messages = Read(topic).Select(r => r.Message).ToList();
        Assert.Equal(["key", "key", null], messages.Select(m => m.Key));
        Assert.Equal(["value", null, ""], messages.Select(m => m.Value));
        Assert.Equal(1_600_000_000_123, messages[0].Timestamp.UnixTimestampMs);
        Assert.Equal(["h=0102", "h=", "n=null"], messages[0].Headers.Select(h => $"{h.Key}={(h.GetValueBytes() is { } b ? Convert.ToHexString(b) : "null")}"));
    }

    public async Task Acknowledged()
    {
        var topic = await TopicAsync();
        foreach (var acks in new[] { Acks.None, Acks.Leader, Acks.All })
        {
            using var producer = Producer(c => c.Acks = acks);
            Send(producer, topic, Numbered($"{acks}", 10));
        }
        await UntilAsync(() => Read(topic).Count == 30, "30 records");
    }

    public async Task Idempotent()
    {
        var topic = await TopicAsync();
        using (var producer = Producer(c => (c.EnableIdempotence, c.LingerMs, c.BatchNumMessages) = (true, 0, 20))) Send(producer, topic, Numbered("v", 1000));
        Assert.Equal(Numbered("v", 1000), Values(topic));
    }

    public async Task Large()
    {
        var large = new string('x', 1_500_000);
        var wide = await TopicAsync(1, ("max.message.bytes", "2000000"));
        var narrow = await TopicAsync(1, ("max.message.bytes", "10000"));
        using var producer = Producer(c => c.MessageMaxBytes = 3_000_000);
        await producer.ProduceAsync(wide, new Message<string?, string?> { Value = large });
        Assert.Equal(large, Values(wide).Single());
        var refused = await Assert.ThrowsAsync<ProduceException<string?, string?>>(() => producer.ProduceAsync(narrow, new Message<string?, string?> { Value = new string('x', 20_000) }));
        Assert.Equal(ErrorCode.MsgSizeTooLarge, refused.Error.Code);
        await producer.ProduceAsync(narrow, new Message<string?, string?> { Value = Encoding.UTF8.GetString(new byte[1000]) });
    }
}
