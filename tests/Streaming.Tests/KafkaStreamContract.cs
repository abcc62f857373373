using System.Text;
using Confluent.Kafka;

namespace Streams.Streaming.Tests;

/// <summary>What the runtime promises on any broker; a subclass names the broker.</summary>
public abstract class KafkaStreamContract(IBroker broker)
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    [SkippableFact]
    public async Task TwoThreadsAndTwoInstances_ShareThePartitions()
    {
        var topics = await NewTopics();
        var topology = CountingProcessor.Topology(topics.Input, topics.Output);
        await using var first = new KafkaStream(topology, topics.Config() with { NumStreamThreads = 2 });
        await first.StartAsync();
        await first.WaitUntilRunning().WaitAsync(Limit);
        topics.Produce(500);
        await using var second = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), topics.Config() with { NumStreamThreads = 2 });
        await second.StartAsync();
        await second.WaitUntilRunning().WaitAsync(Limit);
        topics.Produce(500);
        await topics.AssertExactlyOnceAsync(1000, Limit);

        await first.StopAsync().WaitAsync(Limit);
        topics.Produce(200);
        await topics.AssertExactlyOnceAsync(1200, Limit);
        Assert.Equal(StreamState.NotRunning, first.State);
    }

    [SkippableFact]
    public async Task CommittedOffsets_CoverControlRecords()
    {
        var topics = await NewTopics(1);
        using (var producer = Transactional("source"))
        {
            producer.InitTransactions(Limit);
            producer.BeginTransaction();
            producer.Produce(topics.Input, new Message<byte[], byte[]> { Key = "a"u8.ToArray(), Value = [] });
            producer.CommitTransaction(Limit);
        }
        await using var stream = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), topics.Config());
        await stream.StartAsync();
        await topics.SettledAsync(topics.Input);
        var ends = topics.Ends();
        Assert.Equal(2, ends[0]);
        await stream.WaitUntilCommittedAsync(ends).WaitAsync(Limit);
        Assert.Equal(2, stream.CommittedOffsets[new TopicPartition(topics.Input, 0)]);
    }

    [SkippableFact]
    public async Task Restart_RestoresTheState_AndAbortedDataNever()
    {
        var topics = await NewTopics(1);
        await RunOver(topics, 20);
        using (var zombie = Transactional("aborter"))
        {
            zombie.InitTransactions(Limit);
            zombie.BeginTransaction();
            zombie.Produce(topics.Changelog, new Message<byte[], byte[]> { Key = "k0"u8.ToArray(), Value = [0, 0, 0, 0, 0, 0, 99, 99] });
            zombie.Flush(Limit);
            zombie.AbortTransaction(Limit);
        }
        await RunOver(topics, 20);
        await topics.AssertExactlyOnceAsync(40, Limit);
    }

    [SkippableFact]
    public async Task Restore_WaitsForAnOpenTransaction_AndTakesWhatLiesBehindIt()
    {
        var topics = await NewTopics(1);
        await RunOver(topics, 10);
        using var dead = Transactional("dead-predecessor", timeoutMs: 5000);
        dead.InitTransactions(Limit);
        dead.BeginTransaction();
        dead.Produce(topics.Changelog, new Message<byte[], byte[]> { Key = "k0"u8.ToArray(), Value = [0, 0, 0, 0, 0, 0, 99, 99] });
        dead.Flush(Limit);
        using (var other = Transactional("other"))
        {
            other.InitTransactions(Limit);
            other.BeginTransaction();
            other.Produce(topics.Changelog, new Message<byte[], byte[]> { Key = "behind"u8.ToArray(), Value = [0, 0, 0, 0, 0, 0, 0, 7] });
            other.CommitTransaction(Limit);
        }
        CountStore? store = null;
        var topology = new Topology().AddSource("source", topics.Input)
            .AddProcessor("count", () => new CountingProcessor(), "source").AddSink("sink", topics.Output, "count")
            .AddStateStore(() => store = new CountStore(), "counts", "count");
        await using var stream = new KafkaStream(topology, topics.Config());
        await stream.StartAsync();
        await stream.WaitUntilRunning().WaitAsync(Limit);
        Assert.Equal(7, store!.Counts["behind"]);
        Assert.Equal(1, store.Counts["k0"]);
    }

    [SkippableFact]
    public async Task AFailingRecord_GoesToTheDeadLettersAlone()
    {
        var topics = await NewTopics(1);
        topics.Produce(5, keys: 5);
        topics.Produce(1, value: "poison");
        var ends = topics.Produce(5, keys: 5);
        var config = topics.Config() with { DeadLetterTopic = topics.Dead };
        await using var stream = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), config);
        await stream.StartAsync();
        await stream.WaitUntilCommittedAsync(ends).WaitAsync(Limit);

        await topics.AssertExactlyOnceAsync(10, Limit);
        await topics.SettledAsync(topics.Dead);
        var dead = Assert.Single(topics.Read(topics.Dead));
        var headers = dead.Message.Headers.ToDictionary(h => h.Key, h => Encoding.UTF8.GetString(h.GetValueBytes()));
        Assert.Equal("poison", Encoding.UTF8.GetString(dead.Message.Value!));
        Assert.Equal(("PROCESSING_FAILED", "5", "System.FormatException"),
            (headers["streams.errors.code"], headers["__streams.errors.offset"], headers["__streams.errors.exception"]));
    }

    [SkippableFact]
    public async Task AFailureWithoutDeadLetterTopic_EndsTheInstance_AndItsTransactionIsNotVisible()
    {
        var topics = await NewTopics(1);
        using (var producer = Transactional("keyless"))
        {
            producer.InitTransactions(Limit);
            producer.BeginTransaction();
            producer.Produce(topics.Input, new Message<byte[], byte[]> { Key = null!, Value = [1] });
            producer.Produce(topics.Input, new Message<byte[], byte[]> { Key = "k"u8.ToArray(), Value = "poison"u8.ToArray() });
            producer.CommitTransaction(Limit);
        }
        await using var stream = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output, topics.Dead), topics.Config());
        await stream.StartAsync();
        await Assert.ThrowsAsync<StreamsException>(() => stream.Completion.WaitAsync(Limit));
        Assert.Equal(StreamState.Error, stream.State);
        Assert.Empty(topics.Read(topics.Dead));
        Assert.Empty(topics.Read(topics.Output));
    }

    [SkippableFact]
    public async Task Kill9_ReprocessesExactlyOnce()
    {
        var topics = await NewTopics();
        var total = 0;
        for (var round = 0; round < 3; round++)
        {
            using var child = new ChildInstance(broker.BootstrapServers, topics);
            topics.Produce(2000);
            total += 2000;
            await child.RunningAsync();
            topics.Produce(2000);
            total += 2000;
            child.Kill();
        }
        await using var last = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), topics.Config());
        await last.StartAsync();
        await topics.AssertExactlyOnceAsync(total, Limit);
    }

    [SkippableFact]
    public async Task AZombie_CommitsNothing()
    {
        var topics = await NewTopics(2);
        using var zombie = new ChildInstance(broker.BootstrapServers, topics);
        await zombie.RunningAsync();
        topics.Produce(500);
        await topics.AssertExactlyOnceAsync(500, Limit);
        topics.Produce(20000);
        zombie.Signal("STOP");
        await using var successor = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), topics.Config());
        await successor.StartAsync();
        await successor.WaitUntilCommittedAsync(topics.Ends()).WaitAsync(Limit);
        zombie.Signal("CONT");
        topics.Produce(500);
        await topics.AssertExactlyOnceAsync(21000, Limit);
    }

    [SkippableFact]
    public async Task GlobalStore_IsReadToItsEndBeforeTasksStart_AndFollowed()
    {
        var topics = await NewTopics();
        topics.Produce(100);
        var seen = 0;
        var topology = new Topology().AddGlobalStore("contracts", topics.Input, (_, _, _) => Interlocked.Increment(ref seen))
            .AddSource("source", topics.Output).AddProcessor("count", () => new CountingProcessor(), "source")
            .AddSink("sink", topics.Dead, "count").AddStateStore(() => new CountStore(), "counts", "count");
        await using var stream = new KafkaStream(topology, topics.Config());
        await stream.StartAsync();
        Assert.Equal(100, Volatile.Read(ref seen));
        topics.Produce(1);
        Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref seen) == 101, Limit));
    }

    [SkippableFact]
    public async Task AtLeastOnce_RestartsWithItsState()
    {
        var topics = await NewTopics();
        var config = topics.Config() with { ProcessingGuarantee = ProcessingGuarantee.AtLeastOnce };
        await RunOver(topics, 300, config);
        await RunOver(topics, 300, config);
        await topics.AssertExactlyOnceAsync(600, Limit);
    }

    [SkippableFact]
    public async Task AMissingSourceTopic_IsNamed()
    {
        var topics = await NewTopics();
        await using var stream = new KafkaStream(CountingProcessor.Topology("not-there", topics.Output), topics.Config());
        var thrown = await Assert.ThrowsAsync<StreamsException>(() => stream.StartAsync());
        Assert.Equal("topic \"not-there\" does not exist", thrown.Message);
    }

    private async Task<TestTopics> NewTopics(int partitions = 4)
    {
        Skip.IfNot(broker.Missing is null, broker.Missing);
        var topics = new TestTopics(broker.BootstrapServers, partitions);
        await topics.CreateAsync();
        return topics;
    }

    private async Task RunOver(TestTopics topics, int count, StreamConfig? config = null)
    {
        var ends = topics.Produce(count);
        await using var stream = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), config ?? topics.Config());
        await stream.StartAsync();
        await stream.WaitUntilCommittedAsync(ends).WaitAsync(Limit);
        await stream.StopAsync().WaitAsync(Limit);
    }

    private IProducer<byte[], byte[]> Transactional(string id, int timeoutMs = 60000) => new ProducerBuilder<byte[], byte[]>(new ProducerConfig
    {
        BootstrapServers = broker.BootstrapServers, TransactionalId = id + Guid.NewGuid().ToString("N"), TransactionTimeoutMs = timeoutMs,
    }).Build();
}

public sealed class KafkaStreamOnApacheKafkaTests(ApacheKafka broker) : KafkaStreamContract(broker), IClassFixture<ApacheKafka>;

public sealed class KafkaStreamOnEmbeddedTests(Embedded broker) : KafkaStreamContract(broker), IClassFixture<Embedded>;
