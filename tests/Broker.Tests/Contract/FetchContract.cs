using System.Diagnostics;
using Confluent.Kafka;
using Streams.Broker.Tests.Transactions;

namespace Streams.Broker.Tests.Contract;

/// <summary>Produce and Fetch by raw requests: what makes clients hang, spin or skip when it is answered wrongly.</summary>
public abstract class FetchContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    private sealed record Answer(ErrorCode Error, long High, long Stable, long Start, byte[]? Records);

    [SkippableFact]
    public async Task A_fetch_in_the_middle_of_a_batch_gets_the_whole_batch()
    {
        var (wire, topic) = await BeginAsync(5, 5);
        using var _ = wire;
        var batches = Batches.Read((await FetchAsync(wire, topic, offset: 3)).Records!);
        Assert.Equal([0L, 5L], batches.Select(b => b.BaseOffset));
    }

    [SkippableFact]
    public async Task The_first_batch_comes_whole_however_few_bytes_are_asked_for()
    {
        var (wire, topic) = await BeginAsync(40, 40);
        using var _ = wire;
        var first = Batches.Read((await FetchAsync(wire, topic, offset: 0, maxBytes: 1)).Records!);
        Assert.Equal((0L, 39L), (Assert.Single(first).BaseOffset, first[0].LastOffset));
    }

    [SkippableFact]
    public async Task Nothing_to_read_is_an_empty_set_and_not_null()
    {
        var (wire, topic) = await BeginAsync(1);
        using var _ = wire;
        var answer = await FetchAsync(wire, topic, offset: 1);
        Assert.Equal((ErrorCode.NoError, 1L, 1L, 0L), (answer.Error, answer.High, answer.Stable, answer.Start));
        Assert.Empty(answer.Records!);
    }

    [SkippableFact]
    public async Task A_fetch_waits_as_long_as_it_may_and_no_longer()
    {
        var (wire, topic) = await BeginAsync(1);
        using var _ = wire;
        var watch = Stopwatch.StartNew();
        Assert.Empty((await FetchAsync(wire, topic, offset: 1, waitMs: 700)).Records!);
        Assert.InRange(watch.ElapsedMilliseconds, 650, 60_000);
    }

    [SkippableFact]
    public async Task A_fetch_that_waits_is_answered_when_there_is_something()
    {
        var (wire, topic) = await BeginAsync(1);
        using var _ = wire;
        using var reader = await WireClient.ConnectAsync(BootstrapServers);
        // More than once: nobody sees from here whether a broker that has just begun was at the fetch already.
        for (var offset = 1; offset <= 5; offset++)
        {
            var watch = Stopwatch.StartNew();
            var waiting = FetchAsync(reader, topic, offset, waitMs: 60_000);
            Assert.NotSame(waiting, await Task.WhenAny(waiting, Task.Delay(500)));
            await ProduceAsync(wire, topic, Batches.Build(-1, -1, -1, 1, transactional: false));
            Assert.Equal(offset, Assert.Single(Batches.Read((await waiting).Records!)).BaseOffset);
            // Far from both ends: a broker that stood still for a while is not taken for one that slept on.
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(45), $"only after {watch.Elapsed}");
        }
    }

    [SkippableFact]
    public async Task Offsets_outside_of_the_log_are_refused_at_once()
    {
        var (wire, topic) = await BeginAsync(3);
        using var _ = wire;
        foreach (var offset in new[] { -1L, 4L }) Assert.Equal(ErrorCode.OffsetOutOfRange, (await FetchAsync(wire, topic, offset, waitMs: 15_000)).Error);
        Assert.Equal(ErrorCode.UnknownTopicOrPart, (await FetchAsync(wire, topic, 0, partition: 7, waitMs: 15_000)).Error);
    }

    [SkippableFact]
    public async Task Topics_are_named_by_id_from_version_13_on()
    {
        var (wire, topic) = await BeginAsync(2);
        using var _ = wire;
        var id = await IdOfAsync(wire, topic);
        foreach (var version in new short[] { 13, 14, 15, 16 })
        {
            Assert.Equal(2, Assert.Single(Batches.Read((await FetchByIdAsync(wire, version, id)).Records!)).LastOffset + 1);
            Assert.Equal((ErrorCode)100, (await FetchByIdAsync(wire, version, Guid.NewGuid())).Error);
        }
    }

    [SkippableTheory]
    [InlineData(2, 87)] // the length says more than there is
    [InlineData(17, 2)] // checksum
    public async Task A_batch_that_is_not_whole_is_refused(int at, short error)
    {
        var (wire, topic) = await BeginAsync(1);
        using var _ = wire;
        var batch = Batches.Build(-1, -1, -1, 2, transactional: false);
        if (at == 17) batch[at] ^= 1;
        else batch = [.. batch, .. batch];
        Assert.Equal((ErrorCode)error, (await ProduceAsync(wire, topic, batch)).Error);
        Assert.Equal(1, (await FetchAsync(wire, topic, 1)).High);
    }

    [SkippableFact]
    public async Task Control_batches_and_wrong_counts_of_clients_are_refused()
    {
        var (wire, topic) = await BeginAsync(1);
        using var _ = wire;
        foreach (var (at, value) in new[] { (22, (byte)0x20), (26, (byte)7), (60, (byte)9) })
        {
            var batch = Batches.Build(-1, -1, -1, 2, transactional: false);
            batch[at] = value;
            Batches.Seal(batch);
            Assert.Equal((ErrorCode)87, (await ProduceAsync(wire, topic, batch)).Error);
        }
    }

    [SkippableFact]
    public async Task A_batch_larger_than_max_message_bytes_is_refused()
    {
        using var wire = await WireClient.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(1, ("max.message.bytes", "100"));
        Assert.Equal(ErrorCode.MsgSizeTooLarge, (await ProduceAsync(wire, topic, Batches.Build(-1, -1, -1, 20, transactional: false))).Error);
        Assert.Equal(ErrorCode.NoError, (await ProduceAsync(wire, topic, Batches.Build(-1, -1, -1, 1, transactional: false))).Error);
    }

    [SkippableFact]
    public async Task Times_too_far_ahead_are_refused_and_acks_must_be_known()
    {
        var (wire, topic) = await BeginAsync(1);
        using var _ = wire;
        var ahead = Batches.Build(-1, -1, -1, 1, transactional: false, timestamp: DateTimeOffset.UtcNow.AddHours(3).ToUnixTimeMilliseconds());
        Assert.Equal(ErrorCode.InvalidTimestamp, (await ProduceAsync(wire, topic, ahead)).Error);
        Assert.Equal(ErrorCode.InvalidRequiredAcks, (await ProduceAsync(wire, topic, Batches.Build(-1, -1, -1, 1, transactional: false), acks: 2)).Error);
    }

    [SkippableFact]
    public async Task Answers_leave_in_the_order_of_the_requests_and_acks_0_has_none()
    {
        var (wire, topic) = await BeginAsync(1);
        using var _ = wire;
        for (var i = 0; i < 20; i++)
        {
            await SendProduceAsync(wire, topic, Batches.Build(-1, -1, -1, 1, transactional: false), acks: 0);
            await SendProduceAsync(wire, topic, Batches.Build(-1, -1, -1, 1, transactional: false), acks: -1);
            await wire.SendAsync(18, 0, false, _ => { });
        }
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal((ErrorCode.NoError, 2L + 2 * i), Produced(await wire.ReceiveAsync()));
            Assert.Equal(0, (await wire.ReceiveAsync()).Int16());
        }
    }

    private async Task<(WireClient Wire, string Topic)> BeginAsync(params int[] batches)
    {
        var topic = await CreateTopicAsync(1);
        var wire = await WireClient.ConnectAsync(BootstrapServers);
        foreach (var count in batches) Assert.Equal(ErrorCode.NoError, (await ProduceAsync(wire, topic, Batches.Build(-1, -1, -1, count, transactional: false))).Error);
        return (wire, topic);
    }

    private static Task SendProduceAsync(WireClient wire, string topic, byte[] batch, int acks) => wire.SendAsync(0, 8, false,
        w => w.String(null).Int16(acks).Int32(10_000).Count(1).String(topic).Count(1).Int32(0).Bytes(batch), answered: acks != 0);

    private static async Task<(ErrorCode Error, long Offset)> ProduceAsync(WireClient wire, string topic, byte[] batch, int acks = -1)
    {
        await SendProduceAsync(wire, topic, batch, acks);
        return Produced(await wire.ReceiveAsync());
    }

    private static (ErrorCode Error, long Offset) Produced(WireReader answer)
    {
        Assert.Equal(1, answer.Count());
        answer.String();
        Assert.Equal(1, answer.Count());
        answer.Int32();
        return ((ErrorCode)answer.Int16(), answer.Int64());
    }

    private static async Task<Answer> FetchAsync(WireClient wire, string topic, long offset, int partition = 0, int maxBytes = 1 << 20, int waitMs = 0) => Partition(
        await wire.CallAsync(1, 11, false, w => w.Int32(-1).Int32(waitMs).Int32(1).Int32(maxBytes).Int8(0).Int32(0).Int32(-1)
            .Count(1).String(topic).Count(1).Int32(partition).Int32(-1).Int64(offset).Int64(-1).Int32(maxBytes).Count(0).String("")), t => t.String());

    private static async Task<Answer> FetchByIdAsync(WireClient wire, short version, Guid id) => Partition(
        await wire.CallAsync(1, version, true, w =>
        {
            if (version < 15) w.Int32(-1);
            w.Int32(0).Int32(1).Int32(1 << 20).Int8(0).Int32(0).Int32(-1)
                .Count(1).Uuid(id).Count(1).Int32(0).Int32(-1).Int64(0).Int32(-1).Int64(-1).Int32(1 << 20).Tags().Tags().Count(0).String("").Tags();
        }), t => t.Uuid());

    private static Answer Partition(WireReader answer, Action<WireReader> topic)
    {
        answer.Int32();
        Assert.Equal(0, answer.Int16());
        answer.Int32();
        Assert.Equal(1, answer.Count());
        topic(answer);
        Assert.Equal(1, answer.Count());
        answer.Int32();
        var (error, high, stable, start) = ((ErrorCode)answer.Int16(), answer.Int64(), answer.Int64(), answer.Int64());
        Assert.Empty(answer.Array(a => (a.Int64(), a.Int64())));
        answer.Int32();
        return new Answer(error, high, stable, start, answer.Bytes());
    }

    private static async Task<Guid> IdOfAsync(WireClient wire, string topic)
    {
        var answer = await wire.CallAsync(3, 12, true, w => w.Count(1).Uuid(Guid.Empty).String(topic).Tags().Bool(false).Bool(false).Tags());
        answer.Int32();
        answer.Array(b => (b.Int32(), b.String(), b.Int32(), b.String(), b.Tags()));
        answer.String();
        answer.Int32();
        Assert.Equal(1, answer.Count());
        Assert.Equal(0, answer.Int16());
        answer.String();
        return answer.Uuid();
    }
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedFetch(Embedded broker) : FetchContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheFetch(ApacheKafka broker) : FetchContract(broker);
