namespace Streams.Broker.Tests.Contract;

/// <summary>Groups of the classic protocol, by raw requests: members, rebalances, static members, what administrators see.</summary>
public abstract class GroupContract(IBrokerUnderTest broker) : BrokerContract(broker)
{
    /// <summary>For members that are to be missed; RebalanceMs is long enough for the steps before that on a machine that stands still for seconds.</summary>
    private const int SessionMs = 1000, RebalanceMs = 8000;
    private readonly List<GroupWire> _open = [];

    [SkippableFact]
    public async Task A_new_dynamic_member_is_sent_back_for_its_id()
    {
        var (a, _) = await TwoAsync();
        var first = await a.JoinAsync();
        Assert.Equal(GroupWire.MemberIdRequired, first.Error);
        Assert.StartsWith("wire-", first.Id, StringComparison.Ordinal);
        Assert.Equal((-1, ""), (first.Generation, first.Leader));
        var joined = await a.JoinAsync(first.Id);
        Assert.Equal((0, 1, first.Id, first.Id), (joined.Error, joined.Generation, joined.Id, joined.Leader));
        Assert.Equal([first.Id], joined.Members);
        Assert.Equal(("consumer", "range"), (joined.Type, joined.Protocol));
    }

    [SkippableFact]
    public async Task Clients_that_know_no_such_way_back_join_at_once()
    {
        var (a, _) = await TwoAsync();
        var joined = await a.JoinAsync(version: 3);
        Assert.Equal((0, 1, joined.Id), (joined.Error, joined.Generation, joined.Leader));
    }

    [SkippableFact]
    public async Task What_cannot_join_is_refused()
    {
        var (a, b) = await TwoAsync();
        using var nameless = await ConnectAsync("");
        Assert.Equal(24, (await nameless.JoinAsync()).Error);
        Assert.Equal(26, (await a.JoinAsync(session: 0)).Error);
        Assert.Equal(26, (await a.JoinAsync(session: 1_800_001)).Error);
        Assert.Equal(GroupWire.UnknownMember, (await a.JoinAsync("nobody")).Error);
        Assert.Equal(GroupWire.Inconsistent, (await a.JoinAsync(type: "")).Error);
        Assert.Equal(GroupWire.Inconsistent, (await a.JoinAsync(protocols: [])).Error);
        await a.EnterAsync();
        Assert.Equal(GroupWire.Inconsistent, (await b.JoinAsync(protocols: ["other"])).Error);
        Assert.Equal(GroupWire.Inconsistent, (await b.JoinAsync(type: "connect")).Error);
    }

    [SkippableFact]
    public async Task All_are_collected_and_the_leader_assigns()
    {
        var (a, b) = await TwoAsync();
        var (leader, follower) = await StableAsync(a, b);
        Assert.Equal(2, leader.Generation);
        Assert.Equal(2, leader.Members.Count);
        Assert.Empty(follower.Members);
        Assert.Equal(leader.Id, follower.Leader);
        Assert.Equal(0, await a.HeartbeatAsync(leader.Id, 2));
        Assert.Equal(GroupWire.IllegalGeneration, await a.HeartbeatAsync(leader.Id, 1));
        Assert.Equal(GroupWire.UnknownMember, await a.HeartbeatAsync("nobody", 2));
        Assert.Equal(GroupWire.UnknownMember, await a.HeartbeatAsync(leader.Id, 2, "no-instance"));
        Assert.Equal(GroupWire.IllegalGeneration, (await a.SyncAsync(leader, generation: 1)).Error);
        Assert.Equal(GroupWire.Inconsistent, (await a.SyncAsync(leader, protocol: "other")).Error);
        Assert.Equal("for-b", (await b.SyncAsync(follower)).Assignment);
    }

