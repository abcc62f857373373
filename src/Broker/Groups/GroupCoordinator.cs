using System.Collections.Concurrent;
using Streams.Broker.Metadata;
using Streams.Broker.Protocol;

namespace Streams.Broker.Groups;

internal sealed record JoinRequest(
    string Group, string MemberId, string? InstanceId, string ClientId, int SessionTimeoutMs, int RebalanceTimeoutMs, string ProtocolType, List<GroupProtocol> Protocols,
    bool MustKnowId);

/// <summary>Consumer groups. Committed offsets come from the journal; members live in memory and join again after a restart.</summary>
internal sealed class GroupCoordinator : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Node _node;
    private readonly Dictionary<string, Group> _groups = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, ConcurrentDictionary<(string Topic, int Partition), CommittedOffset>> _offsets = new(StringComparer.Ordinal);
    private readonly ITimer _timer;

    public GroupCoordinator(Node node)
    {
        _node = node;
        var tick = TimeSpan.FromMilliseconds(200);
        _timer = node.Options.TimeProvider.CreateTimer(_ => Expire(), null, tick, tick);
    }

    public void Apply(OffsetsCommitted entry)
    {
        var offsets = _offsets.GetOrAdd(entry.Group, _ => new());
        foreach (var offset in entry.Offsets) offsets[(offset.Topic, offset.Partition)] = offset;
    }

    /// <summary>Entries that lead to the present state.</summary>
    public IEnumerable<JournalEntry> Snapshot() => _offsets.Select(g => new OffsetsCommitted(g.Key, [.. g.Value.Values]));

    public void Apply(GroupDeleted entry) => _offsets.TryRemove(entry.Group, out _);

    public void ForgetTopic(string topic)
    {
        foreach (var offsets in _offsets.Values)
        {
            foreach (var key in offsets.Keys.Where(k => k.Topic == topic)) offsets.TryRemove(key, out _);
        }
    }

    public CommittedOffset? FindOffset(string group, string topic, int partition) =>
        _offsets.TryGetValue(group, out var offsets) ? offsets.GetValueOrDefault((topic, partition)) : null;

    public List<CommittedOffset> OffsetsOf(string group) =>
        _offsets.TryGetValue(group, out var offsets) ? [.. offsets.Values.OrderBy(o => o.Topic, StringComparer.Ordinal).ThenBy(o => o.Partition)] : [];

    /// <summary>All groups with members or offsets.</summary>
    public List<string> Names()
    {
        lock (_gate) return [.. _groups.Values.Where(g => g.Members.Count > 0).Select(g => g.Id).Union(_offsets.Keys).Order(StringComparer.Ordinal)];
    }

    /// <summary>Reads a group under the lock; null where there is none.</summary>
    public T Inspect<T>(string id, Func<Group?, bool, T> read)
    {
        lock (_gate) return read(_groups.GetValueOrDefault(id), _offsets.ContainsKey(id));
    }

    public ErrorCode Delete(string id)
    {
        lock (_gate)
        {
            var known = _groups.TryGetValue(id, out var group);
            if (known && group!.Members.Count > 0) return ErrorCode.NonEmptyGroup;
            if (!known && !_offsets.ContainsKey(id)) return ErrorCode.GroupIdNotFound;
            _groups.Remove(id);
            _node.Record(new GroupDeleted(id));
            return ErrorCode.None;
        }
    }

    public ErrorCode CheckCommit(string id, int generation, string memberId, string? instanceId, bool transactional)
    {
        lock (_gate)
        {
            var group = _groups.GetValueOrDefault(id);
            if (generation < 0 && memberId.Length == 0) return group is null || group.Members.Count == 0 ? ErrorCode.None : ErrorCode.UnknownMemberId;
            var error = Find(id, memberId, instanceId, generation, out var found, out var member);
            if (error != ErrorCode.None) return error;
            member!.Deadline = _node.Now + member.SessionTimeoutMs;
            return !transactional && found!.State == GroupState.CompletingRebalance ? ErrorCode.RebalanceInProgress : ErrorCode.None;
        }
    }

    public Task<JoinResult> JoinAsync(JoinRequest request)
    {
        if (request.Group.Length == 0) return Task.FromResult(JoinResult.Refused(ErrorCode.InvalidGroupId, request.MemberId));
        lock (_gate)
        {
            if (!_groups.TryGetValue(request.Group, out var group)) _groups[request.Group] = group = new Group(request.Group);
            if (!group.Supports(request.ProtocolType, request.Protocols, request.MemberId))
                return Task.FromResult(JoinResult.Refused(ErrorCode.InconsistentGroupProtocol, request.MemberId));
            var error = MemberOf(group, request, out var member, out var givenId);
            return error == ErrorCode.None ? Join(group, member!, request) : Task.FromResult(JoinResult.Refused(error, givenId));
        }
    }

    public Task<SyncResult> SyncAsync(string id, int generation, string memberId, string? instanceId, Dictionary<string, byte[]> assignments)
    {
        lock (_gate)
        {
            var error = Find(id, memberId, instanceId, generation, out var group, out var member);
            if (error == ErrorCode.None && group!.State == GroupState.PreparingRebalance) error = ErrorCode.RebalanceInProgress;
            if (error != ErrorCode.None) return Task.FromResult(new SyncResult(error, null, null, []));
            member!.Deadline = _node.Now + member.SessionTimeoutMs;
            if (group!.State == GroupState.CompletingRebalance && memberId == group.Leader) group.Assign(assignments);
            if (group.State == GroupState.Stable) return Task.FromResult(new SyncResult(ErrorCode.None, group.ProtocolType, group.Protocol, member.Assignment));
            member.Syncing = new TaskCompletionSource<SyncResult>(TaskCreationOptions.RunContinuationsAsynchronously);
            return member.Syncing.Task;
        }
    }

    public ErrorCode Heartbeat(string id, int generation, string memberId, string? instanceId)
    {
        lock (_gate)
        {
            var error = Find(id, memberId, instanceId, generation, out var group, out var member);
            if (error != ErrorCode.None) return error;
            member!.Deadline = _node.Now + member.SessionTimeoutMs;
            return group!.State == GroupState.PreparingRebalance ? ErrorCode.RebalanceInProgress : ErrorCode.None;
        }
    }

    public ErrorCode Leave(string id, string memberId, string? instanceId)
    {
        lock (_gate)
        {
            if (!_groups.TryGetValue(id, out var group)) return ErrorCode.UnknownMemberId;
            group.PendingIds.Remove(memberId);
            var member = memberId.Length == 0 && instanceId is not null
                ? group.Members.Values.FirstOrDefault(m => m.InstanceId == instanceId)
                : group.Members.GetValueOrDefault(memberId);
            if (member is null) return ErrorCode.UnknownMemberId;
            group.Remove(member, ErrorCode.UnknownMemberId, _node.Now);
            return ErrorCode.None;
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            foreach (var member in _groups.Values.SelectMany(g => g.Members.Values))
            {
                member.Joining?.TrySetResult(JoinResult.Refused(ErrorCode.CoordinatorNotAvailable, member.Id));
                member.Syncing?.TrySetResult(new SyncResult(ErrorCode.CoordinatorNotAvailable, null, null, []));
            }
        }
    }

    private ErrorCode Find(string id, string memberId, string? instanceId, int generation, out Group? group, out Member? member)
    {
        member = null;
        if (!_groups.TryGetValue(id, out group)) return ErrorCode.UnknownMemberId;
        if (instanceId is not null && group.Members.Values.Any(m => m.InstanceId == instanceId && m.Id != memberId)) return ErrorCode.FencedInstanceId;
        if (!group.Members.TryGetValue(memberId, out member)) return ErrorCode.UnknownMemberId;
        return generation == group.Generation ? ErrorCode.None : ErrorCode.IllegalGeneration;
    }

    private ErrorCode MemberOf(Group group, JoinRequest request, out Member? member, out string givenId)
    {
        givenId = request.MemberId;
        member = null;
        var holder = request.InstanceId is null ? null : group.Members.Values.FirstOrDefault(m => m.InstanceId == request.InstanceId);
        if (givenId.Length > 0)
        {
            if (holder is not null && holder.Id != givenId) return ErrorCode.FencedInstanceId;
            if (group.Members.TryGetValue(givenId, out member)) return ErrorCode.None;
            if (!group.PendingIds.Remove(givenId)) return ErrorCode.UnknownMemberId;
        }
        else
        {
            givenId = $"{request.InstanceId ?? request.ClientId}-{Guid.NewGuid()}";
            if (request.MustKnowId && request.InstanceId is null)
            {
                group.PendingIds[givenId] = _node.Now + request.SessionTimeoutMs;
                return ErrorCode.MemberIdRequired;
            }
            if (holder is not null) group.Remove(holder, ErrorCode.FencedInstanceId, _node.Now);
        }
        group.Members[givenId] = member = new Member(givenId, request.InstanceId, request.ClientId);
        return ErrorCode.None;
    }

    private Task<JoinResult> Join(Group group, Member member, JoinRequest request)
    {
        var same = member.Protocols.Count == request.Protocols.Count
            && member.Protocols.Zip(request.Protocols).All(p => p.First.Name == p.Second.Name && p.First.Metadata.AsSpan().SequenceEqual(p.Second.Metadata));
        group.ProtocolType = request.ProtocolType;
        member.Protocols = request.Protocols;
        member.SessionTimeoutMs = request.SessionTimeoutMs;
        member.RebalanceTimeoutMs = request.RebalanceTimeoutMs;
        member.Deadline = _node.Now + request.SessionTimeoutMs;
        var nothingNew = same && (group.State == GroupState.CompletingRebalance || (group.State == GroupState.Stable && member.Id != group.Leader));
        if (nothingNew) return Task.FromResult(group.Current(member));
        group.BeginRebalance(_node.Now);
        member.Joining = new TaskCompletionSource<JoinResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var joined = member.Joining.Task;
        group.CompleteJoin(_node.Now);
        return joined;
    }

    private void Expire()
    {
        lock (_gate)
        {
            foreach (var group in _groups.Values) group.Expire(_node.Now);
        }
    }
}
