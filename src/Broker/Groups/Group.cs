using Streams.Broker.Protocol;

namespace Streams.Broker.Groups;

internal enum GroupState
{
    Empty,
    PreparingRebalance,
    CompletingRebalance,
    Stable,
}

internal sealed record GroupProtocol(string Name, byte[] Metadata);

internal sealed record JoinResult(ErrorCode Error, int Generation, string? ProtocolType, string? Protocol, string Leader, string MemberId, List<Member> Members)
{
    public static JoinResult Refused(ErrorCode error, string memberId) => new(error, -1, null, null, "", memberId, []);
}

internal sealed record SyncResult(ErrorCode Error, string? ProtocolType, string? Protocol, byte[] Assignment);

/// <summary>A consumer in a group.</summary>
internal sealed class Member(string id, string? instanceId, string clientId)
{
    public string Id { get; } = id;

    public string? InstanceId { get; } = instanceId;

    public string ClientId { get; } = clientId;

    public int SessionTimeoutMs { get; set; }

    public int RebalanceTimeoutMs { get; set; }

    public List<GroupProtocol> Protocols { get; set; } = [];

    public byte[] Assignment { get; set; } = [];

    public long Deadline { get; set; }

    public TaskCompletionSource<JoinResult>? Joining { get; set; }

    public TaskCompletionSource<SyncResult>? Syncing { get; set; }
}

/// <summary>A group of the classic protocol: members join, the leader assigns, all sync. Calls come under the coordinator's lock.</summary>
internal sealed class Group(string id)
{
    public string Id { get; } = id;

    public GroupState State { get; private set; }

    public int Generation { get; private set; }

    public string? ProtocolType { get; set; }

    public string? Protocol { get; private set; }

    public string Leader { get; private set; } = "";

    public SortedDictionary<string, Member> Members { get; } = new(StringComparer.Ordinal);

    /// <summary>Ids given out with MEMBER_ID_REQUIRED, and when they are forgotten.</summary>
    public Dictionary<string, long> PendingIds { get; } = new(StringComparer.Ordinal);

    private long RebalanceDeadline { get; set; }

    public bool Supports(string protocolType, List<GroupProtocol> protocols, string exceptMember)
    {
        var others = Members.Values.Where(m => m.Id != exceptMember).ToList();
        if (others.Count == 0) return true;
        return ProtocolType == protocolType && protocols.Any(p => others.All(m => m.Protocols.Any(o => o.Name == p.Name)));
    }

    public JoinResult Current(Member member) =>
        new(ErrorCode.None, Generation, ProtocolType, Protocol, Leader, member.Id, member.Id == Leader ? [.. Members.Values] : []);

    public void BeginRebalance(long now)
    {
        if (State == GroupState.PreparingRebalance) return;
        foreach (var member in Members.Values)
        {
            member.Assignment = [];
            member.Syncing?.TrySetResult(new SyncResult(ErrorCode.RebalanceInProgress, null, null, []));
            member.Syncing = null;
        }
        State = GroupState.PreparingRebalance;
        RebalanceDeadline = now + Members.Values.Select(m => m.RebalanceTimeoutMs).DefaultIfEmpty(0).Max();
    }

    /// <summary>Ends the join phase when all members are there or time is up; those who did not come back are dropped.</summary>
    public void CompleteJoin(long now)
    {
        if (State != GroupState.PreparingRebalance) return;
        if (now < RebalanceDeadline && Members.Values.Any(m => m.Joining is null)) return;
        foreach (var absent in Members.Values.Where(m => m.Joining is null).ToList()) Members.Remove(absent.Id);
        Generation++;
        if (Members.Count == 0)
        {
            State = GroupState.Empty;
            Protocol = null;
            return;
        }
        State = GroupState.CompletingRebalance;
        if (!Members.ContainsKey(Leader)) Leader = Members.Keys.First();
        Protocol = Members[Leader].Protocols.First(p => Members.Values.All(m => m.Protocols.Any(o => o.Name == p.Name))).Name;
        foreach (var member in Members.Values)
        {
            member.Deadline = now + member.SessionTimeoutMs;
            member.Joining!.TrySetResult(Current(member));
            member.Joining = null;
        }
    }

    public void Assign(Dictionary<string, byte[]> assignments)
    {
        State = GroupState.Stable;
        foreach (var member in Members.Values)
        {
            member.Assignment = assignments.GetValueOrDefault(member.Id, []);
            member.Syncing?.TrySetResult(new SyncResult(ErrorCode.None, ProtocolType, Protocol, member.Assignment));
            member.Syncing = null;
        }
    }

    public void Remove(Member member, ErrorCode error, long now)
    {
        Members.Remove(member.Id);
        member.Joining?.TrySetResult(JoinResult.Refused(error, member.Id));
        member.Syncing?.TrySetResult(new SyncResult(error, null, null, []));
        BeginRebalance(now);
        CompleteJoin(now);
    }

    /// <summary>Drops members that were not heard of for their session time-out and forgets ids that nobody came back with.</summary>
    public void Expire(long now)
    {
        foreach (var id in PendingIds.Where(p => p.Value < now).Select(p => p.Key).ToList()) PendingIds.Remove(id);
        foreach (var silent in Members.Values.Where(m => m.Joining is null && m.Deadline < now).ToList()) Remove(silent, ErrorCode.UnknownMemberId, now);
        CompleteJoin(now);
    }
}