    [SkippableFact]
    public async Task A_follower_that_joins_again_unchanged_disturbs_nobody_but_the_leader_does()
    {
        var (a, b) = await TwoAsync();
        var (leader, follower) = await StableAsync(a, b);
        var again = await b.JoinAsync(follower.Id);
        Assert.Equal((0, 2, leader.Id), (again.Error, again.Generation, again.Leader));
        Assert.Empty(again.Members);
        Assert.Equal(0, await a.HeartbeatAsync(leader.Id, 2));
        var rejoining = a.JoinAsync(leader.Id);
        await UntilAsync(async () => await b.HeartbeatAsync(follower.Id, 2) == GroupWire.RebalanceInProgress);
        Assert.Equal(3, (await b.JoinAsync(follower.Id)).Generation);
        Assert.Equal(3, (await rejoining).Generation);
    }

    [SkippableFact]
    public async Task A_follower_with_another_subscription_starts_a_rebalance()
    {
        var (a, b) = await TwoAsync();
        var (leader, follower) = await StableAsync(a, b);
        var rejoining = b.JoinAsync(follower.Id, metadata: GroupWire.Subscription("other"));
        await UntilAsync(async () => await a.HeartbeatAsync(leader.Id, 2) == GroupWire.RebalanceInProgress);
        Assert.Equal(GroupWire.RebalanceInProgress, (await a.SyncAsync(leader)).Error);
        Assert.Equal(3, (await a.JoinAsync(leader.Id)).Generation);
        Assert.Equal(0, (await rejoining).Error);
    }

    [SkippableFact]
    public async Task The_protocol_is_what_most_prefer_of_what_all_support()
    {
        var group = Name();
        var (a, b, c) = (await ConnectAsync(group), await ConnectAsync(group), await ConnectAsync(group));
        var first = await a.EnterAsync(protocols: ["x", "y", "z"]);
        var (second, third) = (b.EnterAsync(protocols: ["z", "y"]), c.EnterAsync(protocols: ["z", "x", "y"]));
        await UntilAsync(async () => await a.HeartbeatAsync(first.Id, 1) == GroupWire.RebalanceInProgress);
        // All must be waiting before the first member closes the round: until then the group has fewer members.
        await UntilAsync(async () => (await a.DescribeAsync()).Members.Count == 3);
        Assert.Equal("z", (await a.JoinAsync(first.Id, protocols: ["y", "z"])).Protocol);
        Assert.Equal(("z", "z"), ((await second).Protocol, (await third).Protocol));
    }

    [SkippableFact]
    public async Task Followers_are_released_when_the_leader_dies()
    {
        var (a, b) = await TwoAsync();
        var first = await a.EnterAsync();
        var joining = b.EnterAsync();
        await UntilAsync(async () => await a.HeartbeatAsync(first.Id, 1) == GroupWire.RebalanceInProgress);
        Assert.Equal(first.Id, (await a.JoinAsync(first.Id, session: SessionMs)).Leader);
        var follower = await joining;
        Assert.Equal(GroupWire.RebalanceInProgress, (await b.SyncAsync(follower)).Error);
        var alone = await b.JoinAsync(follower.Id);
        Assert.Equal((3, follower.Id), (alone.Generation, alone.Leader));
    }

    [SkippableFact]
    public async Task A_silent_member_is_dropped_and_the_others_told()
    {
        var (a, b) = await TwoAsync();
        // The follower must live until it has its assignment.
        var (leader, follower) = await StableAsync(a, b, followerSession: 7000);
        await UntilAsync(async () => await a.HeartbeatAsync(leader.Id, 2) == GroupWire.RebalanceInProgress);
        Assert.Single((await a.JoinAsync(leader.Id)).Members);
        Assert.Equal(GroupWire.UnknownMember, await b.HeartbeatAsync(follower.Id, 2));
        Assert.Equal(GroupWire.UnknownMember, (await b.JoinAsync(follower.Id)).Error);
    }

    [SkippableFact]
    public async Task Who_joined_but_does_not_sync_is_dropped()
    {
        var (a, b) = await TwoAsync();
        var first = await a.EnterAsync(rebalance: RebalanceMs);
        var joining = b.EnterAsync(rebalance: RebalanceMs);
        await UntilAsync(async () => await a.HeartbeatAsync(first.Id, 1) == GroupWire.RebalanceInProgress);
        var leader = await a.JoinAsync(first.Id, rebalance: RebalanceMs);
        var lazy = await joining;
        Assert.Equal(0, (await a.SyncAsync(leader)).Error);
        // It is heard of all the time: silence is not what it is dropped for.
        await UntilAsync(async () => await b.HeartbeatAsync(lazy.Id, 2) == GroupWire.UnknownMember);
        Assert.Single((await a.JoinAsync(leader.Id)).Members);
    }

