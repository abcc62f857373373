using Streams.Broker.Groups;
using Streams.Broker.Metadata;
using Streams.Broker.Protocol;

namespace Streams.Broker.Tests.Groups;

/// <summary>Time-outs and retention of groups, in virtual time, on a node without a network; and what a restart leaves of groups.</summary>
public sealed class GroupTimeTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("broker-groups-").FullName;
    private readonly ManualTime _time = new();
    private Node _node = null!;

    private GroupCoordinator Groups => _node.Groups;

    public Task InitializeAsync()
    {
        Open();
        _node.Create("topic", 2, []);
        _node.Create("other", 1, []);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _node.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void Nothing_runs_where_nothing_can_expire()
    {
        var idle = _time.Waiting;
        Join("g", "one", session: 10_000);
        Assert.Equal(idle + 1, _time.Waiting);
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(GroupState.Empty, State("g"));
        Assert.Equal(idle, _time.Waiting);
    }

    [Fact]
    public void A_member_is_dropped_when_its_session_is_over_and_not_before()
    {
        var member = Join("g", "one", session: 10_000);
        for (var i = 0; i < 5; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(9_999));
            Assert.Equal(ErrorCode.None, Groups.Heartbeat("g", member.Generation, member.MemberId, "one"));
        }
        _time.Advance(TimeSpan.FromMilliseconds(10_000));
        Assert.Equal(ErrorCode.UnknownMemberId, Groups.Heartbeat("g", member.Generation, member.MemberId, "one"));
    }

    [Fact]
    public void A_static_member_is_waited_for_through_a_rebalance_and_dropped_with_its_session()
    {
        var first = Join("g", "one", session: 60_000);
        var second = Groups.JoinAsync(Request("g", "", "two", session: 30_000));
        Assert.True(Groups.JoinAsync(Request("g", first.MemberId, "one", 60_000)).IsCompletedSuccessfully);
        Sync("g", first.MemberId, "one", 2);
        Sync("g", Done(second).MemberId, "two", 2);
        var rejoining = Groups.JoinAsync(Request("g", first.MemberId, "one", 60_000));
        Assert.False(rejoining.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(5_000)); // the rebalance time-out
        Assert.Equal(2, Done(rejoining).Members.Count);
        Sync("g", first.MemberId, "one", 3);
        _time.Advance(TimeSpan.FromMilliseconds(5_001));
        Assert.Equal(ErrorCode.RebalanceInProgress, Groups.Heartbeat("g", 3, first.MemberId, "one"));
        Assert.Single(Done(Groups.JoinAsync(Request("g", first.MemberId, "one", 60_000))).Members);
    }

    [Fact]
    public void A_new_member_whose_client_went_away_is_dropped_after_five_minutes()
    {
        var first = Join("g", "one", session: 600_000, rebalance: 600_000);
        var lost = Groups.JoinAsync(Request("g", "", "two", 600_000, 600_000));
        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.False(lost.IsCompleted);
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(ErrorCode.UnknownMemberId, Done(lost).Error);
        Assert.Single(Done(Groups.JoinAsync(Request("g", first.MemberId, "one", 600_000, 600_000))).Members);
    }

    [Fact]
    public void A_consumer_is_fenced_when_its_session_is_over()
    {
        var member = Groups.Heartbeat(Beat("g", "a", 0));
        Assert.Equal(2, member.Assignment!.Count);
        Groups.Heartbeat(Beat("g", "b", 0));
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(ErrorCode.None, Groups.Heartbeat(Beat("g", "b", 3)).Error);
        _time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(ErrorCode.UnknownMemberId, Groups.Heartbeat(Beat("g", "a", 2)).Error);
        Assert.Equal(2, Groups.Heartbeat(Beat("g", "b", 3)).Assignment!.Count);
    }

    [Fact]
    public void A_static_consumer_that_went_away_is_fenced_when_it_does_not_come_back()
    {
        Groups.Heartbeat(Beat("g", "a", 0) with { InstanceId = "one" });
        Assert.Equal(-2, Groups.Heartbeat(Beat("g", "a", -2) with { InstanceId = "one" }).Epoch);
        _time.Advance(TimeSpan.FromSeconds(44));
        Assert.Equal(1, Groups.Inspect("g", (_, g, _) => g!.Members.Count));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(0, Groups.Inspect("g", (_, g, _) => g!.Members.Count));
    }

    [Fact]
    public void A_full_group_takes_nobody_else()
    {
        Reopen(o => o with { MaxSize = 1 });
        var member = Join("g", "one", session: 10_000);
        Assert.Equal(ErrorCode.GroupMaxSizeReached, Done(Groups.JoinAsync(Request("g", "", "two"))).Error);
        Assert.Equal(ErrorCode.None, Groups.Heartbeat("g", 1, member.MemberId, "one"));
        Groups.Heartbeat(Beat("consumers", "a", 0));
        Assert.Equal(ErrorCode.GroupMaxSizeReached, Groups.Heartbeat(Beat("consumers", "b", 0)).Error);
        Assert.Equal(ErrorCode.None, Groups.Heartbeat(Beat("consumers", "a", 2)).Error);
    }

    [Fact]
    public void A_live_group_of_the_other_protocol_is_refused()
    {
        Join("classic", "one", session: 10_000);
        Assert.Equal(ErrorCode.GroupIdNotFound, Groups.Heartbeat(Beat("classic", "a", 0)).Error);
        Groups.Heartbeat(Beat("consumers", "a", 0));
        Assert.Equal(ErrorCode.InconsistentGroupProtocol, Done(Groups.JoinAsync(Request("consumers", "", "one"))).Error);
    }

    [Fact]
    public void An_assignment_too_large_to_be_kept_is_refused()
    {
        var joined = Done(Groups.JoinAsync(Request("g", "", "one")));
        var synced = Done(Groups.SyncAsync(new SyncRequest("g", 1, joined.MemberId, "one", null, null, new() { [joined.MemberId] = new byte[9 << 20] })));
        Assert.Equal(ErrorCode.UnknownServerError, synced.Error);
        Assert.Equal(ErrorCode.RebalanceInProgress, Groups.Heartbeat("g", 1, joined.MemberId, "one"));
    }

    [Fact]
    public void Target_assignments_keep_their_interval()
    {
        Reopen(o => o with { ConsumerAssignmentIntervalMs = 1000 });
        Groups.Heartbeat(Beat("g", "a", 0));
        Assert.Equal(2, Groups.Heartbeat(Beat("g", "b", 0)).Epoch);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(3, Groups.Heartbeat(Beat("g", "b", 2)).Epoch);
    }

    [Fact]
    public void Offsets_of_simple_consumers_expire_by_their_commit()
    {
        Assert.Equal(ErrorCode.None, Commit("g", -1, "", "topic"));
        _time.Advance(TimeSpan.FromDays(6));
        Assert.Equal(ErrorCode.None, Commit("g", -1, "", "other"));
        _time.Advance(TimeSpan.FromDays(1.1));
        Assert.Null(Groups.FindOffset("g", "topic", 0));
        Assert.NotNull(Groups.FindOffset("g", "other", 0));
        _time.Advance(TimeSpan.FromDays(6));
        Assert.DoesNotContain(Groups.List(), g => g.Name == "g");
    }

    [Fact]
    public void Offsets_live_while_there_are_members_and_a_week_after_the_last_has_left()
    {
        var member = Join("g", "one", session: 1_000_000, topics: ["topic"]);
        Assert.Equal(ErrorCode.None, Commit("g", 1, member.MemberId, "topic", "one"));
        Assert.Equal(ErrorCode.None, Commit("g", 1, member.MemberId, "other", "one"));
        for (var day = 0; day < 8 * 144; day++)
        {
            _time.Advance(TimeSpan.FromMinutes(10));
            Assert.Equal(ErrorCode.None, Groups.Heartbeat("g", 1, member.MemberId, "one"));
        }
        Assert.NotNull(Groups.FindOffset("g", "topic", 0));
        Assert.Null(Groups.FindOffset("g", "other", 0)); // nobody reads it
        Groups.Leave("g", [("", "one")]);
        _time.Advance(TimeSpan.FromDays(6.9));
        Assert.NotNull(Groups.FindOffset("g", "topic", 0));
        _time.Advance(TimeSpan.FromDays(0.2));
        Assert.Null(Groups.FindOffset("g", "topic", 0));
        Assert.DoesNotContain(Groups.List(), g => g.Name == "g");
    }

    [Fact]
    public void Offsets_that_consumers_subscribe_to_do_not_expire()
    {
        Groups.Heartbeat(Beat("g", "a", 0));
        Commit("g", 2, "a", "topic");
        Commit("g", 2, "a", "other");
        for (var i = 0; i < 8 * 24 * 120; i++)
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            Groups.Heartbeat(Beat("g", "a", 2));
        }
        Assert.NotNull(Groups.FindOffset("g", "topic", 0));
        Assert.Null(Groups.FindOffset("g", "other", 0));
    }

    [Fact]
    public void A_stable_group_goes_on_after_a_restart()
    {
        var member = Join("g", "one", session: 10_000);
        Commit("g", 1, member.MemberId, "topic", "one");
        _time.Advance(TimeSpan.FromSeconds(9));
        Reopen();
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(ErrorCode.None, Groups.Heartbeat("g", 1, member.MemberId, "one"));
        Assert.Equal("assigned", Sync("g", member.MemberId, "one", 1));
        Assert.Equal(7, Groups.FindOffset("g", "topic", 0)!.Offset);
        var back = Done(Groups.JoinAsync(Request("g", "", "one")));
        Assert.Equal((ErrorCode.None, 1), (back.Error, back.Generation));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(GroupState.Empty, State("g"));
    }

    [Fact]
    public void A_rebalance_that_a_restart_cuts_short_is_begun_anew()
    {
        var first = Join("g", "one", session: 10_000);
        var second = Groups.JoinAsync(Request("g", "", "two"));
        Assert.Equal(2, Done(Groups.JoinAsync(Request("g", first.MemberId, "one"))).Generation);
        Reopen();
        Assert.Equal(GroupState.Stable, State("g"));
        Assert.Equal(ErrorCode.IllegalGeneration, Groups.Heartbeat("g", 2, first.MemberId, "one"));
        Assert.Equal(ErrorCode.UnknownMemberId, Groups.Heartbeat("g", 2, Done(second).MemberId, null));
        Assert.Equal(ErrorCode.IllegalGeneration, Commit("g", 2, first.MemberId, "topic", "one"));
        Assert.Equal(2, Done(Groups.JoinAsync(Request("g", first.MemberId, "one"))).Generation);
    }

    [Fact]
    public void Consumers_go_on_after_a_restart_in_their_epochs()
    {
        var all = Groups.Heartbeat(Beat("g", "a", 0)).Assignment!;
        Groups.Heartbeat(Beat("g", "b", 0));
        var kept = Groups.Heartbeat(Beat("g", "a", 2)).Assignment!;
        Reopen();
        Assert.Null(Groups.Heartbeat(Beat("g", "b", 3)).Assignment); // a has not given up yet
        Assert.Equal((ErrorCode.None, 2), Told(Groups.Heartbeat(Beat("g", "a", 2) with { Owned = [.. all] })));
        Assert.Equal((ErrorCode.None, 3), Told(Groups.Heartbeat(Beat("g", "a", 2) with { Owned = [.. kept] })));
        Reopen();
        Assert.Equal(all.Except(kept).ToHashSet(), Groups.Heartbeat(Beat("g", "b", 3)).Assignment!.ToHashSet());
        Assert.Equal((ErrorCode.None, 3), Told(Groups.Heartbeat(Beat("g", "a", 3))));
        Assert.Equal("Stable", Groups.Inspect("g", (_, g, _) => g!.State));
        _time.Advance(TimeSpan.FromSeconds(46));
        Assert.Equal("Empty", Groups.Inspect("g", (_, g, _) => g!.State));
        Reopen();
        Assert.Equal(6, Groups.Inspect("g", (_, g, _) => g!.Epoch) + 1);
    }

    [Fact]
    public void A_snapshot_says_what_the_journal_said()
    {
        Join("classic", "one", session: 10_000);
        Commit("simple", -1, "", "topic");
        Groups.Heartbeat(Beat("consumers", "a", 0));
        Commit("deleted", -1, "", "topic");
        Groups.Delete("deleted");
        var store = new GroupStore();
        foreach (var entry in Groups.Snapshot()) store.Apply(entry, 1);
        Assert.Equal(Json(Groups.Snapshot()), Json(store.Snapshot()));
        Assert.Equal(["classic", "consumers", "simple"], store.Names().Order());
    }

    /// <summary>The answer, which must be there without waiting.</summary>
    private static T Done<T>(Task<T> task)
    {
        Assert.True(task.IsCompletedSuccessfully);
        return task.GetAwaiter().GetResult();
    }

    private static (ErrorCode, int) Told(HeartbeatResult result) => (result.Error, result.Epoch);

    private static string Json(IEnumerable<JournalEntry> entries) => System.Text.Json.JsonSerializer.Serialize(entries.ToList());

    private static ConsumerHeartbeat Beat(string group, string member, int epoch) => epoch == 0
        ? new ConsumerHeartbeat(group, member, 0, null, null, "test", 300_000, ["topic"], null, null, [])
        : new ConsumerHeartbeat(group, member, epoch, null, null, "test", -1, null, null, null, null);

    private static JoinRequest Request(string group, string id, string? instance, int session = 10_000, int rebalance = 5_000, string[]? topics = null) =>
        new(group, id, instance, "test", session, rebalance, "consumer",
            [new GroupProtocol("range", Contract.GroupWire.Subscription(topics ?? ["topic"]))], MustKnowId: false, MaySkipAssignment: true);

    private JoinResult Join(string group, string instance, int session, int rebalance = 5_000, string[]? topics = null)
    {
        var joined = Done(Groups.JoinAsync(Request(group, "", instance, session, rebalance, topics)));
        Assert.Equal(ErrorCode.None, joined.Error);
        Sync(group, joined.MemberId, instance, joined.Generation, joined.MemberId);
        return joined;
    }

    private string Sync(string group, string member, string instance, int generation, params string[] assigned)
    {
        var synced = Groups.SyncAsync(new SyncRequest(group, generation, member, instance, null, null, assigned.ToDictionary(m => m, _ => "assigned"u8.ToArray())));
        return synced.IsCompleted ? System.Text.Encoding.UTF8.GetString(Done(synced).Assignment) : "";
    }

    private ErrorCode Commit(string group, int generation, string member, string topic, string? instance = null) =>
        Groups.Commit(group, generation, member, instance, [new CommittedOffset(topic, 0, 7, -1, "m")]);

    private GroupState State(string group) => Groups.Inspect(group, (g, _, _) => g!.State);

    private void Open(Func<GroupOptions, GroupOptions>? configure = null)
    {
        var groups = new GroupOptions();
        _node = new Node(new EmbeddedBrokerOptions { DataDirectory = _directory, TimeProvider = _time, Groups = configure?.Invoke(groups) ?? groups });
        _node.Recover();
    }

    private void Reopen(Func<GroupOptions, GroupOptions>? configure = null)
    {
        _node.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Open(configure);
    }
}
