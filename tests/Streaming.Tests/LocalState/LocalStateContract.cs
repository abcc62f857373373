using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging.Abstractions;
using Streams.Streaming.Runtime;
using Streams.Testing;
using Local = Streams.Streaming.State.Local;

namespace Streams.Streaming.Tests.LocalState;

/// <summary>Restarts, take-overs and accidents of instances that keep local state; a subclass names the broker.</summary>
public abstract class LocalStateContract(IBroker broker) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("streams-state-");

    public void Dispose() => folder.Delete(recursive: true);

    [SkippableFact]
    public async Task A_restart_loads_local_state_and_reads_nothing_again()
    {
        var topics = await NewTopics();
        var first = await RunOver(topics, 2000);
        Assert.Equal(4, first.Restores.Count);
        var second = await RunOver(topics, 100);
        Assert.Equal(4, second.Restores.Count);
        Assert.All(second.Restores, r => Assert.Equal(0, r.Records));
        Assert.All(second.Restores, r => Assert.True(r.Entries > 0));
        await topics.AssertExactlyOnceAsync(2100, Limit);
        await AssertLogsAgreeWithChangelogAsync(topics);
    }

    [SkippableTheory]
    [InlineData("stream.after_flush", 3)]
    [InlineData("stream.after_send_offsets", 2)]
    [InlineData("stream.after_commit", 3)]
    [InlineData("stream.after_local_append", 2)]
    [InlineData("stream.during_restore", 1)]
    public async Task Killed_anywhere_it_goes_on_exactly_once(string point, int times)
    {
        Skip.If(!Tier.IsFull && (broker is ApacheKafka || point == "stream.after_flush"), "in the full tier");
        var topics = await NewTopics(2);
        await RunOver(topics, 500);
        if (point == "stream.during_restore")
            Directory.Delete(StateRoot(topics), recursive: true);
        for (var round = 0; round < Tier.Of(1, 3); round++)
        {
            topics.Produce(500);
            using var child = new ChildInstance(broker.BootstrapServers, topics, GroupProtocol.Classic, 4000, folder.FullName, "one", "0", point, $"{times}");
            await UntilKilledAsync(child, topics);
        }
        var last = await RunOver(topics, 100);
        Assert.Equal(2, last.Restores.Count);
        var ends = topics.Ends();
        await topics.AssertExactlyOnceAsync((int)ends.Values.Sum(), Limit);
        await AssertLogsAgreeWithChangelogAsync(topics);
    }

    /// <summary>An offset kept beside state that was given up later: Kafka Streams had that in 4.2 (KAFKA-20685), Streamiz at lost partitions.</summary>
    [SkippableFact]
    public async Task KAFKA_20685_local_state_never_holds_what_was_given_up()
    {
        var topics = await NewTopics(1);
        topics.Produce(20, keys: 5);
        topics.Produce(1, value: "poison");
        topics.Produce(20, keys: 5);
        topics.Produce(1, value: "poison");
        var ends = topics.Produce(5, keys: 5);
        var config = Config(topics) with { DeadLetterTopic = topics.Dead };
        var log = new LogRecorder();
        await Run(topics, config, ends, log);
        Assert.True(log.Restores.Count >= 3, "the transactions were not given up");
        Assert.Contains(log.Restores, r => r.Records == 0 && r.Entries > 0);
        await topics.AssertExactlyOnceAsync(45, Limit);
        await AssertLogsAgreeWithChangelogAsync(topics);
    }

    [SkippableFact]
    public async Task Offsets_are_never_ahead_of_the_changelog_whatever_zombies_leave_in_it()
    {
        var topics = await NewTopics(1);
        await RunOver(topics, 50);
        for (var round = 0; round < 3; round++)
        {
            using (var zombie = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = broker.BootstrapServers, TransactionalId = "z" + topics.Application }).Build())
            {
                zombie.InitTransactions(Limit);
                zombie.BeginTransaction();
                for (var i = 0; i < 10; i++)
                    zombie.Produce(topics.Changelog, new Message<byte[], byte[]> { Key = "k0"u8.ToArray(), Value = [0, 0, 0, 0, 0, 0, 99, 99] });
                zombie.Flush(Limit);
                zombie.AbortTransaction(Limit);
            }
            var log = await RunOver(topics, 50);
            Assert.Empty(log.Texts(LogRecorder.Wiped));
            await AssertLogsAgreeWithChangelogAsync(topics);
        }
        await topics.AssertExactlyOnceAsync(200, Limit);
    }

    [SkippableFact]
    public async Task State_of_a_changelog_that_was_made_anew_is_thrown_away()
    {
        var topics = await NewTopics(1);
        await RunOver(topics, 40);
        using (var admin = Admin())
        {
            await admin.DeleteTopicsAsync([topics.Changelog]);
            await admin.DeleteGroupsAsync([topics.Application]);
        }
        var log = await RunOver(topics, 10);
        Assert.Contains("other stores or topics", Assert.Single(log.Texts(LogRecorder.Wiped)));
        Assert.Equal(("0_0", 0, 0), Assert.Single(log.Restores));
        await AssertLogsAgreeWithChangelogAsync(topics);
    }

    [SkippableFact]
    public async Task State_older_than_the_changelogs_beginning_is_thrown_away()
    {
        var topics = await NewTopics(1);
        await RunOver(topics, 40);
        await Restarted(topics, 40, Config(topics) with { StateDir = null });
        using (var admin = Admin())
        {
            var policy = new ConfigEntry { Name = "cleanup.policy", Value = "compact,delete", IncrementalOperation = AlterConfigOpType.Set };
            await admin.IncrementalAlterConfigsAsync(new() { [new ConfigResource { Name = topics.Changelog, Type = ResourceType.Topic }] = [policy] });
            await DeleteRecordsAsync(admin, new TopicPartitionOffset(topics.Changelog, 0, End(topics) - 1));
        }
        var log = await RunOver(topics, 10);
        Assert.Contains("begins at", Assert.Single(log.Texts(LogRecorder.Wiped)));
    }

    [SkippableFact]
    public async Task Damaged_or_missing_state_costs_reading_not_results()
    {
        var topics = await NewTopics(1);
        await RunOver(topics, 300);
        var random = new Random(7);
        for (var round = 0; round < 4; round++)
        {
            var files = Directory.GetFiles(StateRoot(topics), "*.log", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToList();
            var bytes = await File.ReadAllBytesAsync(files[^1]);
            bytes[random.Next(bytes.Length)] ^= 0x10;
            if (round == 3)
                Directory.Delete(StateRoot(topics), recursive: true);
            else
                await File.WriteAllBytesAsync(files[^1], bytes);
            await RunOver(topics, 100);
            await AssertLogsAgreeWithChangelogAsync(topics);
        }
        await topics.AssertExactlyOnceAsync(700, Limit);
    }

    [SkippableFact]
    public async Task Two_instances_on_one_directory_hand_tasks_over()
    {
        var topics = await NewTopics();
        await using var first = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), Config(topics) with { NumStreamThreads = 2 });
        await first.StartAsync();
        await first.WaitUntilCommittedAsync(topics.Produce(1000)).WaitAsync(Limit);
        Assert.Throws<InvalidOperationException>(first.CleanUp);
        var log = new LogRecorder();
        await using var second = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), Config(topics), log);
        await second.StartAsync();
        await second.WaitUntilRunning().WaitAsync(Limit);
        Assert.Throws<StreamsException>(() => Local.LocalState.CleanUp(Config(topics)));
        topics.Produce(1000);
        await topics.AssertExactlyOnceAsync(2000, Limit);
        await first.StopAsync().WaitAsync(Limit);
        topics.Produce(200);
        await topics.AssertExactlyOnceAsync(2200, Limit);
        Assert.All(log.Restores, r => Assert.True(r.Records < 100 && r.Entries > 0, $"{r}"));
        await second.StopAsync().WaitAsync(Limit);
        second.CleanUp();
        Assert.Empty(Directory.GetFiles(StateRoot(topics), "*.log", SearchOption.AllDirectories));
    }

    [SkippableFact]
    public async Task At_least_once_goes_on_from_local_state_too()
    {
        var topics = await NewTopics(1);
        var config = Config(topics) with { ProcessingGuarantee = ProcessingGuarantee.AtLeastOnce };
        await Restarted(topics, 300, config);
        var log = await Restarted(topics, 300, config);
        Assert.Equal(0, Assert.Single(log.Restores).Records);
        await topics.AssertExactlyOnceAsync(600, Limit);
        await AssertLogsAgreeWithChangelogAsync(topics);
    }

    private protected StreamConfig Config(TestTopics topics) => topics.Config() with { StateDir = folder.FullName };

    private protected async Task<TestTopics> NewTopics(int partitions = 4)
    {
        Skip.IfNot(broker.Missing is null, broker.Missing);
        var topics = new TestTopics(broker.BootstrapServers, partitions);
        await topics.CreateAsync();
        return topics;
    }

    private Task<LogRecorder> RunOver(TestTopics topics, int count) => Restarted(topics, count, Config(topics));

    private static async Task<LogRecorder> Restarted(TestTopics topics, int count, StreamConfig config)
    {
        var log = new LogRecorder();
        await Run(topics, config, topics.Produce(count), log);
        return log;
    }

    private static async Task Run(TestTopics topics, StreamConfig config, IReadOnlyDictionary<int, long> ends, LogRecorder log)
    {
        await using var stream = new KafkaStream(CountingProcessor.Topology(topics.Input, topics.Output), config, log);
        await stream.StartAsync();
        await stream.WaitUntilCommittedAsync(ends).WaitAsync(Limit);
        await stream.StopAsync().WaitAsync(Limit);
    }

    /// <summary>Gives it something to commit again and again until it has ended.</summary>
    private static async Task UntilKilledAsync(ChildInstance child, TestTopics topics)
    {
        for (var i = 0; i < 300 && !child.HasEnded; i++)
        {
            topics.Produce(10);
            await Task.Delay(100);
        }
        Assert.True(child.HasEnded, "the kill point was not reached");
    }

    /// <summary>Apache's broker hears of a topic's new policy after it has confirmed it, and until then deletes nothing of a topic that is compacted only.</summary>
    private static async Task DeleteRecordsAsync(IAdminClient admin, TopicPartitionOffset before)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (true)
        {
            try
            {
                await admin.DeleteRecordsAsync([before]);
                return;
            }
            catch (DeleteRecordsException e) when (e.Results.TrueForAll(r => r.Error.Code == ErrorCode.PolicyViolation) && !limit.IsCancellationRequested)
            {
                await timer.WaitForNextTickAsync(CancellationToken.None);
            }
        }
    }

    private string StateRoot(TestTopics topics) => Path.Combine(folder.FullName, topics.Application);

    private IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();

    private static long End(TestTopics topics) => topics.Read(topics.Changelog, IsolationLevel.ReadUncommitted).Max(r => r.Offset.Value) + 1;

    /// <summary>Each task's log, and what its changelog has from the log's offset on, give what the whole changelog gives.</summary>
    private async Task AssertLogsAgreeWithChangelogAsync(TestTopics topics)
    {
        await topics.SettledAsync(topics.Changelog);
        var records = topics.Read(topics.Changelog);
        using var admin = new BrokerAdmin(Config(topics), NullLogger.Instance);
        for (var partition = 0; partition < topics.Partitions; partition++)
        {
            var changelogs = TaskChangelogs.Of(topics.Application, $"0_{partition}", ["counts"], partition, admin);
            using var state = new Local.LocalState(Config(topics), NullLogger.Instance);
            using var log = state.Open(changelogs.Identity(admin), changelogs.Starts, changelogs.Ends);
            Assert.NotNull(log);
            Assert.False(log.IsEmpty);
            Assert.True(log.Positions[0] <= changelogs.Ends[0]);
            CountStore whole = new(), parts = new();
            log.Load([parts], CancellationToken.None);
            foreach (var record in records.Where(r => r.Partition.Value == partition))
            {
                whole.Restore(record.Message.Key, record.Message.Value, record.Message.Value is null);
                if (record.Offset.Value >= log.Positions[0])
                    parts.Restore(record.Message.Key, record.Message.Value, record.Message.Value is null);
            }
            Assert.Equal(whole.Counts, parts.Counts);
        }
    }
}

public sealed class LocalStateOnTheEmbeddedBrokerTests(Embedded broker) : LocalStateContract(broker), IClassFixture<Embedded>;

public sealed class LocalStateOnApacheKafkaTests(ApacheKafka broker) : LocalStateContract(broker), IClassFixture<ApacheKafka>;