    [SkippableFact]
    public async Task Who_does_not_join_again_in_time_is_dropped()
    {
        var (a, b) = await TwoAsync();
        var (leader, follower) = await StableAsync(a, b, rebalance: RebalanceMs);
        var rejoined = await a.JoinAsync(leader.Id, rebalance: RebalanceMs);
        Assert.Equal(3, rejoined.Generation);
        Assert.Equal([leader.Id], rejoined.Members);
        Assert.Equal(GroupWire.UnknownMember, await b.HeartbeatAsync(follower.Id, 2));
    }

    [SkippableFact]
    public async Task A_static_member_that_comes_back_keeps_its_assignment_and_its_older_self_is_fenced()
    {
        var (a, b) = await TwoAsync();
        var leader = await a.JoinAsync(instance: "one");
        var joining = b.JoinAsync(instance: "two");
        await UntilAsync(async () => await a.HeartbeatAsync(leader.Id, 1, "one") == GroupWire.RebalanceInProgress);
        leader = await a.JoinAsync(leader.Id, "one");
        var follower = await joining;
        Assert.StartsWith("two-", follower.Id, StringComparison.Ordinal);
        Assert.Equal("for-a", (await a.SyncAsync(leader, "one", assign: [(leader.Id, "for-a"), (follower.Id, "for-b")])).Assignment);

        var back = await b.JoinAsync(instance: "two");
        Assert.Equal((0, 2, leader.Id), (back.Error, back.Generation, back.Leader));
        Assert.NotEqual(follower.Id, back.Id);
        Assert.Equal("for-b", (await b.SyncAsync(back, "two")).Assignment);
        Assert.Equal(0, await a.HeartbeatAsync(leader.Id, 2, "one"));
        Assert.Equal(GroupWire.Fenced, await b.HeartbeatAsync(follower.Id, 2, "two"));
        Assert.Equal(GroupWire.UnknownMember, await b.HeartbeatAsync(follower.Id, 2));
        Assert.Equal(GroupWire.Fenced, (await b.SyncAsync(follower, "two")).Error);
        Assert.Equal(GroupWire.Fenced, (await b.JoinAsync(follower.Id, "two")).Error);
    }

    [SkippableFact]
    public async Task A_static_leader_that_comes_back_need_not_assign()
    {
        var (a, _) = await TwoAsync();
        var leader = await a.JoinAsync(instance: "one");
        Assert.Equal(0, (await a.SyncAsync(leader, "one", assign: [(leader.Id, "all")])).Error);
        var back = await a.JoinAsync(instance: "one");
        Assert.Equal((0, 1, true, back.Id), (back.Error, back.Generation, back.Skip, back.Leader));
        Assert.Equal([back.Id], back.Members);
        var older = await a.JoinAsync(instance: "one", version: 8);
        Assert.Equal((0, 1, back.Id), (older.Error, older.Generation, older.Leader));
        Assert.NotEqual(back.Id, older.Id);
        Assert.Empty(older.Members);
        Assert.Equal("all", (await a.SyncAsync(older, "one")).Assignment);
        var other = await a.JoinAsync(instance: "one", metadata: GroupWire.Subscription("other"));
        Assert.Equal((0, 1), (other.Error, other.Generation));
    }

    [SkippableFact]
    public async Task A_static_member_is_missed_at_a_rebalance_but_not_dropped()
    {
        var (a, b) = await TwoAsync();
        var stays = await a.JoinAsync(instance: "one", rebalance: RebalanceMs);
        var joining = b.JoinAsync(instance: "two", rebalance: RebalanceMs);
        await UntilAsync(async () => await a.HeartbeatAsync(stays.Id, 1, "one") == GroupWire.RebalanceInProgress);
        stays = await a.JoinAsync(stays.Id, "one", rebalance: RebalanceMs);
        await joining;
        Assert.Equal(0, (await a.SyncAsync(stays, "one")).Error);
        var rejoined = await a.JoinAsync(stays.Id, "one", rebalance: RebalanceMs);
        Assert.Equal(2, rejoined.Members.Count);
    }

