using Confluent.Kafka;
using Streams.Broker.Tests.Transactions;

namespace Streams.Broker.Tests.Contract;

/// <summary>Idempotent producers, batch by batch: what a partition takes, what it has already, what it refuses.</summary>
public abstract class ProducerContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    [SkippableFact]
    public async Task Each_producer_id_is_given_once_with_epoch_0()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var given = new List<(ErrorCode Error, long ProducerId, short Epoch)>();
        for (var i = 0; i < 20; i++) given.Add(await wire.TryInitAsync(null, version: (short)(i % 5)));
        Assert.All(given, g => Assert.Equal((ErrorCode.NoError, (short)0), (g.Error, g.Epoch)));
        Assert.Equal(given.Count, given.Select(g => g.ProducerId).Distinct().Count());
        var renewed = await wire.TryInitAsync(null, producerId: given[0].ProducerId, epoch: 0);
        Assert.Equal(ErrorCode.NoError, renewed.Error);
        Assert.DoesNotContain(renewed.ProducerId, given.Select(g => g.ProducerId));
    }

    [SkippableFact]
    public async Task A_repeated_batch_of_the_last_five_is_answered_with_its_first_offset()
    {
        var (wire, topic, producer) = await BeginAsync();
        using var _ = wire;
        for (var i = 0; i < 7; i++) Assert.Equal((ErrorCode.NoError, 2L * i), await SendAsync(wire, topic, producer, 0, 2 * i, 2));
        for (var i = 6; i >= 2; i--) Assert.Equal((ErrorCode.NoError, 2L * i), await SendAsync(wire, topic, producer, 0, 2 * i, 2));
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, (await SendAsync(wire, topic, producer, 0, 2, 2)).Error);
        Assert.Equal(14, (await wire.FetchAsync(topic, 0, committed: false)).HighWatermark);
    }

    [SkippableFact]
    public async Task A_gap_is_refused_until_it_is_filled()
    {
        var (wire, topic, producer) = await BeginAsync();
        using var _ = wire;
        Assert.Equal((ErrorCode.NoError, 0L), await SendAsync(wire, topic, producer, 0, 0));
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, (await SendAsync(wire, topic, producer, 0, 2)).Error);
        Assert.Equal((ErrorCode.NoError, 1L), await SendAsync(wire, topic, producer, 0, 1));
        Assert.Equal((ErrorCode.NoError, 2L), await SendAsync(wire, topic, producer, 0, 2));
    }

    [SkippableFact]
    public async Task A_producer_that_the_partition_does_not_know_begins_anywhere()
    {
        var (wire, topic, producer) = await BeginAsync();
        using var _ = wire;
        Assert.Equal((ErrorCode.NoError, 0L), await SendAsync(wire, topic, producer, 0, 4711));
        Assert.Equal((ErrorCode.NoError, 1L), await SendAsync(wire, topic, producer, 0, 4712));
    }

    [SkippableFact]
    public async Task Sequences_go_round_behind_the_largest_int()
    {
        var (wire, topic, producer) = await BeginAsync();
        using var _ = wire;
        Assert.Equal((ErrorCode.NoError, 0L), await SendAsync(wire, topic, producer, 0, int.MaxValue - 1));
        Assert.Equal((ErrorCode.NoError, 1L), await SendAsync(wire, topic, producer, 0, int.MaxValue, 3));
        Assert.Equal((ErrorCode.NoError, 4L), await SendAsync(wire, topic, producer, 0, 2));
        Assert.Equal((ErrorCode.NoError, 1L), await SendAsync(wire, topic, producer, 0, int.MaxValue, 3));
        Assert.Equal((ErrorCode.NoError, 4L), await SendAsync(wire, topic, producer, 0, 2));
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, (await SendAsync(wire, topic, producer, 0, 0)).Error);
    }

    [SkippableFact]
    public async Task An_older_epoch_is_fenced_and_a_newer_one_begins_at_0()
    {
        var (wire, topic, producer) = await BeginAsync();
        using var _ = wire;
        Assert.Equal((ErrorCode.NoError, 0L), await SendAsync(wire, topic, producer, 1, 0));
        Assert.Equal(ErrorCode.InvalidProducerEpoch, (await SendAsync(wire, topic, producer, 0, 1)).Error);
        Assert.Equal(ErrorCode.OutOfOrderSequenceNumber, (await SendAsync(wire, topic, producer, 2, 1)).Error);
        Assert.Equal((ErrorCode.NoError, 1L), await SendAsync(wire, topic, producer, 2, 0));
        Assert.Equal((ErrorCode.NoError, 2L), await SendAsync(wire, topic, producer, 2, 1));
        Assert.Equal(ErrorCode.InvalidProducerEpoch, (await SendAsync(wire, topic, producer, 1, 1)).Error);
    }

    [SkippableFact]
    public async Task Partitions_count_each_for_itself()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(2);
        var (_, producer, _) = await wire.TryInitAsync(null);
        Assert.Equal((ErrorCode.NoError, 0L), await SendAsync(wire, topic, producer, 0, 0));
        Assert.Equal((ErrorCode.NoError, 0L), await wire.ProduceAsync(null, topic, 1, Batches.Build(producer, 0, 0, 1, transactional: false)));
        Assert.Equal((ErrorCode.NoError, 1L), await SendAsync(wire, topic, producer, 0, 1));
    }

    [SkippableFact]
    public async Task A_batch_outside_of_the_open_transaction_is_refused()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(1);
        var producer = await wire.InitAsync(topic);
        Assert.Equal(ErrorCode.NoError, await wire.AddAsync(producer, topic));
        Assert.Equal(ErrorCode.NoError, (await wire.ProduceAsync(producer, topic, 0)).Error);
        var plain = Batches.Build(producer.ProducerId, producer.Epoch, 1, transactional: false);
        Assert.Equal(ErrorCode.InvalidTxnState, (await wire.ProduceAsync(null, topic, 0, plain)).Error);
        await wire.FinishAsync(producer, commit: true);
        Assert.Equal(ErrorCode.NoError, (await wire.ProduceAsync(null, topic, 0, plain)).Error);
    }

    [SkippableFact]
    public async Task Producers_of_a_partition_are_described()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(1);
        var producer = await wire.InitAsync(topic);
        Assert.Equal(ErrorCode.NoError, await wire.AddAsync(producer, topic));
        Assert.Empty((await wire.DescribeProducersAsync(topic)).Producers);
        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await wire.ProduceAsync(topic, topic, 0, Batches.Build(producer.ProducerId, producer.Epoch, 0, 3, timestamp: now));
        var open = Assert.Single((await wire.DescribeProducersAsync(topic)).Producers);
        Assert.Equal((producer.ProducerId, (int)producer.Epoch, 2, now, 0L), (open.ProducerId, open.Epoch, open.LastSequence, open.LastTimestamp, open.OpenOffset));
        await wire.FinishAsync(producer, commit: false);
        var ended = Assert.Single((await wire.DescribeProducersAsync(topic)).Producers);
        Assert.Equal((2, -1L), (ended.LastSequence, ended.OpenOffset));
        Assert.Equal(ErrorCode.UnknownTopicOrPart, (await wire.DescribeProducersAsync(topic, 7)).Error);
    }

    private static Task<(ErrorCode Error, long Offset)> SendAsync(TransactionWire wire, string topic, long producer, int epoch, int sequence, int count = 1) =>
        wire.ProduceAsync(null, topic, 0, Batches.Build(producer, epoch, sequence, count, transactional: false));

    private async Task<(TransactionWire Wire, string Topic, long ProducerId)> BeginAsync()
    {
        var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        return (wire, await CreateTopicAsync(1), (await wire.TryInitAsync(null)).ProducerId);
    }
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedProducers(Embedded broker) : ProducerContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheProducers(ApacheKafka broker) : ProducerContract(broker);
