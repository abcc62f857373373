using System.Collections.Concurrent;
using Confluent.Kafka;

namespace Streams.Broker.Tests.Contract;

/// <summary>
/// Members come and go while records are read and committed, in each way to rebalance: no partition has two owners at a time, committed offsets never
/// go back, and in the end all is committed.
/// </summary>
public abstract class GroupStormContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    private const int Partitions = 4;
    private readonly ConcurrentDictionary<int, string> _owners = new();
    private readonly ConcurrentDictionary<int, long> _committed = new();
    private readonly ConcurrentQueue<string> _wrong = new();

    [SkippableTheory]
    [InlineData("eager")]
    [InlineData("cooperative")]
    [InlineData("consumer")]
    public async Task Partitions_have_one_owner_at_a_time_and_commits_never_go_back(string protocol)
    {
        var topic = await CreateTopicAsync(Partitions);
        var records = Tier.Of(200, 2000);
        using (var producer = Producer())
        {
            for (var i = 0; i < records; i++) producer.Produce(new TopicPartition(topic, i % Partitions), new Message<string, string> { Key = $"{i}", Value = $"{i}" });
            producer.Flush(Patience);
        }
        var seed = Environment.TickCount;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(Tier.Of(180, 600)));
        await Task.WhenAll(Enumerable.Range(0, 3).Select(m => Task.Factory.StartNew(() =>
        {
            var random = new Random(unchecked(seed + m));
            while (Committed() < records && !limit.IsCancellationRequested) Visit(topic, protocol, $"m{m}-{random.Next()}", random.Next(10, 60), () => Committed() < records);
        }, limit.Token, TaskCreationOptions.LongRunning, TaskScheduler.Default)));
        Assert.True(_wrong.IsEmpty, $"seed {seed}: {string.Join("; ", _wrong)}");
        Assert.True(records == Committed(), $"seed {seed}: {Committed()} of {records} records were committed");
        using var reader = Consumer($"storm-{topic}", IsolationLevel.ReadCommitted);
        var found = reader.Committed(Enumerable.Range(0, Partitions).Select(p => new TopicPartition(topic, p)), Patience);
        Assert.Equal(records, found.Sum(c => c.Offset.Value));
    }

    private long Committed() => _committed.Values.Sum();

    /// <summary>One member joins, reads and commits a while, and leaves.</summary>
    private void Visit(string topic, string protocol, string name, int records, Func<bool> goesOn)
    {
        var member = Member($"storm-{topic}", protocol, name);
        member.Subscribe(topic);
        var patience = DateTime.UtcNow.AddSeconds(8);
        while (records > 0 && goesOn() && DateTime.UtcNow < patience)
        {
            if (member.Consume(50) is not { IsPartitionEOF: false } result) continue;
            records--;
            try
            {
                member.Commit(result);
            }
            catch (KafkaException)
            {
                continue; // a rebalance is under way: whoever gets the partition reads the record again
            }
            var offset = result.Offset.Value + 1;
            _committed.AddOrUpdate(result.Partition.Value, offset, (_, before) =>
            {
                if (before >= offset) _wrong.Enqueue($"{name} committed {offset} of partition {result.Partition.Value} after {before}");
                return offset;
            });
        }
        Leave(member, name);
    }

    /// <summary>librdkafka 2.15.1 was seen to wait for ever for its own group thread in a close (incremental unassign): such a member is left behind, as one that died.</summary>
    private void Leave(IConsumer<string, string> member, string name)
    {
        if (Task.Factory.StartNew(member.Close, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Wait(TimeSpan.FromSeconds(60))) member.Dispose();
        else foreach (var owned in _owners.Where(o => o.Value == name)) _owners.TryRemove(owned);
    }

    private IConsumer<string, string> Member(string group, string protocol, string name)
    {
        var config = new ConsumerConfig { BootstrapServers = BootstrapServers, GroupId = group, AutoOffsetReset = AutoOffsetReset.Earliest, EnableAutoCommit = false, ClientId = name, MaxPollIntervalMs = 60_000 };
        if (protocol == "consumer") config.GroupProtocol = GroupProtocol.Consumer;
        else
        {
            config.PartitionAssignmentStrategy = protocol == "eager" ? PartitionAssignmentStrategy.Range : PartitionAssignmentStrategy.CooperativeSticky;
            // As long as the consumer protocol's own: a broker or client that stands still for seconds costs no member its partitions.
            (config.SessionTimeoutMs, config.HeartbeatIntervalMs) = (45_000, 200);
        }
        return new ConsumerBuilder<string, string>(config).SetLogHandler((_, _) => { })
            .SetPartitionsAssignedHandler((_, partitions) =>
            {
                foreach (var p in partitions)
                {
                    if (!_owners.TryAdd(p.Partition.Value, name)) _wrong.Enqueue($"{name} was given partition {p.Partition.Value} while {_owners[p.Partition.Value]} had it");
                }
            })
            .SetPartitionsRevokedHandler((_, partitions) => Release(name, partitions))
            .SetPartitionsLostHandler((_, partitions) => Release(name, partitions))
            .Build();
    }

    private void Release(string name, List<TopicPartitionOffset> partitions)
    {
        foreach (var p in partitions) _owners.TryRemove(new KeyValuePair<int, string>(p.Partition.Value, name));
    }
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedGroupStorm(Embedded broker) : GroupStormContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheGroupStorm(ApacheKafka broker) : GroupStormContract(broker);