    [SkippableFact]
    public async Task Members_leave_together_and_each_is_answered()
    {
        var (a, b) = await TwoAsync();
        var leader = await a.JoinAsync(instance: "one");
        var joining = b.EnterAsync();
        await UntilAsync(async () => await a.HeartbeatAsync(leader.Id, 1, "one") == GroupWire.RebalanceInProgress);
        await a.JoinAsync(leader.Id, "one");
        var follower = await joining;
        var (error, members) = await a.LeaveAsync(("nobody", null), ("", "nobody"), ("wrong", "one"), ("", "one"), (follower.Id, null));
        Assert.Equal(0, error);
        Assert.Equal([25, 25, 82, 0, 0], members);
        Assert.Equal(("consumer", "Empty", "classic"), await a.ListedAsync());
        Assert.Equal(25, await a.LeaveOldAsync(follower.Id));
        using var none = await ConnectAsync(Name());
        (error, members) = await none.LeaveAsync(("m", null), ("", "i"));
        Assert.Equal(0, error);
        Assert.Equal([25, 25], members);
        Assert.Equal(25, await none.LeaveOldAsync("m"));
    }

    [SkippableFact]
    public async Task One_that_leaves_makes_the_others_rebalance()
    {
        var (a, b) = await TwoAsync();
        var (leader, follower) = await StableAsync(a, b);
        Assert.Equal(0, await b.LeaveOldAsync(follower.Id));
        Assert.Equal(GroupWire.RebalanceInProgress, await a.HeartbeatAsync(leader.Id, 2));
        Assert.Equal([leader.Id], (await a.JoinAsync(leader.Id)).Members);
    }

    [SkippableFact]
    public async Task A_group_is_described_and_listed_in_each_state()
    {
        var (a, b) = await TwoAsync();
        Assert.Equal((69, "Dead", ""), Head(await a.DescribeAsync()));
        Assert.Equal((0, "Dead", ""), Head(await a.DescribeAsync(5)));
        Assert.Null(await a.ListedAsync());
        var (leader, _) = await StableAsync(a, b);
        var stable = await a.DescribeAsync();
        Assert.Equal((0, "Stable", "consumer"), Head(stable));
        Assert.Equal(("range", 2), (stable.Protocol, stable.Members.Count));
        var described = stable.Members.Single(m => m.Id == leader.Id);
        Assert.Equal((null, "wire", "/127.0.0.1", "for-a"), (described.Instance, described.Client, described.Host, described.Assignment));
        Assert.Equal(GroupWire.Subscription("none").Length, described.Metadata);
        Assert.Equal(("consumer", "Stable", "classic"), await a.ListedAsync());
        Assert.NotNull(await a.ListedAsync(["stable"], ["Classic"]));
        Assert.Null(await a.ListedAsync(["Empty"]));
        Assert.Null(await a.ListedAsync(types: ["consumer"]));
        Assert.Equal(68, await a.DeleteAsync());

        var rejoining = a.JoinAsync(leader.Id);
        await UntilAsync(async () => (await b.DescribeAsync()).State == "PreparingRebalance");
        var preparing = await b.DescribeAsync();
        Assert.Equal(("", 0), (preparing.Protocol, preparing.Members.Single(m => m.Id == leader.Id).Metadata));
        Assert.Equal(stable.Operations, preparing.Operations);
        Assert.Equal((1 << 3) | (1 << 6) | (1 << 8) | (1 << 10) | (1 << 11), stable.Operations);
        var other = stable.Members.Single(m => m.Id != leader.Id).Id;
        await b.JoinAsync(other);
        await rejoining;
        Assert.Equal("CompletingRebalance", (await b.DescribeAsync()).State);
        await a.LeaveAsync((leader.Id, null), (other, null));
        Assert.Equal((0, "Empty", "consumer"), Head(await a.DescribeAsync()));
        Assert.Equal(0, await a.DeleteAsync());
        Assert.Equal(GroupWire.NotFound, await a.DeleteAsync());
        Assert.Null(await a.ListedAsync());
    }

