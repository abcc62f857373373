namespace Streams.Streaming.Tests;

/// <summary>What holds while instances come and go, in both group protocols, on any broker.</summary>
public abstract class RebalanceContract(IBroker broker)
{
    private const int Partitions = 6;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    [SkippableTheory]
    [InlineData(GroupProtocol.Classic)]
    [InlineData(GroupProtocol.Consumer)]
    public async Task ScalingOutAndIn_LosesAndDoublesNothing_AndKeptTasksRunOn(GroupProtocol protocol)
    {
        var topics = await NewTopics();
        var config = topics.Config() with { GroupProtocol = protocol };
        var log = new CapturedLog();
        await using var first = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), config, log);
        await first.StartAsync();
        await first.WaitUntilRunning().WaitAsync(Limit);
        topics.Produce(600);
        await topics.AssertExactlyOnceAsync(600, Limit);

        await using var feed = new Feed(topics);
        await using var second = await JoinAsync(topics, config, partitions: 2);
        await using var third = await JoinAsync(topics, config, partitions: 2);
        await Probe.EventuallyAsync(() => first.State == StreamState.Running && RuntimeContract.CountsOf(first) == 2, Limit);
        await second.StopAsync().WaitAsync(Limit);
        await third.StopAsync().WaitAsync(Limit);
        await Probe.EventuallyAsync(() => first.State == StreamState.Running && RuntimeContract.CountsOf(first) == Partitions, Limit);
        var sent = await feed.StopAsync();
        await topics.AssertExactlyOnceAsync(600 + sent, Limit);
        var assignments = log.Assignments;
        // A commit that failed, on a machine with too much to do, also makes tasks anew, and a session that ended assigns them anew.
        if (log.Count(2005) > 0)
            return;
        // Never more often restored than assigned; less often where a partition was taken away again before its restore had ended.
        Assert.All(Enumerable.Range(0, Partitions), p => Assert.True(log.Restores[$"0_{p}"] <= assignments[p], log.ToString()));
        if (protocol == GroupProtocol.Consumer)
            Assert.True(assignments.Values.Sum() < 3 * Partitions, log.ToString());
    }

    [SkippableFact]
    public async Task AZombieOfTheConsumerProtocol_CommitsNothing()
    {
        var topics = await NewTopics();
        using var zombie = new ChildInstance(broker.BootstrapServers, topics, GroupProtocol.Consumer);
        await zombie.RunningAsync();
        topics.Produce(500);
        await topics.AssertExactlyOnceAsync(500, Limit);
        topics.Produce(20000);
        zombie.Signal("STOP");
        await using var successor = new KafkaStream(
            CountingProcessor.Topology(topics.Input, topics.Output), topics.Config() with { GroupProtocol = GroupProtocol.Consumer });
        await successor.StartAsync();
        await successor.WaitUntilCommittedAsync(topics.Ends()).WaitAsync(Limit);
        zombie.Signal("CONT");
        topics.Produce(500);
        await topics.AssertExactlyOnceAsync(21000, Limit);
    }

    [SkippableFact]
    public async Task Kill9InTheConsumerProtocol_ReprocessesExactlyOnce()
    {
        var topics = await NewTopics();
        var total = 0;
        for (var round = 0; round < 2; round++)
        {
            using var child = new ChildInstance(broker.BootstrapServers, topics, GroupProtocol.Consumer);
            topics.Produce(2000);
            await child.RunningAsync();
            topics.Produce(2000);
            total += 4000;
            child.Kill();
        }
        var log = new CapturedLog();
        await using var last = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), topics.Config() with { GroupProtocol = GroupProtocol.Consumer }, log);
        await last.StartAsync();
        await topics.AssertExactlyOnceAsync(total, Limit * 2, log);
    }

    /// <summary>An instance that has come to run at least as many partitions.</summary>
    private static async Task<KafkaStream> JoinAsync(TestTopics topics, StreamConfig config, int partitions)
    {
        var stream = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), config);
        await stream.StartAsync();
        await Probe.EventuallyAsync(() => stream.State == StreamState.Running && RuntimeContract.CountsOf(stream) >= partitions, Limit);
        return stream;
    }

    private async Task<TestTopics> NewTopics()
    {
        Skip.IfNot(broker.Missing is null, broker.Missing);
        var topics = new TestTopics(broker.BootstrapServers, Partitions);
        await topics.CreateAsync();
        return topics;
    }

    /// <summary>Produces all the time, so that every rebalance meets records under way.</summary>
    private sealed class Feed : IAsyncDisposable
    {
        private readonly CancellationTokenSource stopping = new();
        private readonly Task<int> sending;

        public Feed(TestTopics topics) => sending = Task.Run(async () =>
        {
            var sent = 0;
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
            while (!stopping.IsCancellationRequested)
            {
                topics.Produce(50);
                sent += 50;
                await timer.WaitForNextTickAsync();
            }
            return sent;
        });

        public async Task<int> StopAsync()
        {
            await stopping.CancelAsync();
            return await sending;
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            stopping.Dispose();
        }
    }
}

public sealed class RebalanceOnApacheKafkaTests(ApacheKafka broker) : RebalanceContract(broker), IClassFixture<ApacheKafka>;

public sealed class RebalanceOnEmbeddedTests(Embedded broker) : RebalanceContract(broker), IClassFixture<Embedded>;
