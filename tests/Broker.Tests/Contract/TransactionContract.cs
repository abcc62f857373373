using Confluent.Kafka;
using Streams.Broker.Tests.Transactions;

namespace Streams.Broker.Tests.Contract;

/// <summary>The transaction coordinator, frame by frame: what each state answers to each request.</summary>
public abstract class TransactionContract(IBrokerUnderTest broker, bool exact) : BrokerContract(broker)
{
    private const long Foreign = 1L << 40;

    /// <summary>Every request, in the versions in which its answers differ.</summary>
    private static readonly (string Name, Func<Scene, Task<string>> Send)[] Requests =
    [
        ("Init", async s => $"{(await s.Wire.TryInitAsync(s.P.Id)).Error}"),
        ("Init as itself", async s => $"{(await s.Wire.TryInitAsync(s.P.Id, 60_000, s.P.ProducerId, s.P.Epoch)).Error}"),
        ("Init as another", async s => $"{(await s.Wire.TryInitAsync(s.P.Id, 60_000, Foreign, 0)).Error}"),
        ("Init as another v3", async s => $"{(await s.Wire.TryInitAsync(s.P.Id, 60_000, Foreign, 0, 3)).Error}"),
        ("Init with half a name", async s => $"{(await s.Wire.TryInitAsync(s.P.Id, 60_000, s.P.ProducerId, -1)).Error}"),
        ("Init too long", async s => $"{(await s.Wire.TryInitAsync(s.P.Id, 900_001)).Error}"),
        ("Init without time", async s => $"{(await s.Wire.TryInitAsync(s.P.Id, 0)).Error}"),
        ("AddPartitions", async s => $"{(await s.Wire.AddAsync(s.P, 3, (s.Topic, 1)))[0]}"),
        ("AddPartitions known", async s => $"{(await s.Wire.AddAsync(s.P, 3, (s.Topic, 0)))[0]}"),
        ("AddPartitions with an unknown one", async s => string.Join('+', await s.Wire.AddAsync(s.P, 3, (s.Topic, 0), (s.Topic, 9), ("no-such-topic", 0)))),
        ("AddPartitions older epoch", async s => $"{(await s.Wire.AddAsync(s.Older, 3, (s.Topic, 0)))[0]}"),
        ("AddPartitions older epoch v1", async s => $"{(await s.Wire.AddAsync(s.Older, 1, (s.Topic, 0)))[0]}"),
        ("AddPartitions newer epoch", async s => $"{(await s.Wire.AddAsync(s.Newer, 3, (s.Topic, 0)))[0]}"),
        ("AddPartitions foreign", async s => $"{(await s.Wire.AddAsync(s.P with { ProducerId = Foreign }, 3, (s.Topic, 0)))[0]}"),
        ("AddPartitions without id", async s => $"{(await s.Wire.AddAsync(s.P with { Id = "" }, 3, (s.Topic, 0)))[0]}"),
        ("AddOffsets", async s => $"{await s.Wire.TryAddGroupAsync(s.P, s.Group)}"),
        ("AddOffsets older epoch", async s => $"{await s.Wire.TryAddGroupAsync(s.Older, s.Group)}"),
        ("AddOffsets older epoch v1", async s => $"{await s.Wire.TryAddGroupAsync(s.Older, s.Group, 1)}"),
        ("AddOffsets foreign", async s => $"{await s.Wire.TryAddGroupAsync(s.P with { ProducerId = Foreign }, s.Group)}"),
        ("TxnOffsetCommit", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.Group, s.Topic, 1)}"),
        ("TxnOffsetCommit v0", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.Group, s.Topic, 1, version: 0)}"),
        ("TxnOffsetCommit other group", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.OtherGroup, s.Topic, 1)}"),
        ("TxnOffsetCommit no group", async s => $"{await s.Wire.CommitOffsetAsync(s.P, "", s.Topic, 1)}"),
        ("TxnOffsetCommit unknown partition", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.Group, s.Topic, 1, partition: 9)}"),
        ("TxnOffsetCommit long metadata", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.Group, s.Topic, 1, metadata: new string('m', 4097))}"),
        ("TxnOffsetCommit unknown member", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.Group, s.Topic, 1, 3, "m")}"),
        ("TxnOffsetCommit unknown instance", async s => $"{await s.Wire.CommitOffsetAsync(s.P, s.Group, s.Topic, 1, 3, "m", "i")}"),
        ("TxnOffsetCommit older epoch", async s => $"{await s.Wire.CommitOffsetAsync(s.Older, s.Group, s.Topic, 1)}"),
        ("TxnOffsetCommit foreign", async s => $"{await s.Wire.CommitOffsetAsync(s.P with { ProducerId = Foreign }, s.Group, s.Topic, 1)}"),
        ("EndTxn commit", async s => $"{await s.Wire.EndAsync(s.P, true)}"),
        ("EndTxn abort", async s => $"{await s.Wire.EndAsync(s.P, false)}"),
        ("EndTxn older epoch", async s => $"{await s.Wire.EndAsync(s.Older, true)}"),
        ("EndTxn older epoch v1", async s => $"{await s.Wire.EndAsync(s.Older, true, 1)}"),
        ("EndTxn newer epoch", async s => $"{await s.Wire.EndAsync(s.Newer, true)}"),
        ("EndTxn foreign", async s => $"{await s.Wire.EndAsync(s.P with { ProducerId = Foreign }, true)}"),
        ("EndTxn without id", async s => $"{await s.Wire.EndAsync(s.P with { Id = "" }, true)}"),
        ("Produce", async s => $"{(await s.Wire.ProduceAsync(s.P, s.Topic, 0)).Error}"),
        ("Produce unnamed partition", async s => $"{(await s.Wire.ProduceAsync(s.P, s.Topic, 0, partition: 1)).Error}"),
        ("Produce older epoch", async s => $"{(await s.Wire.ProduceAsync(s.Older, s.Topic, 0)).Error}"),
        ("Produce newer epoch", async s => $"{(await s.Wire.ProduceAsync(s.Newer, s.Topic, 0)).Error}"),
        ("Produce foreign", async s => $"{(await s.Wire.ProduceAsync(s.P with { ProducerId = Foreign }, s.Topic, 0)).Error}"),
    ];

    [SkippableTheory]
    [InlineData("Unknown")]
    [InlineData("Empty")]
    [InlineData("Ongoing")]
    [InlineData("CompleteCommit")]
    [InlineData("CompleteAbort")]
    public async Task Every_state_answers_every_request(string state)
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(2);
        var answers = new List<string>();
        foreach (var (name, send) in Requests) answers.Add($"{name}: {await send(await SceneAsync(wire, topic, state))}");
        var differences = TransactionStates.Expected(state).Split('\n').Zip(answers).Where(a => a.First != a.Second).Select(a => $"{a.First}, not {a.Second}");
        Assert.Equal([], differences);
    }

    [SkippableFact]
    public async Task A_producer_that_names_itself_gets_a_new_epoch_and_its_repeated_request_the_same()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var first = await wire.InitAsync($"x-{Guid.NewGuid():N}");
        var bumped = await wire.TryInitAsync(first.Id, 60_000, first.ProducerId, first.Epoch);
        Assert.Equal((ErrorCode.NoError, first.ProducerId, (short)(first.Epoch + 1)), bumped);
        Assert.Equal(bumped, await wire.TryInitAsync(first.Id, 60_000, first.ProducerId, first.Epoch));
        var another = await wire.InitAsync(first.Id);
        Assert.Equal(bumped.Epoch + 1, another.Epoch);
        Assert.Equal(ErrorCode.ProducerFenced, (await wire.TryInitAsync(first.Id, 60_000, first.ProducerId, first.Epoch)).Error);
        Assert.Equal(ErrorCode.ProducerFenced, (await wire.TryInitAsync(first.Id, 60_000, first.ProducerId, bumped.Epoch)).Error);
        Assert.Equal(ErrorCode.InvalidProducerEpoch, (await wire.TryInitAsync(first.Id, 60_000, first.ProducerId, bumped.Epoch, 3)).Error);
    }

    [SkippableFact]
    public async Task Initialization_aborts_what_the_older_producer_has_open()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(1);
        var older = await BeginAsync(wire, topic);
        Assert.Equal(ErrorCode.ConcurrentTransactions, (await wire.TryInitAsync(older.Id)).Error);
        var newer = await wire.InitAsync(older.Id);
        Assert.Equal((older.ProducerId, older.Epoch + 2), (newer.ProducerId, newer.Epoch));
        Assert.Equal(ErrorCode.ProducerFenced, await wire.EndAsync(older, commit: true));
        Assert.Equal(ErrorCode.InvalidProducerEpoch, (await wire.ProduceAsync(older, topic, 1)).Error);
        var fetched = await wire.FetchAsync(topic, 0, committed: true);
        Assert.Equal([(older.ProducerId, 0L)], fetched.Aborted);
        Assert.Equal((2, 2), (fetched.HighWatermark, fetched.StableOffset));
        Assert.Equal(older.Epoch + 1, fetched.Batches[^1].Epoch);
    }

    [SkippableFact]
    public async Task A_transaction_that_takes_too_long_is_aborted_and_its_producer_fenced()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(1);
        var producer = await BeginAsync(wire, topic, timeoutMs: 10_000);
        await TransactionWire.UntilAsync(async () => (await wire.DescribeAsync(producer.Id)).State == "CompleteAbort");
        Assert.Equal(ErrorCode.ProducerFenced, await wire.AddAsync(producer, topic));
        Assert.Equal(ErrorCode.InvalidProducerEpoch, await wire.AddAsync(producer, topic, version: 1));
        Assert.Equal(ErrorCode.ProducerFenced, await wire.EndAsync(producer, commit: true));
        Assert.Equal(ErrorCode.InvalidProducerEpoch, await wire.EndAsync(producer, commit: true, version: 1));
        Assert.Equal(ErrorCode.InvalidProducerEpoch, (await wire.ProduceAsync(producer, topic, 1)).Error);
        var fetched = await wire.FetchAsync(topic, 0, committed: true);
        Assert.Equal([(producer.ProducerId, 0L)], fetched.Aborted);
        Assert.Equal(2, fetched.StableOffset);
        var renewed = await wire.TryInitAsync(producer.Id, 60_000, producer.ProducerId, producer.Epoch);
        Assert.Equal((ErrorCode.NoError, producer.ProducerId, (short)(producer.Epoch + 1)), renewed);
        Assert.Equal(producer.Epoch + 2, (await wire.InitAsync(producer.Id)).Epoch);
        Assert.Equal(ErrorCode.ProducerFenced, (await wire.TryInitAsync(producer.Id, 60_000, producer.ProducerId, producer.Epoch)).Error);
    }

    [SkippableFact]
    public async Task Offsets_count_when_the_transaction_commits_and_are_unstable_until_then()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(1);
        var (producer, group) = (await wire.InitAsync(topic), $"g-{topic}");
        foreach (var (offset, commit, expected) in new[] { (5L, false, -1L), (7L, true, 7L), (9L, false, 7L) })
        {
            Assert.Equal(ErrorCode.NoError, await wire.AddGroupAsync(producer, group));
            Assert.Equal(ErrorCode.NoError, await wire.CommitOffsetAsync(producer, group, topic, offset));
            Assert.Equal(ErrorCode.UnstableOffsetCommit, (await wire.FetchOffsetAsync(group, topic)).Error);
            Assert.Equal(offset == 9 ? 7 : -1, (await wire.FetchOffsetAsync(group, topic, stable: false)).Offset);
            await wire.FinishAsync(producer, commit);
            await TransactionWire.UntilAsync(async () => await wire.FetchOffsetAsync(group, topic) == (ErrorCode.NoError, expected));
        }
    }

    [SkippableFact]
    public async Task A_stale_member_of_the_group_commits_nothing()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(1);
        var (producer, group) = (await wire.InitAsync(topic), $"g-{topic}");
        var (generation, member) = await wire.JoinAsync(group, "instance");
        Assert.Equal(ErrorCode.NoError, await wire.AddGroupAsync(producer, group));
        Task<ErrorCode> Commit(int asGeneration, string asMember, string? instance) => wire.CommitOffsetAsync(producer, group, topic, 3, asGeneration, asMember, instance);
        Assert.Equal(ErrorCode.NoError, await Commit(generation, member, "instance"));
        Assert.Equal(ErrorCode.NoError, await Commit(-1, "", null));
        Assert.Equal(ErrorCode.IllegalGeneration, await Commit(generation - 1, member, "instance"));
        Assert.Equal(ErrorCode.IllegalGeneration, await Commit(generation + 1, member, "instance"));
        Assert.Equal(ErrorCode.UnknownMemberId, await Commit(generation, "somebody", null));
        Assert.Equal(ErrorCode.FencedInstanceId, await Commit(generation, "somebody", "instance"));
        Assert.Equal(ErrorCode.UnknownMemberId, await Commit(generation, member, "another"));
        Assert.Equal(ErrorCode.NoError, await wire.EndAsync(producer, commit: true));
        await TransactionWire.UntilAsync(async () => await wire.FetchOffsetAsync(group, topic) == (ErrorCode.NoError, 3));
    }

    [SkippableTheory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reader_of_committed_records_that_waits_is_woken_by_the_end_of_the_transaction(bool commit)
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        using var reader = await TransactionWire.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(1);
        var producer = await BeginAsync(wire, topic);
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var waiting = reader.FetchAsync(topic, 0, committed: true, waitMs: 60_000);
        Assert.Equal(1, (await wire.FetchAsync(topic, 0, committed: false)).HighWatermark);
        Assert.Empty((await wire.FetchAsync(topic, 0, committed: true)).Batches);
        await wire.FinishAsync(producer, commit);
        var fetched = await waiting;
        Assert.True(watch.ElapsedMilliseconds < 45_000, "the fetch slept on");
        Assert.Equal(0, fetched.Batches[0].BaseOffset);
        Assert.Equal(commit ? [] : [(producer.ProducerId, 0L)], fetched.Aborted);
    }

    [SkippableFact]
    public async Task Every_partition_of_the_transaction_gets_its_marker()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(20);
        var producer = await wire.InitAsync(topic);
        Assert.All(await wire.AddAsync(producer, 3, [.. Enumerable.Range(0, 20).Select(p => (topic, p))]), e => Assert.Equal(ErrorCode.NoError, e));
        for (var p = 0; p < 20; p += 2) Assert.Equal((ErrorCode.NoError, 0L), await wire.ProduceAsync(producer, topic, 0, 1, p));
        await wire.FinishAsync(producer, commit: true);
        for (var p = 0; p < 20; p++)
        {
            var fetched = await wire.FetchAsync(topic, 0, committed: true, p);
            var marker = fetched.Batches[^1];
            Assert.Equal((true, true, producer.ProducerId, producer.Epoch, -1), (marker.IsControl, marker.IsCommit, marker.ProducerId, marker.Epoch, marker.BaseSequence));
            Assert.Equal(p % 2 == 0 ? 2 : 1, fetched.StableOffset);
        }
    }

    [SkippableFact]
    public async Task A_topic_that_is_deleted_meanwhile_does_not_hold_up_the_others()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var (kept, deleted) = (await CreateTopicAsync(1), await CreateTopicAsync(1));
        var producer = await BeginAsync(wire, kept);
        Assert.Equal(ErrorCode.NoError, await wire.AddAsync(producer, deleted));
        Assert.Equal(ErrorCode.NoError, (await wire.ProduceAsync(producer, deleted, 0)).Error);
        using (var admin = Admin()) await admin.DeleteTopicsAsync([deleted]);
        await wire.FinishAsync(producer, commit: true);
        Assert.Equal(2, (await wire.FetchAsync(kept, 0, committed: true)).StableOffset);
    }

    [SkippableFact]
    public async Task Transactions_are_listed_by_state_producer_age_and_pattern()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(1);
        var open = await BeginAsync(wire, topic);
        var empty = await wire.InitAsync($"{topic}-empty");
        async Task<List<string>> Found(string[]? states = null, long[]? producers = null, long duration = -1, string? pattern = null) =>
            [.. (await wire.ListAsync(states, producers, duration, pattern)).Found.Select(t => t.Id).Where(id => id.StartsWith(topic, StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
        Assert.Equal([open.Id, empty.Id], await Found());
        Assert.Equal([open.Id], await Found(states: ["Ongoing"]));
        Assert.Equal([empty.Id], await Found(states: ["Empty", "CompleteCommit"]));
        Assert.Equal([empty.Id], await Found(producers: [empty.ProducerId]));
        Assert.Empty(await Found(producers: [1L << 40]));
        Assert.DoesNotContain(open.Id, await Found(duration: 3_600_000));
        Assert.Contains(open.Id, await Found(duration: 0));
        Assert.Equal([empty.Id], await Found(pattern: $"{topic}-em.*"));
        Assert.Empty(await Found(pattern: "-em"));
        Assert.Equal(ErrorCode.NoError, (await wire.ListAsync(version: 0)).Error);
        Assert.Equal(["NoSuchState"], (await wire.ListAsync(states: ["NoSuchState", "Dead"])).UnknownStates);
        Assert.Equal(128, (int)(await wire.ListAsync(pattern: "(")).Error);
    }

    [SkippableFact]
    public async Task A_transaction_is_described()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var topic = await CreateTopicAsync(3);
        var producer = await wire.InitAsync(topic, 12_345);
        var empty = await wire.DescribeAsync(topic);
        Assert.Equal((ErrorCode.NoError, "Empty", 12_345, producer.ProducerId, producer.Epoch), (empty.Error, empty.State, empty.TimeoutMs, empty.ProducerId, empty.Epoch));
        Assert.Equal(-1, empty.StartedAt);
        await wire.AddAsync(producer, 3, (topic, 0), (topic, 2));
        var open = await wire.DescribeAsync(topic);
        Assert.Equal("Ongoing", open.State);
        Assert.InRange(open.StartedAt, DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        Assert.Equal([(topic, 0), (topic, 2)], open.Partitions.Order());
        await wire.FinishAsync(producer, commit: true);
        var ended = await wire.DescribeAsync(topic);
        Assert.Equal(("CompleteCommit", open.StartedAt), (ended.State, ended.StartedAt));
        Assert.Empty(ended.Partitions);
        Assert.Equal(105, (int)(await wire.DescribeAsync("nobody")).Error);
        Assert.Equal(42, (int)(await wire.DescribeAsync("")).Error);
    }

    [SkippableFact]
    public async Task The_list_of_aborted_transactions_is_exact_and_the_stable_offset_never_goes_back()
    {
        using var wire = await TransactionWire.ConnectAsync(BootstrapServers);
        var seed = Random.Shared.Next();
        for (var round = 0; round < Tier.Of(1, 5); round++)
        {
            var topic = await CreateTopicAsync(1);
            await new InterleavedTransactions(wire, topic, seed + round, exact).RunAsync(Tier.Of(120, 400));
        }
    }

    [SkippableFact]
    public async Task Readers_never_see_an_aborted_record_however_late_the_abort_comes()
    {
        var topic = await CreateTopicAsync(1);
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(r => Task.Run(() => Read(topic, $"{topic}-{r}", stop.Token))).ToList();
        using var producer = Producer(p => p.TransactionalId = topic);
        producer.InitTransactions(Patience);
        var random = new Random(4711);
        var committed = new List<string>();
        for (var i = 0; i < Tier.Of(6, 20); i++)
        {
            var commit = i % 2 == 1;
            producer.BeginTransaction();
            for (var r = 0; r < 5; r++) producer.Produce(topic, new Message<string, string> { Key = "k", Value = $"{(commit ? "committed" : "aborted")} {i}.{r}" });
            producer.Flush(Patience);
            await Task.Delay(random.Next(Tier.Of(300, 5000)), CancellationToken.None);
            if (!commit) producer.AbortTransaction(Patience);
            else
            {
                producer.CommitTransaction(Patience);
                committed.AddRange(Enumerable.Range(0, 5).Select(r => $"committed {i}.{r}"));
            }
        }
        await Task.Delay(200, CancellationToken.None);
        await stop.CancelAsync();
        foreach (var reader in readers) Assert.Equal((await reader), committed.Take((await reader).Count));
        Assert.Equal(committed, ReadAll(topic, IsolationLevel.ReadCommitted).Select(r => r.Message.Value));
    }

    private List<string> Read(string topic, string group, CancellationToken stop)
    {
        using var consumer = Consumer(group, IsolationLevel.ReadCommitted);
        consumer.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
        var seen = new List<string>();
        while (!stop.IsCancellationRequested)
        {
            if (consumer.Consume(100) is { IsPartitionEOF: false } result) seen.Add(result.Message.Value);
        }
        return seen;
    }

    /// <summary>A producer with a transaction open that holds one record.</summary>
    private static async Task<WireProducer> BeginAsync(TransactionWire wire, string topic, int timeoutMs = 60_000)
    {
        var producer = await wire.InitAsync(topic, timeoutMs);
        Assert.Equal(ErrorCode.NoError, await wire.AddAsync(producer, topic));
        Assert.Equal(ErrorCode.NoError, (await wire.ProduceAsync(producer, topic, 0)).Error);
        return producer;
    }

    /// <summary>A transactional id brought into the state, with a partition and a group named in its last transaction.</summary>
    private static async Task<Scene> SceneAsync(TransactionWire wire, string topic, string state)
    {
        var id = $"x-{Guid.NewGuid():N}";
        var scene = new Scene(wire, new WireProducer(id, Foreign + 1, 1), topic, $"g-{id}", $"other-{id}");
        if (state == "Unknown") return scene;
        await wire.InitAsync(id);
        scene = scene with { P = await wire.InitAsync(id) };
        if (state == "Empty") return scene;
        Assert.Equal(ErrorCode.NoError, await wire.AddAsync(scene.P, topic));
        Assert.Equal(ErrorCode.NoError, await wire.AddGroupAsync(scene.P, scene.Group));
        if (state != "Ongoing") await wire.FinishAsync(scene.P, state == "CompleteCommit");
        return scene;
    }

    private sealed record Scene(TransactionWire Wire, WireProducer P, string Topic, string Group, string OtherGroup)
    {
        public WireProducer Older => P with { Epoch = (short)(P.Epoch - 1) };

        public WireProducer Newer => P with { Epoch = (short)(P.Epoch + 1) };
    }
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedTransactions(Embedded broker) : TransactionContract(broker, exact: true);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheTransactions(ApacheKafka broker) : TransactionContract(broker, exact: false);