    [SkippableFact]
    public async Task A_coordinator_is_found_for_groups_and_no_unknown_kind_of_key()
    {
        var (a, _) = await TwoAsync();
        var port = int.Parse(BootstrapServers.Split(':')[1]);
        var old = await a.Wire.CallAsync(10, 1, false, w => w.String(a.Group).Int8(0));
        old.Int32();
        Assert.Equal((0, "NONE"), (old.Int16(), old.String()));
        old.Int32();
        Assert.Equal(("127.0.0.1", port), (old.String(), old.Int32()));
        old.End();
        var bad = await a.Wire.CallAsync(10, 4, true, w => w.Int8(7).Strings(a.Group, "other").Tags());
        bad.Int32();
        var found = bad.Array(c => { c.String(); var node = (c.Int32(), c.String(), c.Int32(), (int)c.Int16()); c.String(); c.Tags(); return node; });
        Assert.Equal([(-1, "", -1, 42), (-1, "", -1, 42)], found);
        bad.End();
    }

    [SkippableFact]
    public async Task An_id_that_was_given_out_is_waited_for()
    {
        var (a, b) = await TwoAsync();
        var first = await a.EnterAsync();
        Assert.Equal(0, (await a.SyncAsync(first, assign: [(first.Id, "all")])).Error);
        var given = await b.JoinAsync(session: SessionMs);
        Assert.Equal(0, await a.HeartbeatAsync(first.Id, 1));
        // The rebalance waits for the member to be, until its session is over.
        var rejoined = await a.JoinAsync(first.Id);
        Assert.Equal(2, rejoined.Generation);
        Assert.Equal([first.Id], rejoined.Members);
        Assert.Equal(GroupWire.UnknownMember, (await b.JoinAsync(given.Id)).Error);
    }

    private static (int Error, string State, string Type) Head(WireGroupDescription d) => (d.Error, d.State, d.Type);

    private static string Name() => $"g-{Guid.NewGuid():N}";

    private static async Task UntilAsync(Func<Task<bool>> reached)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!await reached())
        {
            Assert.True(DateTime.UtcNow < deadline, "not reached in time");
            await Task.Delay(20);
        }
    }

    private async Task<GroupWire> ConnectAsync(string group)
    {
        var wire = await GroupWire.ConnectAsync(BootstrapServers, group);
        _open.Add(wire);
        return wire;
    }

    private async Task<(GroupWire A, GroupWire B)> TwoAsync()
    {
        var group = Name();
        return (await ConnectAsync(group), await ConnectAsync(group));
    }

    /// <summary>Two dynamic members in generation 2, with the assignments "for-a" and "for-b".</summary>
    private static async Task<(WireJoin Leader, WireJoin Follower)> StableAsync(GroupWire a, GroupWire b, int followerSession = 30_000, int rebalance = 30_000)
    {
        var first = await a.EnterAsync(rebalance: rebalance);
        var joining = b.EnterAsync(followerSession, rebalance);
        await UntilAsync(async () => await a.HeartbeatAsync(first.Id, 1) == GroupWire.RebalanceInProgress);
        var leader = await a.JoinAsync(first.Id, rebalance: rebalance);
        var follower = await joining;
        var syncing = b.SyncAsync(follower);
        Assert.Equal("for-a", (await a.SyncAsync(leader, assign: [(leader.Id, "for-a"), (follower.Id, "for-b")])).Assignment);
        Assert.Equal("for-b", (await syncing).Assignment);
        return (leader, follower);
    }
}

[Collection(nameof(Embedded))]
public sealed class EmbeddedGroups(Embedded broker) : GroupContract(broker);

[Collection(nameof(ApacheKafka))]
public sealed class ApacheGroups(ApacheKafka broker) : GroupContract(broker);
