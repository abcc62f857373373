using Streams.Broker.Metadata;
using Streams.Broker.Protocol;

namespace Streams.Broker.Groups;

/// <summary>
/// A group of the consumer protocol (KIP-848): the broker assigns, members follow step by step by their heartbeats. Calls come under the coordinator's
/// lock; every change goes to the journal, so that a restart interrupts nobody.
/// </summary>
internal sealed partial class ConsumerGroup(string id, Node node, GroupClock clock)
{
    private readonly Dictionary<string, string> _static = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Deadlines> _deadlines = new(StringComparer.Ordinal);
    private readonly Dictionary<PartitionId, string> _holders = [];
    private Dictionary<string, SubscribedTopic> _topics = new(StringComparer.Ordinal);
    private Dictionary<string, HashSet<PartitionId>> _target = new(StringComparer.Ordinal);

    private sealed class Deadlines
    {
        public long Session { get; set; }

        /// <summary>Until when the member must have given up what it was told to, while its epoch is <see cref="RevocationEpoch"/>.</summary>
        public long Revocation { get; set; } = long.MaxValue;

        public int RevocationEpoch { get; set; }
    }

    public string Id { get; } = id;

    public int Epoch { get; private set; } = 1;

    public int TargetEpoch { get; private set; } = 1;

    public string Assignor { get; private set; } = Assignors.Uniform;

    public SortedDictionary<string, ConsumerMember> Members { get; } = new(StringComparer.Ordinal);

    public string State => Members.Count == 0 ? "Empty"
        : Epoch > TargetEpoch ? "Assigning"
        : Members.Values.Any(m => m.State != ConsumerMemberState.Stable || m.Epoch != TargetEpoch) ? "Reconciling"
        : "Stable";

    public IReadOnlySet<PartitionId> TargetOf(string memberId) => _target.GetValueOrDefault(memberId) ?? [];

    public string? TopicName(Guid topic) => _topics.Values.FirstOrDefault(t => t.Id == topic)?.Name ?? node.Find(topic)?.Name;

    public IReadOnlySet<string> SubscribedTopics() => Members.Values.SelectMany(TopicsOf).ToHashSet(StringComparer.Ordinal);

    /// <summary>A member leaves for good (-1) or, where it is static, for a while (-2).</summary>
    public HeartbeatResult Leave(ConsumerHeartbeat heartbeat)
    {
        var error = FindToLeave(heartbeat, out var member);
        if (error != ErrorCode.None) return HeartbeatResult.Refused(error);
        if (heartbeat.Epoch == ConsumerMember.AwayEpoch)
        {
            Put(member!, member! with { Epoch = ConsumerMember.AwayEpoch, PendingRevocation = [], State = ConsumerMemberState.Stable });
            _deadlines[member!.Id].Revocation = long.MaxValue;
        }
        else
        {
            Remove(member!);
        }
        return new HeartbeatResult(ErrorCode.None, null, heartbeat.MemberId, heartbeat.Epoch, null);
    }

    /// <summary>Whether a commit counts: of a member in its epoch, or of nobody while the group is empty.</summary>
    public ErrorCode CheckCommit(int epoch, string memberId, string? instanceId, bool transactional)
    {
        if (epoch < 0 && Members.Count == 0) return ErrorCode.None;
        if (transactional && epoch < 0 && memberId.Length == 0 && instanceId is null) return ErrorCode.None;
        var error = CheckEpoch(memberId, epoch);
        return transactional && error == ErrorCode.StaleMemberEpoch ? ErrorCode.IllegalGeneration : error;
    }

    public ErrorCode CheckEpoch(string memberId, int epoch)
    {
        if (!Members.TryGetValue(memberId, out var member)) return ErrorCode.UnknownMemberId;
        return epoch == member.Epoch ? ErrorCode.None : ErrorCode.StaleMemberEpoch;
    }

