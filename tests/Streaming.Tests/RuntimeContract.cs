using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Confluent.Kafka.Admin;
using Streams.Streaming.Runtime;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.Tests;

/// <summary>Order between inputs, failures, commits, internal topics and queries, on any broker.</summary>
public abstract class RuntimeContract(IBroker broker)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private static readonly StringSerDes Text = new();

    [SkippableTheory]
    [InlineData(0, 50)]
    [InlineData(200, 1000)]
    public async Task TwoInputs_AreTakenInTheOrderOfTheirTimes(int idleMs, int buffered)
    {
        using var probe = NewProbe();
        var (left, right, output) = (await probe.CreateAsync("left"), await probe.CreateAsync("right"), await probe.CreateAsync("out"));
        const int Count = 3000;
        for (var i = 0; i < Count; i++)
            probe.Send(i % 3 == 0 ? left : right, "k", Probe.Number(i), 1_000 + i);
        probe.Flush();
        var topology = new Topology().AddSource("left", left).AddSource("right", right)
            .AddProcessor("both", () => new Each((c, r) => c.Forward("sink", r.Key, r.Value, r.Timestamp)), "left", "right").AddSink("sink", output, "both");
        var config = probe.Config with { MaxTaskIdle = TimeSpan.FromMilliseconds(idleMs), BufferedRecordsPerPartition = buffered };
        await using var stream = new KafkaStream(topology, config, probe.Log);
        await stream.StartAsync();
        var records = await probe.ReadAsync(output, Count);
        Assert.Equal(Enumerable.Range(0, Count).Select(i => Probe.Number(i)), records.Select(r => Probe.Text(r.Message.Value)));
    }

    [SkippableFact]
    public async Task TwoInputs_AreTakenInTheOrderOfTheTimesThatTheirExtractorsFind()
    {
        using var probe = NewProbe();
        var (left, right, output) = (await probe.CreateAsync("left"), await probe.CreateAsync("right"), await probe.CreateAsync("out"));
        const int Count = 300;
        for (var i = 0; i < Count; i++)
            probe.Send(i % 3 == 0 ? left : right, "k", Probe.Number(i), 1_000_000 - i);
        probe.Flush();
        var topology = new Topology();
        foreach (var input in new[] { left, right })
            topology.AddSource(input, [input], Text, Text, (record, _) => long.Parse(record.Value, CultureInfo.InvariantCulture));
        topology.AddProcessor("pass", () => new Pass(), left, right).AddSink("sink", output, Text, Text, null, "pass");
        await using var stream = new KafkaStream(topology, probe.Config, probe.Log);
        await stream.StartAsync();
        var records = await probe.ReadAsync(output, Count);
        Assert.Equal(Enumerable.Range(0, Count).Select(i => Probe.Number(i)), records.Select(r => Probe.Text(r.Message.Value)));
    }

    [SkippableFact]
    public async Task AnInputWithoutRecords_HoldsTheOtherUpForTheIdleTimeOnly()
    {
        using var probe = NewProbe();
        var (left, right, output) = (await probe.CreateAsync("left"), await probe.CreateAsync("right"), await probe.CreateAsync("out"));
        var topology = new Topology().AddSource("left", left).AddSource("right", right)
            .AddProcessor("both", () => new Each((c, r) => c.Forward("sink", r.Key, r.Value, r.Timestamp)), "left", "right").AddSink("sink", output, "both");
        await using var stream = new KafkaStream(topology, probe.Config with { MaxTaskIdle = TimeSpan.FromSeconds(20) }, probe.Log);
        await stream.StartAsync();
        await stream.WaitUntilRunning().WaitAsync(Limit);
        probe.Send(left, "k", "later", 2_000);
        probe.Flush();
        probe.Send(right, "k", "earlier", 1_000);
        probe.Flush();
        var records = await probe.ReadAsync(output, 2);
        Assert.Equal(["earlier", "later"], records.Select(r => Probe.Text(r.Message.Value)));
    }

    [SkippableFact]
    public async Task InputsOfDifferentCounts_AreRefusedByNameAndCount()
    {
        using var probe = NewProbe();
        var (left, right) = (await probe.CreateAsync("left", 2), await probe.CreateAsync("right", 3));
        var topology = new Topology().AddSource("left", left).AddSource("right", right).AddProcessor("both", () => new Each((_, _) => { }), "left", "right");
        await using var stream = new KafkaStream(topology, probe.Config, probe.Log);
        var thrown = await Assert.ThrowsAsync<StreamsException>(() => stream.StartAsync());
        Assert.Contains($"{left} has 2, {right} has 3", thrown.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task AnOutputTheBrokerRefuses_IsFound_AndItsInputDeadLettered()
    {
        using var probe = NewProbe();
        var (input, output) = (await probe.CreateAsync("in"), await probe.CreateAsync("out", 1, new() { ["max.message.bytes"] = "2000" }));
        for (var i = 0; i < 40; i++)
            probe.Send(input, $"k{i}", i == 17 ? new string('x', 5_000) : "v");
        probe.Flush();
        await using var stream = new KafkaStream(Forward(input, output), probe.Config with { DeadLetterTopic = probe.Topic("dead") }, probe.Log);
        await stream.StartAsync();
        var records = await probe.ReadAsync(output, 39);
        Assert.Equal(39, records.Select(r => Probe.Text(r.Message.Key)).Distinct().Count());
        var letter = Assert.Single(await probe.ReadAsync(probe.Topic("dead"), 1));
        Assert.Equal("k17", Probe.Text(letter.Message.Key));
        Assert.Equal(("PRODUCTION_FAILED", "production", "17"),
            (Probe.Headers(letter)["streams.errors.code"], Probe.Headers(letter)["streams.errors.stage"], Probe.Headers(letter)["__streams.errors.offset"]));
    }

    [SkippableFact]
    public async Task AnOutputTooLargeForTheClient_IsLeftOutWhereTheHandlerSaysSo()
    {
        using var probe = NewProbe();
        var (input, output) = (await probe.CreateAsync("in"), await probe.CreateAsync("out"));
        for (var i = 0; i < 20; i++)
            probe.Send(input, $"k{i}", i == 7 ? "large" : "v");
        probe.Flush();
        var topology = new Topology().AddSource("source", input)
            .AddProcessor("grow", () => new Each((c, r) => c.Forward("sink", r.Key, r.Text == "large" ? new byte[2_000_000] : r.Value, r.Timestamp)), "source")
            .AddSink("sink", output, "grow");
        await using var stream = new KafkaStream(topology, probe.Config with { ProductionExceptionHandler = new LogAndContinueExceptionHandler() }, probe.Log);
        await stream.StartAsync();
        var records = await probe.ReadAsync(output, 19);
        Assert.DoesNotContain("k7", records.Select(r => Probe.Text(r.Message.Key)));
    }

    [SkippableFact]
    public async Task WhatASourceCannotRead_GoesToTheDeadLettersWithoutARecovery()
    {
        using var probe = NewProbe();
        var (input, output) = (await probe.CreateAsync("in"), await probe.CreateAsync("out"));
        for (var i = 0; i < 30; i++)
            probe.Send(input, "k", i % 3 == 0 ? "not eight" : "8 bytes!");
        probe.Flush();
        var topology = new Topology().AddSource("source", [input], Text, new Int64SerDes()).AddSink<string, long>("sink", output, Text, new Int64SerDes(), null, "source");
        await using var stream = new KafkaStream(topology, probe.Config with { DeserializationExceptionHandler = new DeadLetterExceptionHandler() }, probe.Log);
        await stream.StartAsync();
        Assert.Equal(20, (await probe.ReadAsync(output, 20)).Count);
        var letters = await probe.ReadAsync($"{probe.Application}-dead-letters", 10);
        Assert.Equal(("DESERIALIZATION_FAILED", "deserialization"), (Probe.Headers(letters[0])["streams.errors.code"], Probe.Headers(letters[0])["streams.errors.stage"]));
        Assert.Equal(0, probe.Log.Count(2005));
    }

    [SkippableFact]
    public async Task AThreadThatDied_IsReplaced_AndGoesOnFromTheLastCommit()
    {
        using var probe = NewProbe();
        var (input, output) = (await probe.CreateAsync("in"), await probe.CreateAsync("out"));
        for (var i = 0; i < 10; i++)
            probe.Send(input, "k", Probe.Number(i));
        probe.Flush();
        var failures = 0;
        var topology = new Topology().AddSource("source", input)
            .AddProcessor("once", () => new Each((c, r) =>
            {
                c.Forward("sink", r.Key, r.Value, r.Timestamp);
                if (r.Text == "5" && Interlocked.Increment(ref failures) == 1)
                    throw new InvalidOperationException("once");
            }), "source")
            .AddSink("sink", output, "once");
        await using var stream = new KafkaStream(topology, probe.Config with { UncaughtExceptionHandler = _ => StreamThreadExceptionResponse.ReplaceThread }, probe.Log);
        await stream.StartAsync();
        var records = await probe.ReadAsync(output, 10);
        Assert.Equal(Enumerable.Range(0, 10).Select(i => Probe.Number(i)), records.Select(r => Probe.Text(r.Message.Value)));
    }

    [SkippableFact]
    public async Task ASlowProcessor_IsCommittedWhileItsBatchGoesOn()
    {
        using var probe = NewProbe();
        var (input, output) = (await probe.CreateAsync("in"), await probe.CreateAsync("out"));
        for (var i = 0; i < 400; i++)
            probe.Send(input, "k", "v");
        probe.Flush();
        var processed = 0;
        using var slow = new ManualResetEventSlim();
        var topology = new Topology().AddSource("source", input)
            .AddProcessor("slow", () => new Each((c, r) =>
            {
                slow.Wait(Interlocked.Increment(ref processed) < 200 ? 20 : Timeout.Infinite);
                c.Forward("sink", r.Key, r.Value, r.Timestamp);
            }), "source")
            .AddSink("sink", output, "slow");
        await using var stream = new KafkaStream(topology, probe.Config, probe.Log);
        await stream.StartAsync();
        try
        {
            await probe.ReadAsync(output, 5, noFurther: true);
            Assert.InRange(Volatile.Read(ref processed), 5, 200);
        }
        finally
        {
            slow.Set();
        }
        Assert.Equal(400, (await probe.ReadAsync(output, 400)).Count);
    }

    [SkippableFact]
    public async Task WallClockPunctuation_WritesAndCommits_WithoutInput()
    {
        using var probe = NewProbe();
        var (input, output) = (await probe.CreateAsync("in"), await probe.CreateAsync("out"));
        var topology = new Topology().AddSource("source", input)
            .AddProcessor("tick", () => new Each((_, _) => { }, c => c.Schedule(
                TimeSpan.FromMilliseconds(50), PunctuationType.WallClockTime, now => c.Forward("sink", "k"u8, "tick"u8, now))), "source")
            .AddSink("sink", output, "tick");
        await using var stream = new KafkaStream(topology, probe.Config, probe.Log);
        await stream.StartAsync();
        Assert.True((await probe.ReadAsync(output, 3, noFurther: true)).Count >= 3);
    }

    [SkippableFact]
    public async Task RepartitionTopics_AreCreatedWithTheirWritersCount_AndPurgedAfterCommits()
    {
        using var probe = NewProbe();
        var (input, output) = (await probe.CreateAsync("in", 3), await probe.CreateAsync("out", 3));
        var name = new TopicName("by-value-repartition", IsInternal: true);
        var topology = new Topology().AddSource("in", [input], Text, Text)
            .AddProcessor("pass", () => new Pass(), "in")
            .AddRepartitionTopic(name.Name, null)
            .AddSink("to", name, Text, Text, null, "pass")
            .AddSource("from", name, Text, Text)
            .AddSink<string, string>("out", output, Text, Text, null, "from");
        for (var i = 0; i < 300; i++)
            probe.Send(input, $"k{i}", "v", timestamp: 1_000 + i, partition: i % 3);
        probe.Flush();
        await using var stream = new KafkaStream(topology, probe.Config with { RepartitionPurgeInterval = TimeSpan.FromMilliseconds(200) }, probe.Log);
        await stream.StartAsync();
        Assert.Equal(300, (await probe.ReadAsync(output, 300)).Count);
        var internalTopic = $"{probe.Application}-by-value-repartition";
        await Probe.EventuallyAsync(() =>
        {
            // Something must be committed for a purge to follow.
            probe.Send(input, "k0", "v", 5_000);
            probe.Flush();
            return Enumerable.Range(0, 3).Sum(p => probe.Earliest(internalTopic, p)) >= 300;
        });
        var described = await probe.Admin.DescribeConfigsAsync([new ConfigResource { Type = ResourceType.Topic, Name = internalTopic }]);
        Assert.Equal(("delete", "-1", "52428800"),
            (described[0].Entries["cleanup.policy"].Value, described[0].Entries["retention.ms"].Value, described[0].Entries["segment.bytes"].Value));
    }

    [SkippableTheory]
    [InlineData(GroupProtocol.Classic)]
    [InlineData(GroupProtocol.Consumer)]
    public async Task QueriesFindTheInstanceOfAKey_AndReadItWhileItProcesses(GroupProtocol protocol)
    {
        Skip.IfNot(broker.Missing is null, broker.Missing);
        var topics = new TestTopics(broker.BootstrapServers);
        await topics.CreateAsync();
        topics.Produce(2000);
        await using var one = Instance(topics, protocol, "127.0.0.1:7001");
        await using var two = Instance(topics, protocol, "127.0.0.1:7002");
        await one.StartAsync();
        await two.StartAsync();
        var byHost = new Dictionary<string, KafkaStream> { ["127.0.0.1:7001"] = one, ["127.0.0.1:7002"] = two };
        await Probe.EventuallyAsync(() => byHost.Values.All(s => s.State == StreamState.Running && CountsOf(s) == 2));
        await topics.AssertExactlyOnceAsync(2000, Limit);
        topics.Produce(20_000);
        for (var i = 0; i < 50; i++)
        {
            var key = System.Text.Encoding.UTF8.GetBytes($"k{i}");
            var found = await one.QueryMetadataForKeyAsync("counts", key);
            var store = byHost[found.ActiveHost!].Store<CountStore>(StoreQueryParameters.FromName("counts").WithPartition(found.Partition));
            Assert.True(store.Query(found.Partition, s => s.Counts[$"k{i}"]) >= 40);
        }
        var local = one.Store<CountStore>(StoreQueryParameters.FromName("counts"));
        var latencies = new List<TimeSpan>();
        for (var i = 0; i < 500; i++)
        {
            var since = Stopwatch.GetTimestamp();
            local.QueryAll(s => s.Counts.Count);
            latencies.Add(Stopwatch.GetElapsedTime(since));
        }
        latencies.Sort();
        // A query that had to wait for a commit would take a good part of its interval each time; what this machine does besides holds up only a few.
        Assert.True(latencies[250] < TimeSpan.FromMilliseconds(50), $"median {latencies[250]}");
        await two.StopAsync().WaitAsync(Limit);
        Assert.Throws<InvalidStateStoreException>(() => two.Store<CountStore>(StoreQueryParameters.FromName("counts")));
        Assert.Throws<InvalidStateStoreException>(() => one.Store<CountStore>(StoreQueryParameters.FromName("no-such")));
    }

    /// <summary>How many partitions of the counts an instance has; none while it does not run.</summary>
    internal static int CountsOf(KafkaStream stream)
    {
        try
        {
            return stream.Store<CountStore>(StoreQueryParameters.FromName("counts")).Partitions.Count;
        }
        catch (InvalidStateStoreException)
        {
            return 0;
        }
    }

    [SkippableFact]
    public async Task ARestoreThatTakesLongerThanThePollInterval_KeepsItsMembership()
    {
        using var probe = NewProbe();
        var (input, output) = (await probe.CreateAsync("in"), await probe.CreateAsync("out"));
        const int Keys = 1500;
        for (var i = 0; i < Keys; i++)
            probe.Send(input, Probe.Number(i), "v", 1_000);
        probe.Flush();
        await using (var first = new KafkaStream(CountingProcessor.Topology(input, output), probe.Config, probe.Log))
        {
            await first.StartAsync();
            await probe.ReadAsync(output, Keys);
        }
        // 12 seconds, twice the interval; librdkafka hands over up to a thousand records at once. A session must not be longer than the interval.
        var slow = CountingProcessor.Topology(input, output, store: () => new CountStore { EachRestore = TimeSpan.FromMilliseconds(8) });
        await using var second = new KafkaStream(slow, probe.Config with { MaxPollInterval = TimeSpan.FromSeconds(6), SessionTimeout = TimeSpan.FromSeconds(6) }, probe.Log);
        await second.StartAsync();
        probe.Send(input, "7", "v", 1_000);
        probe.Flush();
        var last = (await probe.ReadAsync(output, Keys + 1))[^1];
        Assert.Equal(2, BinaryPrimitives.ReadInt64BigEndian(last.Message.Value));
        Assert.DoesNotContain("max.poll.interval", probe.Log.ToString(), StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("MAXPOLL", probe.Log.ToString(), StringComparison.Ordinal);
    }

    private static KafkaStream Instance(TestTopics topics, GroupProtocol protocol, string server) =>
        new(CountingProcessor.Topology(topics.Input, topics.Output), topics.Config() with { GroupProtocol = protocol, ApplicationServer = server });

    private static Topology Forward(string input, string output) => new Topology().AddSource("source", input).AddSink("sink", output, "source");

    private Probe NewProbe()
    {
        Skip.IfNot(broker.Missing is null, broker.Missing);
        return new Probe(broker.BootstrapServers);
    }

    private sealed class Pass : IProcessor<string, string, string, string>
    {
        private IProcessorContext<string, string> context = null!;

        public void Init(IProcessorContext<string, string> context) => this.context = context;

        public void Process(in Record<string, string> record) => context.Forward(record);
    }
}

public sealed class RuntimeOnApacheKafkaTests(ApacheKafka broker) : RuntimeContract(broker), IClassFixture<ApacheKafka>;

public sealed class RuntimeOnEmbeddedTests(Embedded broker) : RuntimeContract(broker), IClassFixture<Embedded>;
