using Streams.Broker.Protocol;

namespace Streams.Broker.Groups;

internal enum GroupState
{
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Stable,
}

/// <summary>
/// A group of the classic protocol: members join, the leader assigns, all sync. Calls come under the coordinator's lock; <paramref name="changed"/>
/// writes the group to the journal, each time it becomes stable or empty.
/// </summary>
internal sealed partial class ClassicGroup(string id, GroupClock clock, Action<ClassicGroup> changed)
{
    /// <summary>How long a new member whose client may have gone away is waited for.</summary>
    private const int NewMemberPatienceMs = 300_000;

    /// <summary>Bytes of all subscriptions and assignments of one group.</summary>
    private const int MaxStateBytes = 8 << 20;

    private readonly Dictionary<string, string> _static = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _pendingIds = new(StringComparer.Ordinal);
    private readonly HashSet<string> _pendingSync = new(StringComparer.Ordinal);
    private long _rebalanceDeadline;
    private long _syncDeadline;

    public string Id { get; } = id;

    public GroupState State { get; private set; }

    public int Generation { get; private set; }

    /// <summary>"consumer" for consumers; null before the first member.</summary>
    public string? ProtocolType { get; private set; }

    public string? Protocol { get; private set; }

    public string? Leader { get; private set; }

    public SortedDictionary<string, ClassicMember> Members { get; } = new(StringComparer.Ordinal);

    /// <summary>Since when there are no members, in Unix milliseconds; kept by the coordinator.</summary>
    public long EmptySince { get; set; }

    /// <summary>Nobody is here and nobody was told to come back.</summary>
    public bool IsUnused => Members.Count == 0 && _pendingIds.Count == 0;

    public ErrorCode Heartbeat(int generation, string memberId, string? instanceId)
    {
        var error = Check(generation, memberId, instanceId);
        if (error != ErrorCode.None) return error;
        Touch(Members[memberId]);
        return State == GroupState.PreparingRebalance ? ErrorCode.RebalanceInProgress : ErrorCode.None;
    }

    /// <summary>Takes a member out without a rebalance; <see cref="AfterLoss"/> follows when all who leave are out.</summary>
    public ErrorCode Leave(string memberId, string? instanceId)
    {
        if (memberId.Length == 0 && instanceId is not null) memberId = _static.GetValueOrDefault(instanceId, "");
        if (instanceId is null && _pendingIds.Remove(memberId)) return ErrorCode.None;
        var error = CheckMember(memberId, instanceId);
        if (error == ErrorCode.None) Remove(Members[memberId], ErrorCode.UnknownMemberId);
        return error;
    }

    /// <summary>What follows when members are gone: a rebalance, or the end of one that waited for them.</summary>
    public void AfterLoss()
    {
        if (State is GroupState.Stable or GroupState.CompletingRebalance) PrepareRebalance();
        TryCompleteJoin();
    }

    /// <summary>Whether a commit counts. A simple consumer, which has no generation, may commit only while the group is empty.</summary>
    public ErrorCode CheckCommit(int generation, string memberId, string? instanceId, bool transactional)
    {
        if (generation < 0 && State == GroupState.Empty) return ErrorCode.None;
        if (generation >= 0 || memberId.Length > 0 || instanceId is not null)
        {
            var error = Check(generation, memberId, instanceId);
            if (error != ErrorCode.None) return error;
            Touch(Members[memberId]);
        }
        else if (!transactional)
        {
            return ErrorCode.UnknownMemberId;
        }
        return !transactional && State == GroupState.CompletingRebalance ? ErrorCode.RebalanceInProgress : ErrorCode.None;
    }

