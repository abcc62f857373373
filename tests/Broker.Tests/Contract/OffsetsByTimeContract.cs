using Confluent.Kafka;

namespace Streams.Broker.Tests.Contract;

/// <summary>ListOffsets by time and by the special times, and where a leader's epoch ends.</summary>
public abstract class OffsetsByTimeContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    private const short UnknownTopic = 3;
    private const short UnsupportedVersion = 35;
    private const short InvalidRequest = 42;
    private const short FencedEpoch = 74;
    private const short UnknownEpoch = 75;
    private const long Latest = -1, Earliest = -2, MaxTimestamp = -3;

    private readonly record struct Found(short Error, long Timestamp, long Offset, int Epoch);

    public static TheoryData<int> Versions => [.. Enumerable.Range(1, 7)];

    [SkippableTheory]
    [MemberData(nameof(Versions))]
    public async Task The_ends_and_times_are_found_in_every_version(int version)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var topic = await FilledAsync(1000, 1010, 1005, 1030, 1020);
        var epoch = version >= 4 ? 0 : -1;
        Assert.Equal(new Found(0, -1, 5, epoch), await AskAsync(client, version, topic, Latest));
        Assert.Equal(new Found(0, -1, 0, epoch), await AskAsync(client, version, topic, Earliest));
        foreach (var (time, expected) in new[] { (0, (1000, 0)), (1000, (1000, 0)), (1001, (1010, 1)), (1010, (1010, 1)), (1011, (1030, 3)), (1030, (1030, 3)) })
            Assert.Equal(new Found(0, expected.Item1, expected.Item2, epoch), await AskAsync(client, version, topic, time));
        Assert.Equal(new Found(0, -1, -1, -1), await AskAsync(client, version, topic, 1031));
        Assert.Equal(version >= 7 ? new Found(0, 1030, 3, 0) : new Found(UnsupportedVersion, -1, -1, -1), await AskAsync(client, version, topic, MaxTimestamp));
    }

    [SkippableFact]
    public async Task An_empty_partition_has_ends_and_no_times()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var topic = await FilledAsync();
        Assert.Equal(new Found(0, -1, 0, 0), await AskAsync(client, 7, topic, Latest));
        Assert.Equal(new Found(0, -1, 0, 0), await AskAsync(client, 7, topic, Earliest));
        Assert.Equal(new Found(0, -1, -1, -1), await AskAsync(client, 7, topic, MaxTimestamp));
        Assert.Equal(new Found(0, -1, -1, -1), await AskAsync(client, 7, topic, 5));
    }

    [SkippableFact]
    public async Task Deleted_records_are_not_found()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var topic = await FilledAsync(1000, 1010, 1020);
        Assert.Equal((2, (short)0), await client.DeleteRecordsAsync(topic, 0, 2));
        Assert.Equal(new Found(0, -1, 2, 0), await AskAsync(client, 7, topic, Earliest));
        Assert.Equal(2, (await AskAsync(client, 7, topic, 1000)).Offset);
    }

    [SkippableFact]
    public async Task What_cannot_be_told_is_refused()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var topic = await FilledAsync(1000);
        foreach (var special in new long[] { -4, -5, -6 }) Assert.Equal(new Found(UnsupportedVersion, -1, -1, -1), await AskAsync(client, 7, topic, special));
        Assert.Equal(new Found(UnknownTopic, -1, -1, -1), await AskAsync(client, 7, topic, Latest, partition: 1));
        Assert.Equal(new Found(UnknownTopic, -1, -1, -1), await AskAsync(client, 7, $"no-{Guid.NewGuid():N}", Latest));
        Assert.Equal(0, (await AskAsync(client, 7, topic, Latest, epoch: 0)).Error);
        Assert.Equal(new Found(UnknownEpoch, -1, -1, -1), await AskAsync(client, 7, topic, Latest, epoch: 5));
        Assert.Equal(new Found(FencedEpoch, -1, -1, -1), await AskAsync(client, 7, topic, Latest, epoch: -2));
        var twice = await AskAllAsync(client, 7, topic, 0, (0, -1, Latest), (0, -1, Latest));
        Assert.All(twice, f => Assert.Equal(InvalidRequest, f.Error));
    }

    [SkippableFact]
    public async Task Readers_of_committed_records_see_the_last_stable_offset()
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var topic = await FilledAsync(1000, 1010);
        using var producer = Producer(p => p.TransactionalId = topic);
        producer.InitTransactions(Patience);
        producer.BeginTransaction();
        await producer.ProduceAsync(new TopicPartition(topic, 0), Record(1020));
        Assert.Equal(3, (await AskAsync(client, 7, topic, Latest)).Offset);
        Assert.Equal(2, (await AskAsync(client, 7, topic, Latest, committed: true)).Offset);
        Assert.Equal(new Found(0, -1, -1, -1), await AskAsync(client, 7, topic, 1020, committed: true));
        producer.CommitTransaction(Patience);
        Until(() => AskAsync(client, 7, topic, Latest, committed: true).GetAwaiter().GetResult().Offset == 4);
        Assert.Equal(new Found(0, 1020, 2, 0), await AskAsync(client, 7, topic, 1020, committed: true));
    }

    [SkippableTheory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task The_end_of_the_leaders_epoch_is_told(int version)
    {
        using var client = await WireClient.ConnectAsync(BootstrapServers);
        var topic = await FilledAsync(1000, 1010);
        foreach (var (partition, current, epoch, expected) in new[]
        {
            (0, -1, 0, ((short)0, 0, 2L)), (0, 0, 0, ((short)0, 0, 2L)), (0, -1, 5, ((short)0, -1, -1L)), (0, -1, -1, ((short)0, -1, -1L)),
            (0, 5, 0, (UnknownEpoch, -1, -1L)), (9, -1, 0, (UnknownTopic, -1, -1L)),
        })
        {
            var reader = await client.CallAsync(23, (short)version, version >= 4, w =>
            {
                if (version >= 3) w.Int32(-1);
                w.Count(1).String(topic).Count(1).Int32(partition).Int32(current).Int32(epoch).Tags().Tags().Tags();
            });
            Assert.Equal((0, 1, topic, 1), (reader.Int32(), reader.Count(), reader.String(), reader.Count()));
            var error = reader.Int16();
            Assert.Equal(partition, reader.Int32());
            Assert.Equal(expected, (error, reader.Int32(), reader.Int64()));
            reader.Tags().Tags().End();
        }
    }

    private static async Task<Found> AskAsync(WireClient client, int version, string topic, long timestamp, int partition = 0, int epoch = -1, bool committed = false) =>
        Assert.Single(await AskAllAsync(client, version, topic, committed ? 1 : 0, (partition, epoch, timestamp)));

    private static async Task<List<Found>> AskAllAsync(WireClient client, int version, string topic, int isolation, params (int Partition, int Epoch, long Timestamp)[] partitions)
    {
        var reader = await client.CallAsync(2, (short)version, version >= 6, w =>
        {
            w.Int32(-1);
            if (version >= 2) w.Int8(isolation);
            w.Count(1).String(topic).Array(partitions, (p, partition) =>
            {
                p.Int32(partition.Partition);
                if (version >= 4) p.Int32(partition.Epoch);
                p.Int64(partition.Timestamp).Tags();
            }).Tags().Tags();
        });
        if (version >= 2) reader.Int32();
        Assert.Equal((1, topic), (reader.Count(), reader.String()));
        var found = reader.Array(r =>
        {
            r.Int32();
            var one = new Found(r.Int16(), r.Int64(), r.Int64(), version >= 4 ? r.Int32() : -1);
            r.Tags();
            return one;
        });
        reader.Tags().End();
        return found;
    }

    /// <summary>A topic with one record, in a batch of its own, for each time.</summary>
    private async Task<string> FilledAsync(params long[] times)
    {
        var topic = await CreateTopicAsync(1);
        using var producer = Producer(p => p.LingerMs = 0);
        foreach (var time in times) await producer.ProduceAsync(new TopicPartition(topic, 0), Record(time));
        return topic;
    }

    private static Message<string, string> Record(long time) => new() { Key = "k", Value = "v", Timestamp = new Timestamp(time, TimestampType.CreateTime) };
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedOffsetsByTime(Embedded broker) : OffsetsByTimeContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheOffsetsByTime(ApacheKafka broker) : OffsetsByTimeContract(broker);
