using Confluent.Kafka;
using Streams.Testing;

namespace Streams.Streaming.Tests.LocalState;

/// <summary>Instances with directories of their own, one of which dies: who takes over starts from its own copy.</summary>
public abstract class StandbyContract(IBroker broker) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("streams-standby-");

    public void Dispose() => folder.Delete(recursive: true);

    [SkippableTheory]
    [InlineData(2, 1)]
    [InlineData(3, 1)]
    [InlineData(3, 2)]
    public async Task A_take_over_reads_only_the_tail(int instances, int replicas)
    {
        Skip.IfNot(broker.Missing is null, broker.Missing);
        Skip.If(!Tier.IsFull && (instances, replicas) == (3, 2), "in the full tier");
        var topics = new TestTopics(broker.BootstrapServers);
        await topics.CreateAsync();
        using var owner = new ChildInstance(broker.BootstrapServers, topics, GroupProtocol.Classic, 4000, Folder("owner"), "a-owner", $"{replicas}");
        await owner.RunningAsync();
        var logs = new List<LogRecorder>();
        var streams = new List<KafkaStream>();
        for (var i = 1; i < instances; i++)
        {
            logs.Add(new LogRecorder());
            streams.Add(new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), Config(topics, $"b{i}", replicas), logs[^1]));
            await streams[^1].StartAsync();
            await streams[^1].WaitUntilRunning().WaitAsync(Limit);
        }
        topics.Produce(5000, keys: 500);
        await topics.AssertExactlyOnceAsync(5000, Limit);
        await CaughtUpAsync(streams, topics, replicas);
        var before = logs.Sum(l => l.Restores.Count);

        owner.Kill();
        // Written sooner, it would be in the changelogs of tasks that move from one survivor to another as well, and these copies may lag by as much.
        await Probe.EventuallyAsync(() => streams.TrueForAll(s => s.State == StreamState.Running) && streams.Sum(RuntimeContract.CountsOf) == topics.Partitions, Limit);
        topics.Produce(500, keys: 500);
        await topics.AssertExactlyOnceAsync(5500, Limit);
        var taken = logs.SelectMany(l => l.Restores).Skip(before).ToList();
        Assert.NotEmpty(taken);
        Assert.All(logs.SelectMany(l => l.Restores.Skip(l.Restores.Count - 1)), r => Assert.True(r.Records <= 20 && r.Entries > 20, $"{r}"));
        foreach (var stream in streams)
            await stream.DisposeAsync();
    }

    /// <summary>Every task has as many copies on other instances as it should, all at the changelog's end.</summary>
    private static async Task CaughtUpAsync(List<KafkaStream> streams, TestTopics topics, int replicas)
    {
        var ends = topics.Read(topics.Changelog, IsolationLevel.ReadUncommitted).GroupBy(r => r.Partition.Value).ToDictionary(g => g.Key, g => g.Max(r => r.Offset.Value) + 1);
        var deadline = Environment.TickCount64 + 120_000;
        // The owner's own copies are in another process; those of its tasks must all be here.
        while (!ends.All(e => streams.Sum(s => s.StandbyOffsets.GetValueOrDefault(new TopicPartition(topics.Changelog, e.Key)) >= e.Value ? 1 : 0) >= Wanted(streams, topics, e.Key, replicas)))
        {
            Assert.True(Environment.TickCount64 < deadline, "the standbys do not catch up: "
                + string.Join("; ", streams.Select(s => string.Join(", ", s.StandbyOffsets))) + " of " + string.Join(", ", ends));
            await Task.Delay(100);
        }
    }

    private static int Wanted(List<KafkaStream> streams, TestTopics topics, int partition, int replicas) =>
        streams.Exists(s => s.CommittedOffsets.ContainsKey(new TopicPartition(topics.Input, partition)) && s.StandbyOffsets.Count < topics.Partitions
            && !s.StandbyOffsets.ContainsKey(new TopicPartition(topics.Changelog, partition))) ? 0 : replicas;

    private string Folder(string instance) => Path.Combine(folder.FullName, instance);

    private StreamConfig Config(TestTopics topics, string instance, int replicas) => topics.Config() with
    {
        StateDir = Folder(instance), InstanceId = instance, NumStandbyReplicas = replicas,
    };
}

public sealed class StandbyOnTheEmbeddedBrokerTests(Embedded broker) : StandbyContract(broker), IClassFixture<Embedded>;

public sealed class StandbyOnApacheKafkaTests(ApacheKafka broker) : StandbyContract(broker), IClassFixture<ApacheKafka>;
