using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Broker.Tests.Contract;

/// <summary>Groups of the consumer protocol (KIP-848), by raw requests and through a client.</summary>
public abstract class ConsumerProtocolContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    private const int InvalidRequest = 42, FencedEpoch = 110, Unreleased = 111, UnsupportedAssignor = 112, StaleEpoch = 113, BadRegex = 128;
    private readonly string _group = $"g-{Guid.NewGuid():N}";

    [SkippableFact]
    public async Task A_member_joins_and_is_given_everything()
    {
        var topic = await SeenTopicAsync(3);
        using var a = await ConnectAsync();
        var joined = await a.EnterConsumerAsync("a", [topic]);
        Assert.Equal((0, null, "a", 2, 5000), (joined.Error, joined.Message, joined.Id, joined.Epoch, joined.Interval));
        Assert.Equal(3, joined.Assignment!.Count);
        var quiet = await a.BeatAsync("a", 2);
        Assert.Equal((0, 2, null), (quiet.Error, quiet.Epoch, quiet.Assignment));
        var full = await a.BeatAsync("a", 2, joined.Assignment, [topic], rebalance: 30_000);
        Assert.Equal(joined.Assignment, full.Assignment);
        var named = await a.EnterConsumerAsync("", [topic], version: 0);
        Assert.Equal(0, named.Error);
        Assert.True(named.Id!.Length > 0);
    }

    [SkippableFact]
    public async Task What_makes_no_sense_is_refused()
    {
        var topic = await SeenTopicAsync(1);
        using var a = await ConnectAsync();
        using var nameless = await GroupWire.ConnectAsync(BootstrapServers, "");
        Assert.Equal(InvalidRequest, (await nameless.EnterConsumerAsync("a", [topic])).Error);
        Assert.Equal(InvalidRequest, (await a.EnterConsumerAsync("", [topic])).Error);
        Assert.Equal(InvalidRequest, (await a.EnterConsumerAsync("a", [topic], instance: "")).Error);
        Assert.Equal(InvalidRequest, (await a.EnterConsumerAsync("a", [topic], rebalance: -1)).Error);
        Assert.Equal(InvalidRequest, (await a.EnterConsumerAsync("a", null)).Error);
        Assert.Equal(InvalidRequest, (await a.BeatAsync("a", 0, null, [topic], rebalance: 30_000)).Error);
        Assert.Equal(InvalidRequest, (await a.BeatAsync("a", -2)).Error);
        Assert.Equal(InvalidRequest, (await a.BeatAsync("a", -3)).Error);
        Assert.Equal(UnsupportedAssignor, (await a.EnterConsumerAsync("a", [topic], assignor: "other")).Error);
        Assert.Equal(BadRegex, (await a.EnterConsumerAsync("a", null, regex: "(")).Error);
        Assert.Equal(GroupWire.NotFound, (await a.BeatAsync("a", 2)).Error);
        Assert.Equal(GroupWire.NotFound, (await a.BeatAsync("a", -1)).Error);
        Assert.Equal(GroupWire.NotFound, (await a.DescribeConsumersAsync()).Error);
        Assert.Null(await a.ListedAsync());
    }

    [SkippableFact]
    public async Task A_partition_is_given_only_when_its_owner_has_given_it_up()
    {
        var topic = await SeenTopicAsync(4);
        using var a = await ConnectAsync();
        using var b = await ConnectAsync();
        var all = (await a.EnterConsumerAsync("a", [topic])).Assignment!;
        var joined = await b.EnterConsumerAsync("b", [topic]);
        Assert.Equal((0, 3), (joined.Error, joined.Epoch));
        Assert.Empty(joined.Assignment!);
        var told = await a.BeatAsync("a", 2);
        Assert.Equal((0, 2, 2), (told.Error, told.Epoch, told.Assignment!.Count));
        Assert.Null((await b.BeatAsync("b", 3)).Assignment);
        Assert.Equal("Reconciling", (await a.DescribeConsumersAsync()).State);
        Assert.Equal((2, null), ((await a.BeatAsync("a", 2, all)).Epoch, (await a.BeatAsync("a", 2)).Assignment));
        var moved = await a.BeatAsync("a", 2, told.Assignment);
        Assert.Equal((0, 3), (moved.Error, moved.Epoch));
        var given = await b.BeatAsync("b", 3, []);
        Assert.Equal(all.Except(told.Assignment!).Order(StringComparer.Ordinal), given.Assignment!);
        var described = await a.DescribeConsumersAsync();
        Assert.Equal(("Stable", 3, 3, "uniform"), (described.State, described.Epoch, described.TargetEpoch, described.Assignor));
        var member = described.Members.Single(m => m.Id == "b");
        Assert.Equal((3, "wire", "/127.0.0.1", 1), (member.Epoch, member.Client, member.Host, member.Type));
        Assert.Equal([topic], member.Topics);
        Assert.Equal(given.Assignment, member.Assigned);
        Assert.Equal(given.Assignment, member.Target);
        Assert.Equal(("consumer", "Stable", "consumer"), await a.ListedAsync());
        var classic = await a.DescribeAsync();
        Assert.Equal((GroupWire.NotFound, "Dead"), (classic.Error, classic.State));
    }

    [SkippableFact]
    public async Task A_member_that_leaves_makes_room()
    {
        var topic = await SeenTopicAsync(2);
        using var a = await ConnectAsync();
        await a.EnterConsumerAsync("a", [topic]);
        await a.EnterConsumerAsync("b", [topic]);
        var left = await a.BeatAsync("a", -1);
        Assert.Equal((0, "a", -1, null), (left.Error, left.Id, left.Epoch, left.Assignment));
        Assert.Equal("Assigning", (await a.DescribeConsumersAsync()).State);
        Assert.Equal(2, (await a.BeatAsync("b", 3)).Assignment!.Count);
        Assert.Equal(GroupWire.UnknownMember, (await a.BeatAsync("a", 2)).Error);
        Assert.Equal(GroupWire.UnknownMember, (await a.BeatAsync("a", -1)).Error);
        Assert.Equal(68, await a.DeleteAsync());
        await a.BeatAsync("b", -1);
        var empty = await a.DescribeConsumersAsync();
        Assert.Equal(("Empty", 5), (empty.State, empty.Epoch));
        Assert.Equal(0, await a.DeleteAsync());
        Assert.Equal(GroupWire.NotFound, (await a.DescribeConsumersAsync()).Error);
    }

    [SkippableFact]
    public async Task A_stale_epoch_is_fenced_unless_the_answer_was_lost()
    {
        var (topic, other) = (await SeenTopicAsync(2), await SeenTopicAsync(1));
        using var a = await ConnectAsync();
        var first = await a.EnterConsumerAsync("a", [topic]);
        Assert.Equal(FencedEpoch, (await a.BeatAsync("a", 3)).Error);
        Assert.Equal(3, (await a.BeatAsync("a", 2, first.Assignment, [topic, other], rebalance: 30_000)).Epoch);
        Assert.Equal(FencedEpoch, (await a.BeatAsync("a", 2)).Error);
        var again = await a.BeatAsync("a", 2, first.Assignment, [topic, other], rebalance: 30_000);
        Assert.Equal((0, 3, 3), (again.Error, again.Epoch, again.Assignment!.Count));
        var rejoined = await a.EnterConsumerAsync("a", [topic, other]);
        Assert.Equal((0, 3, 3), (rejoined.Error, rejoined.Epoch, rejoined.Assignment!.Count));
    }

    [SkippableFact]
    public async Task A_static_member_may_go_away_for_a_while()
    {
        var topic = await SeenTopicAsync(4);
        using var a = await ConnectAsync();
        await a.EnterConsumerAsync("a", [topic], "one");
        await a.EnterConsumerAsync("b", [topic], "two");
        var kept = (await a.BeatAsync("a", 2, null, instance: "one")).Assignment!;
        await a.BeatAsync("a", 2, kept, instance: "one");
        Assert.Equal(Unreleased, (await a.EnterConsumerAsync("a2", [topic], "one")).Error);
        Assert.Equal(GroupWire.Fenced, (await a.BeatAsync("a2", 3, instance: "one")).Error);
        Assert.Equal(GroupWire.UnknownMember, (await a.BeatAsync("a", 3, instance: "three")).Error);
        var away = await a.BeatAsync("a", -2, instance: "one");
        Assert.Equal((0, -2), (away.Error, away.Epoch));
        Assert.Equal(3, (await a.DescribeConsumersAsync()).Epoch);
        var back = await a.EnterConsumerAsync("a2", [topic], "one");
        Assert.Equal((0, 3), (back.Error, back.Epoch));
        Assert.Equal(kept, back.Assignment);
        Assert.Equal(GroupWire.Fenced, (await a.BeatAsync("a", 3, instance: "one")).Error);
        Assert.Equal(0, (await a.BeatAsync("a2", -1, instance: "one")).Error);
        Assert.Equal(4, (await a.DescribeConsumersAsync()).Epoch);
    }

    [SkippableFact]
    public async Task Ranges_are_assigned_by_topic()
    {
        var (first, second) = (await SeenTopicAsync(3), await SeenTopicAsync(3));
        using var a = await ConnectAsync();
        await a.EnterConsumerAsync("a", [first, second], assignor: "range");
        await a.EnterConsumerAsync("b", [first, second], assignor: "range");
        var described = await a.DescribeConsumersAsync();
        Assert.Equal("range", described.Assignor);
        Assert.Equal([4, 2], described.Members.OrderBy(m => m.Id, StringComparer.Ordinal).Select(m => m.Target.Count));
        Assert.All(described.Members.Single(m => m.Id == "b").Target, p => Assert.EndsWith(":2", p, StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Uneven_subscriptions_are_shared_as_evenly_as_they_allow()
    {
        var (wide, narrow) = (await SeenTopicAsync(4), await SeenTopicAsync(2));
        using var a = await ConnectAsync();
        await a.EnterConsumerAsync("a", [wide, narrow]);
        await a.EnterConsumerAsync("b", [wide]);
        var members = (await a.DescribeConsumersAsync()).Members;
        Assert.Equal([3, 3], members.Select(m => m.Target.Count));
        Assert.Equal(6, members.SelectMany(m => m.Target).Distinct().Count());
    }

    [SkippableFact]
    public async Task New_partitions_begin_an_epoch()
    {
        var topic = await SeenTopicAsync(1);
        using var a = await ConnectAsync();
        var joined = await a.EnterConsumerAsync("a", [topic]);
        using (var admin = Admin()) await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = topic, IncreaseTo = 3 }]);
        WireBeat beat = joined;
        await UntilAsync(async () => (beat = await a.BeatAsync("a", beat.Epoch, beat.Assignment ?? joined.Assignment)).Assignment?.Count == 3);
        Assert.Equal(3, beat.Epoch);
    }

    [SkippableFact]
    public async Task Topics_are_found_when_they_come_and_lost_when_they_go()
    {
        var name = $"late-{Guid.NewGuid():N}";
        using var a = await ConnectAsync();
        var joined = await a.EnterConsumerAsync("a", [name]);
        Assert.Equal((0, 2), (joined.Error, joined.Epoch));
        Assert.Empty(joined.Assignment!);
        using var admin = Admin();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = name, NumPartitions = 2, ReplicationFactor = 1 }]);
        var epoch = joined.Epoch;
        WireBeat beat = joined;
        await UntilAsync(async () => { beat = await a.BeatAsync("a", epoch); epoch = beat.Epoch; return beat.Assignment?.Count == 2; });
        await admin.DeleteTopicsAsync([name]);
        await UntilAsync(async () => { beat = await a.BeatAsync("a", epoch, []); epoch = beat.Epoch; return (await a.DescribeConsumersAsync()).Members[0].Assigned.Count == 0; });
    }

    [SkippableFact]
    public async Task A_pattern_matches_whole_names()
    {
        var topic = await SeenTopicAsync(2);
        var longer = $"{topic}-more";
        using var admin = Admin();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = longer, NumPartitions = 1, ReplicationFactor = 1 }]);
        using var a = await ConnectAsync();
        var pattern = $"{topic[..^3]}.{{3}}";
        var beat = await a.EnterConsumerAsync("a", null, regex: pattern);
        var owned = beat.Assignment!;
        await OwnAsync(2);
        Assert.Equal(pattern, (await a.DescribeConsumersAsync()).Members[0].Regex);
        beat = await a.BeatAsync("a", beat.Epoch, owned, regex: $"{topic}.*", rebalance: 30_000);
        owned = beat.Assignment ?? owned;
        await OwnAsync(3);

        Task OwnAsync(int count) => UntilAsync(async () =>
        {
            beat = await a.BeatAsync("a", beat.Epoch, owned);
            Assert.Equal(0, beat.Error);
            owned = beat.Assignment ?? owned;
            return owned.Count == count;
        });
    }

    [SkippableFact]
    public async Task Who_does_not_give_up_in_time_is_fenced()
    {
        var topic = await SeenTopicAsync(2);
        using var a = await ConnectAsync();
        // Its time begins with the answer that tells it to give up: nothing that follows may come too late.
        await a.EnterConsumerAsync("a", [topic], rebalance: 500);
        await a.EnterConsumerAsync("b", [topic]);
        Assert.Single((await a.BeatAsync("a", 2)).Assignment!);
        await UntilAsync(async () => (await a.BeatAsync("a", 2)).Error == GroupWire.UnknownMember);
        Assert.Equal(2, (await a.BeatAsync("b", 3)).Assignment!.Count);
    }

    [SkippableFact]
    public async Task Commits_and_fetches_are_checked_by_the_epoch()
    {
        var topic = await SeenTopicAsync(1);
        using var a = await ConnectAsync();
        await a.EnterConsumerAsync("a", [topic]);
        Assert.Equal([0], await a.CommitAsync(2, "a", null, (topic, 0, 7, "m")));
        Assert.Equal([StaleEpoch], await a.CommitAsync(3, "a", null, (topic, 0, 8, null)));
        Assert.Equal([GroupWire.UnknownMember], await a.CommitAsync(2, "nobody", null, (topic, 0, 8, null)));
        Assert.Equal([GroupWire.UnknownMember], await a.CommitAsync(-1, "", null, (topic, 0, 8, null)));
        var (error, offsets) = await a.FetchOffsetsAsync(topic, 1, "a", 2);
        Assert.Equal((0, 7, "m"), (error, offsets[0].Offset, offsets[0].Metadata));
        Assert.Equal(StaleEpoch, (await a.FetchOffsetsAsync(topic, 1, "a", 5)).Error);
        Assert.Equal(GroupWire.UnknownMember, (await a.FetchOffsetsAsync(topic, 1, "b", 2)).Error);
        Assert.Equal(7, (await a.FetchOffsetsAsync(topic)).Offsets[0].Offset);
        Assert.Equal([86], (await a.DeleteOffsetsAsync(topic, 0)).Partitions);
        await a.BeatAsync("a", -1);
        Assert.Equal([0], await a.CommitAsync(-1, "", null, (topic, 0, 9, null)));
    }

    [SkippableFact]
    public async Task An_empty_group_changes_its_protocol_and_keeps_its_offsets()
    {
        var topic = await SeenTopicAsync(1);
        using var a = await ConnectAsync();
        var classic = await a.EnterAsync();
        Assert.Equal(0, (await a.SyncAsync(classic)).Error);
        Assert.Equal([0], await a.CommitAsync(1, classic.Id, null, (topic, 0, 5, null)));
        await a.LeaveAsync((classic.Id, null));
        Assert.Equal(0, (await a.EnterConsumerAsync("a", [topic])).Error);
        Assert.Equal("consumer", (await a.ListedAsync())!.Value.Type);
        Assert.Equal(5, (await a.FetchOffsetsAsync(topic)).Offsets[0].Offset);
        await a.BeatAsync("a", -1);
        classic = await a.EnterAsync();
        Assert.Equal(0, classic.Error);
        Assert.Equal("classic", (await a.ListedAsync())!.Value.Type);
        Assert.Equal(5, (await a.FetchOffsetsAsync(topic)).Offsets[0].Offset);
    }

    [SkippableTheory]
    [InlineData("range")]
    [InlineData("uniform")]
    public async Task Clients_share_the_partitions_and_one_takes_over(string assignor)
    {
        var topic = await SeenTopicAsync(4);
        await ProduceAsync(topic, 8);
        using var first = ConsumerOf(assignor);
        first.Subscribe(topic);
        Until(() => { first.Consume(50); return first.Assignment.Count == 4; });
        var second = ConsumerOf(assignor);
        second.Subscribe(topic);
        Until(() => { first.Consume(50); second.Consume(50); return first.Assignment.Count == 2 && second.Assignment.Count == 2; });
        Assert.Empty(first.Assignment.Intersect(second.Assignment));
        second.Commit([new TopicPartitionOffset(second.Assignment[0], 1)]);
        second.Close();
        second.Dispose();
        Until(() => { first.Consume(50); return first.Assignment.Count == 4; });
        using var admin = Admin();
        var described = (await admin.DescribeConsumerGroupsAsync([_group])).ConsumerGroupDescriptions[0];
        Assert.Equal(ConsumerGroupState.Stable, described.State);
        Assert.Equal(assignor, described.PartitionAssignor);
        Assert.Equal(4, described.Members.Single().Assignment.TopicPartitions.Count);
    }

    /// <summary>A topic that the group's coordinator knows of, which on Apache Kafka is a moment later: else its epochs would count that too.</summary>
    private async Task<string> SeenTopicAsync(int partitions)
    {
        var topic = await CreateTopicAsync(partitions);
        using var probe = await ConnectAsync();
        var beat = await probe.EnterConsumerAsync("probe", [topic]);
        await UntilAsync(async () => beat.Assignment?.Count == partitions || (beat = await probe.BeatAsync("probe", beat.Epoch, [])).Assignment?.Count == partitions);
        await probe.BeatAsync("probe", -1);
        Assert.Equal(0, await probe.DeleteAsync());
        return topic;
    }

    private static async Task UntilAsync(Func<Task<bool>> reached)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!await reached())
        {
            Assert.True(DateTime.UtcNow < deadline, "not reached in time");
            await Task.Delay(20);
        }
    }

    private Task<GroupWire> ConnectAsync() => GroupWire.ConnectAsync(BootstrapServers, _group);

    private IConsumer<string, string> ConsumerOf(string assignor) => new ConsumerBuilder<string, string>(new ConsumerConfig
    {
        BootstrapServers = BootstrapServers, GroupId = _group, GroupProtocol = GroupProtocol.Consumer, GroupRemoteAssignor = assignor, EnableAutoCommit = false,
    }).SetLogHandler((_, _) => { }).Build();
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedConsumerProtocol(Embedded broker) : ConsumerProtocolContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheConsumerProtocol(ApacheKafka broker) : ConsumerProtocolContract(broker);
