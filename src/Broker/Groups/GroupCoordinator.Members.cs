using Streams.Broker.Protocol;

namespace Streams.Broker.Groups;

/// <summary>
/// What members ask of both protocols. An empty group of one protocol becomes one of the other when a member of that joins; while it has members it is
/// refused to the other protocol.
/// </summary>
internal sealed partial class GroupCoordinator
{
    public Task<JoinResult> JoinAsync(JoinRequest request)
    {
        if (request.Group.Length == 0) return Refused(ErrorCode.InvalidGroupId);
        if (request.SessionTimeoutMs < Options.MinSessionTimeoutMs || request.SessionTimeoutMs > Options.MaxSessionTimeoutMs) return Refused(ErrorCode.InvalidSessionTimeout);
        lock (_gate)
        {
            if (_consumer.TryGetValue(request.Group, out var other))
            {
                if (request.MemberId.Length > 0) return Refused(ErrorCode.UnknownMemberId);
                if (other.Members.Count > 0) return Refused(ErrorCode.InconsistentGroupProtocol);
                _consumer.Remove(request.Group);
            }
            if (!_classic.TryGetValue(request.Group, out var group))
            {
                if (request.MemberId.Length > 0) return Refused(ErrorCode.UnknownMemberId);
                group = NewClassic(request.Group);
            }
            return group.Join(request, Options.MaxSize);
        }

        Task<JoinResult> Refused(ErrorCode error) => Task.FromResult(JoinResult.Refused(error, request.MemberId));
    }

    public Task<SyncResult> SyncAsync(SyncRequest request)
    {
        lock (_gate)
        {
            return _classic.TryGetValue(request.Group, out var group) ? group.Sync(request) : Task.FromResult(SyncResult.Refused(ErrorCode.UnknownMemberId));
        }
    }

    public ErrorCode Heartbeat(string id, int generation, string memberId, string? instanceId)
    {
        lock (_gate) return _classic.TryGetValue(id, out var group) ? group.Heartbeat(generation, memberId, instanceId) : ErrorCode.UnknownMemberId;
    }

    /// <summary>Takes members out at once, with one rebalance for those who stay.</summary>
    public List<ErrorCode> Leave(string id, List<(string MemberId, string? InstanceId)> members)
    {
        lock (_gate)
        {
            if (!_classic.TryGetValue(id, out var group)) return [.. members.Select(_ => ErrorCode.UnknownMemberId)];
            var errors = members.Select(m => group.Leave(m.MemberId, m.InstanceId)).ToList();
            if (errors.Contains(ErrorCode.None)) group.AfterLoss();
            return errors;
        }
    }

    /// <summary>A heartbeat of the consumer protocol; the first of a member, with epoch 0, joins it.</summary>
    public HeartbeatResult Heartbeat(ConsumerHeartbeat heartbeat)
    {
        lock (_gate)
        {
            if (!_consumer.TryGetValue(heartbeat.Group, out var group) && heartbeat.Epoch != 0)
                return HeartbeatResult.Refused(ErrorCode.GroupIdNotFound, $"Group {heartbeat.Group} not found.");
            if (heartbeat.Epoch < 0) return group!.Leave(heartbeat);
            if (group is not null) return group.Heartbeat(heartbeat, Interlocked.Read(ref _topicsVersion));
            if (_classic.TryGetValue(heartbeat.Group, out var classic) && !classic.IsUnused)
                return HeartbeatResult.Refused(ErrorCode.GroupIdNotFound, $"Group {heartbeat.Group} is not a consumer group.");
            group = new ConsumerGroup(heartbeat.Group, _node, _clock);
            var result = group.Heartbeat(heartbeat, Interlocked.Read(ref _topicsVersion));
            if (result.Error != ErrorCode.None) return result;
            _classic.Remove(heartbeat.Group);
            _consumer[heartbeat.Group] = group;
            return result;
        }
    }
}