    /// <summary>Fences whom nothing was heard of in time; the earliest deadline that is left, long.MaxValue where there is none.</summary>
    public long Expire()
    {
        var now = clock.Now;
        foreach (var member in Members.Values.ToList())
        {
            var deadlines = _deadlines[member.Id];
            var late = deadlines.Revocation <= now && deadlines.RevocationEpoch == member.Epoch && member.State == ConsumerMemberState.UnrevokedPartitions;
            if (deadlines.Session <= now || late) Remove(member);
            else if (deadlines.Revocation <= now) deadlines.Revocation = long.MaxValue;
        }
        return _deadlines.Values.Select(d => Math.Min(d.Session, d.Revocation)).DefaultIfEmpty(long.MaxValue).Min();
    }

    /// <summary>Writes a group that is new.</summary>
    public void Record() => node.Record(new ConsumerGroupChanged(Id, Epoch, TargetEpoch, Assignor, [.. _topics.Values],
        _target.ToDictionary(t => t.Key, t => ConsumerMember.ByTopic(t.Value), StringComparer.Ordinal)));

    public void Restore(ConsumerGroupChanged entry)
    {
        (Epoch, TargetEpoch, Assignor) = (entry.Epoch, entry.TargetEpoch, entry.Assignor);
        _topics = entry.Topics.ToDictionary(t => t.Name, StringComparer.Ordinal);
        _target = entry.Target.ToDictionary(t => t.Key, t => ConsumerMember.Partitions(t.Value), StringComparer.Ordinal);
    }

    /// <summary>A member as the journal has it, with whole time-outs before it.</summary>
    public void Restore(ConsumerMemberChanged entry)
    {
        var member = ConsumerMember.From(entry);
        Hold(member);
        _deadlines[member.Id] = new Deadlines();
        Touch(member);
        Watch(member);
    }

    private ErrorCode FindToLeave(ConsumerHeartbeat heartbeat, out ConsumerMember? member)
    {
        member = null;
        if (heartbeat.InstanceId is null) return Members.TryGetValue(heartbeat.MemberId, out member) ? ErrorCode.None : ErrorCode.UnknownMemberId;
        if (!_static.TryGetValue(heartbeat.InstanceId, out var holder)) return ErrorCode.UnknownMemberId;
        member = Members[holder];
        return holder == heartbeat.MemberId ? ErrorCode.None : ErrorCode.FencedInstanceId;
    }

    /// <summary>The member is no more: what it held is free, and the group's next heartbeat brings a new target.</summary>
    private void Remove(ConsumerMember member)
    {
        Release(member);
        _target.Remove(member.Id);
        _deadlines.Remove(member.Id);
        node.Record(new ConsumerMemberRemoved(Id, member.Id));
        Epoch++;
        Record();
    }

    private void Put(ConsumerMember? before, ConsumerMember member)
    {
        if (before is not null) Release(before);
        Hold(member);
        if (before is null || !before.Same(member)) node.Record(member.ToEntry(Id));
    }

    private void Hold(ConsumerMember member)
    {
        Members[member.Id] = member;
        if (member.InstanceId is not null) _static[member.InstanceId] = member.Id;
        foreach (var partition in member.Assigned.Concat(member.PendingRevocation)) _holders[partition] = member.Id;
    }

    private void Release(ConsumerMember member)
    {
        Members.Remove(member.Id);
        if (member.InstanceId is not null) _static.Remove(member.InstanceId);
        foreach (var partition in member.Assigned.Concat(member.PendingRevocation))
        {
            if (_holders.GetValueOrDefault(partition) == member.Id) _holders.Remove(partition);
        }
    }

    private void Touch(ConsumerMember member) => _deadlines[member.Id].Session = clock.After(node.Options.Groups.ConsumerSessionTimeoutMs);

    /// <summary>A member that was told to give up partitions has its rebalance time-out to do so.</summary>
    private void Watch(ConsumerMember member)
    {
        var deadlines = _deadlines[member.Id];
        if (member.State != ConsumerMemberState.UnrevokedPartitions) deadlines.Revocation = long.MaxValue;
        else if (deadlines.Revocation == long.MaxValue || deadlines.RevocationEpoch != member.Epoch)
            (deadlines.Revocation, deadlines.RevocationEpoch) = (clock.After(member.RebalanceTimeoutMs), member.Epoch);
    }
}
