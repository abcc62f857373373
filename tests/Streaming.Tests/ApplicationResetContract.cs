using Confluent.Kafka;

namespace Streams.Streaming.Tests;

/// <summary>Beginning anew, on any broker.</summary>
public abstract class ApplicationResetContract(IBroker broker)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    [SkippableTheory]
    [InlineData(GroupProtocol.Classic)]
    [InlineData(GroupProtocol.Consumer)]
    public async Task AfterAReset_EverythingIsProcessedAnew_FromEmptyState(GroupProtocol protocol)
    {
        var topics = await NewTopics();
        var config = topics.Config() with { GroupProtocol = protocol };
        var ends = topics.Produce(100);
        await using (var stream = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), config))
        {
            await stream.StartAsync();
            await stream.WaitUntilCommittedAsync(ends).WaitAsync(Limit);
            using var early = Reset(topics, new ResetPoint.ToEarliest());
            var refused = await Assert.ThrowsAsync<ResetRefusedException>(() => early.PlanAsync());
            Assert.Contains("active members", refused.Message, StringComparison.Ordinal);
            await stream.StopAsync().WaitAsync(Limit);
        }
        using var reset = Reset(topics, new ResetPoint.ToEarliest());
        var plan = await reset.PlanAsync();
        Assert.Equal([topics.Changelog], plan.DeletedTopics);
        Assert.All(plan.Offsets, o => Assert.Equal(0, o.Offset.Value));
        await reset.ExecuteAsync(plan);

        await using var again = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), config);
        await again.StartAsync();
        await again.WaitUntilCommittedAsync(ends).WaitAsync(Limit);
        await topics.SettledAsync(topics.Output);
        var counts = topics.Read(topics.Output).ConvertAll(r => System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(r.Message.Value));
        // Twice the same: the second run has counted from nothing.
        Assert.Equal(200, counts.Count);
        Assert.Equal(2, counts.Max());
    }

    [SkippableFact]
    public async Task ThePoint_IsLookedUpInEachPartition()
    {
        Skip.IfNot(broker.Missing is null, broker.Missing);
        using var probe = new Probe(broker.BootstrapServers);
        var input = await probe.CreateAsync("in", 2);
        for (var i = 0; i < 10; i++)
            probe.Send(input, "k", "v", 1_000_000 + i * 1000, partition: i % 2);
        probe.Flush();
        Assert.Equal([0, 0], await PlanAsync(probe, input, new ResetPoint.ToEarliest()));
        Assert.Equal([5, 5], await PlanAsync(probe, input, new ResetPoint.ToLatest()));
        Assert.Equal([3, 3], await PlanAsync(probe, input, new ResetPoint.ToOffset(3)));
        Assert.Equal([5, 5], await PlanAsync(probe, input, new ResetPoint.ToOffset(99)));
        Assert.Equal([2, 1], await PlanAsync(probe, input, new ResetPoint.ToDatetime(DateTimeOffset.FromUnixTimeMilliseconds(1_003_000))));
        Assert.Equal([5, 5], await PlanAsync(probe, input, new ResetPoint.ByDuration(TimeSpan.FromSeconds(1))));
        Assert.Equal([2, 2], await PlanAsync(probe, input, new ResetPoint.ShiftBy(2)));
        Assert.Equal([4], await PlanAsync(probe, input, new ResetPoint.FromList(new Dictionary<TopicPartition, long> { [new(input, 1)] = 4 })));
    }

    [SkippableFact]
    public async Task WhatRetentionHasDeleted_CannotBeTheBeginning_UnlessForced()
    {
        Skip.IfNot(broker.Missing is null, broker.Missing);
        using var probe = new Probe(broker.BootstrapServers);
        var input = await probe.CreateAsync("in", settings: new() { ["retention.ms"] = "604800000" });
        var now = DateTimeOffset.UtcNow;
        for (var i = 0; i < 10; i++)
            probe.Send(input, "k", "v", now.ToUnixTimeMilliseconds() + i);
        probe.Flush();
        await probe.Admin.DeleteRecordsAsync([new TopicPartitionOffset(input, 0, 6)]);
        await Assert.ThrowsAsync<ResetRefusedException>(() => PlanAsync(probe, input, new ResetPoint.ToOffset(2)));
        await Assert.ThrowsAsync<ResetRefusedException>(() => PlanAsync(probe, input, new ResetPoint.ToDatetime(now.AddDays(-8))));
        Assert.Equal([6], await PlanAsync(probe, input, new ResetPoint.ToOffset(2), force: true));
        var missing = await Assert.ThrowsAsync<StreamsException>(() => PlanAsync(probe, "no-such-topic", new ResetPoint.ToEarliest()));
        Assert.Contains("no-such-topic", missing.Message, StringComparison.Ordinal);
    }

    private static async Task<IEnumerable<long>> PlanAsync(Probe probe, string input, ResetPoint point, bool force = false)
    {
        using var reset = new ApplicationReset(new ApplicationResetOptions
        {
            ApplicationId = probe.Application, BootstrapServers = probe.Config.BootstrapServers, InputTopics = [input], Point = point, Force = force,
        });
        return (await reset.PlanAsync()).Offsets.Select(o => o.Offset.Value);
    }

    private ApplicationReset Reset(TestTopics topics, ResetPoint point) => new(new ApplicationResetOptions
    {
        ApplicationId = topics.Application, BootstrapServers = broker.BootstrapServers, InputTopics = [topics.Input], Point = point,
    });

    private async Task<TestTopics> NewTopics()
    {
        Skip.IfNot(broker.Missing is null, broker.Missing);
        var topics = new TestTopics(broker.BootstrapServers);
        await topics.CreateAsync();
        return topics;
    }
}

public sealed class ApplicationResetOnApacheKafkaTests(ApacheKafka broker) : ApplicationResetContract(broker), IClassFixture<ApacheKafka>;

public sealed class ApplicationResetOnEmbeddedTests(Embedded broker) : ApplicationResetContract(broker), IClassFixture<Embedded>;