    /// <summary>The topics that members read: null where that cannot be told. An empty group reads none.</summary>
    public IReadOnlySet<string>? SubscribedTopics()
    {
        if (Members.Count == 0) return new HashSet<string>();
        if (ProtocolType != "consumer" || Protocol is null) return null;
        var topics = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in Members.Values)
        {
            if (!ConsumerSubscription.TryRead(member.MetadataOf(Protocol), topics)) return null;
        }
        return topics;
    }

    /// <summary>Drops whom nothing was heard of in time; the earliest deadline that is left, long.MaxValue where there is none.</summary>
    public long Expire()
    {
        var now = clock.Now;
        var gone = Members.Values.Where(m => m.CanExpire && m.Deadline <= now).ToList();
        if (_pendingSync.Count > 0 && _syncDeadline <= now) gone = [.. gone.Union(_pendingSync.Select(id => Members[id]))];
        foreach (var member in gone) Remove(member, ErrorCode.UnknownMemberId);
        foreach (var pending in _pendingIds.Where(p => p.Value <= now).Select(p => p.Key).ToList()) _pendingIds.Remove(pending);
        if (gone.Count > 0) AfterLoss();
        else TryCompleteJoin();
        return NextDeadline();
    }

    /// <summary>Ends all waits: the broker stops, or the group is no more.</summary>
    public void Refuse(ErrorCode error)
    {
        foreach (var member in Members.Values) member.Refuse(error);
    }

    public ClassicGroupChanged ToEntry() => new(Id, Generation, ProtocolType ?? "", Protocol, Leader, EmptySince,
        [.. Members.Values.Select(m => new ClassicMemberEntry(m.Id, m.InstanceId, m.ClientId, m.SessionTimeoutMs, m.RebalanceTimeoutMs, m.Protocols, m.Assignment))]);

    /// <summary>The group as the journal has it, stable or empty; members are given a whole session to be heard of.</summary>
    public void Restore(ClassicGroupChanged entry)
    {
        (Generation, ProtocolType, Protocol, Leader, EmptySince) = (entry.Generation, entry.ProtocolType, entry.Protocol, entry.Leader, entry.EmptySince);
        foreach (var m in entry.Members)
        {
            var member = new ClassicMember(m.Id, m.InstanceId, m.ClientId)
            {
                SessionTimeoutMs = m.SessionTimeoutMs, RebalanceTimeoutMs = m.RebalanceTimeoutMs, Protocols = m.Protocols, Assignment = m.Assignment,
            };
            Members[m.Id] = member;
            if (m.InstanceId is not null) _static[m.InstanceId] = m.Id;
            Touch(member);
        }
        State = Members.Count == 0 ? GroupState.Empty : GroupState.Stable;
    }

    private long NextDeadline()
    {
        var next = Members.Values.Where(m => m.CanExpire).Select(m => m.Deadline).Concat(_pendingIds.Values).DefaultIfEmpty(long.MaxValue).Min();
        if (_pendingSync.Count > 0) next = Math.Min(next, _syncDeadline);
        return State == GroupState.PreparingRebalance ? Math.Min(next, _rebalanceDeadline) : next;
    }

    private ErrorCode Check(int generation, string memberId, string? instanceId)
    {
        var error = CheckMember(memberId, instanceId);
        return error == ErrorCode.None && generation != Generation ? ErrorCode.IllegalGeneration : error;
    }

    private ErrorCode CheckMember(string memberId, string? instanceId)
    {
        if (instanceId is not null)
        {
            if (!_static.TryGetValue(instanceId, out var holder)) return ErrorCode.UnknownMemberId;
            if (holder != memberId) return ErrorCode.FencedInstanceId;
        }
        return Members.ContainsKey(memberId) ? ErrorCode.None : ErrorCode.UnknownMemberId;
    }

    private void Touch(ClassicMember member) => member.Deadline = clock.After(member.SessionTimeoutMs);

    private void Remove(ClassicMember member, ErrorCode error)
    {
        Members.Remove(member.Id);
        if (member.InstanceId is not null) _static.Remove(member.InstanceId);
        _pendingSync.Remove(member.Id);
        if (Leader == member.Id) Leader = Members.Keys.FirstOrDefault();
        member.Refuse(error);
    }
}
