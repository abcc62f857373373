using Streams.Broker.Metadata;
using Streams.Broker.Protocol;

namespace Streams.Broker.Groups;

/// <summary>Committed offsets: who may commit, what is kept, for how long.</summary>
internal sealed partial class GroupCoordinator
{
    /// <summary>Bytes of topics' names and metadata in one commit, so that it fits an entry of the journal.</summary>
    private const int MaxCommitBytes = 4 << 20;

    public CommittedOffset? FindOffset(string group, string topic, int partition) => _store.FindOffset(group, topic, partition);

    public List<CommittedOffset> OffsetsOf(string group) => _store.OffsetsOf(group);

    /// <summary>Whether a member may commit; generation is the member's epoch in the consumer protocol. A simple consumer has neither generation nor id.</summary>
    public ErrorCode CheckCommit(string id, int generation, string memberId, string? instanceId, bool transactional)
    {
        lock (_gate)
        {
            if (_consumer.TryGetValue(id, out var consumers)) return consumers.CheckCommit(generation, memberId, instanceId, transactional);
            if (_classic.TryGetValue(id, out var group)) return group.CheckCommit(generation, memberId, instanceId, transactional);
            return generation < 0 ? ErrorCode.None : _store.HasOffsets(id) ? ErrorCode.UnknownMemberId : ErrorCode.IllegalGeneration;
        }
    }

    /// <summary>Commits offsets as one step with the check of the member; they last once the journal is flushed.</summary>
    public ErrorCode Commit(string id, int generation, string memberId, string? instanceId, List<CommittedOffset> offsets)
    {
        if (offsets.Sum(o => (long)o.Topic.Length + (o.Metadata?.Length ?? 0)) > MaxCommitBytes) return ErrorCode.InvalidCommitOffsetSize;
        lock (_gate)
        {
            var error = CheckCommit(id, generation, memberId, instanceId, transactional: false);
            if (error != ErrorCode.None) return error;
            foreach (var some in offsets.Chunk(1000))
            {
                // Clients look for the coordinator and commit again.
                var recorded = _node.TryRecord(new OffsetsCommitted(id, [.. some.Select(o => o with { CommittedAt = _node.Now })]));
                if (recorded != ErrorCode.None) return ErrorCode.CoordinatorNotAvailable;
            }
            return ErrorCode.None;
        }
    }

    /// <summary>Whether the group's offsets may be read by a member that says who it is; an administrator says nothing.</summary>
    public ErrorCode CheckFetch(string id, string? memberId, int epoch)
    {
        if (string.IsNullOrEmpty(memberId) && epoch < 0) return ErrorCode.None;
        lock (_gate) return _consumer.TryGetValue(id, out var group) ? group.CheckEpoch(memberId ?? "", epoch) : ErrorCode.None;
    }

    /// <summary>Deletes offsets of topics that no member reads; the error of each partition, or one for all.</summary>
    public (ErrorCode Error, List<ErrorCode> Partitions) DeleteOffsets(string id, List<TopicPartitionName> partitions)
    {
        lock (_gate)
        {
            if (!IsLive(id) && !_store.HasOffsets(id)) return (ErrorCode.GroupIdNotFound, []);
            if (_classic.GetValueOrDefault(id) is { Members.Count: > 0, ProtocolType: not "consumer" }) return (ErrorCode.NonEmptyGroup, []);
            var errors = partitions.Select(p => _node.Find(p.Topic, p.Partition) is null ? ErrorCode.UnknownTopicOrPartition
                : IsRead(id, p.Topic) ? ErrorCode.GroupSubscribedToTopic : ErrorCode.None).ToList();
            var deleted = partitions.Where((p, i) => errors[i] == ErrorCode.None && _store.FindOffset(id, p.Topic, p.Partition) is not null).ToList();
            foreach (var some in deleted.Chunk(1000)) _node.Record(new OffsetsRemoved(id, [.. some]));
            return (ErrorCode.None, errors);
        }
    }

    /// <summary>Whether members read the topic, or may for all that is known.</summary>
    private bool IsRead(string id, string topic)
    {
        if (_consumer.TryGetValue(id, out var consumers)) return consumers.SubscribedTopics().Contains(topic);
        return _classic.TryGetValue(id, out var group) && (group.SubscribedTopics()?.Contains(topic) ?? true);
    }

    /// <summary>Removes offsets whose time is over and that no open transaction is about to change, then groups that nothing is left of.</summary>
    private void ExpireOffsets()
    {
        var limit = _node.Now - (long)Options.OffsetsRetention.TotalMilliseconds;
        foreach (var name in _store.Names())
        {
            var candidates = _store.OffsetsOf(name).Where(o => o.CommittedAt <= limit && !_node.Transactions.IsPending(name, o.Topic, o.Partition)).ToList();
            lock (_gate)
            {
                if (_stopped) return;
                var expired = candidates.Where(o => HasExpired(name, o, limit)).Select(o => new TopicPartitionName(o.Topic, o.Partition)).ToList();
                foreach (var some in expired.Chunk(1000)) _node.Record(new OffsetsRemoved(name, [.. some]));
            }
        }
        lock (_gate)
        {
            foreach (var name in _classic.Values.Where(g => g.IsUnused).Select(g => g.Id).Concat(_consumer.Keys).Where(g => !HasMembers(g) && !_store.HasOffsets(g)).ToList()) Drop(name);
        }
    }

    /// <summary>
    /// In the classic protocol offsets live as long as their group has members that may read them, and a whole retention after the last member left. Else
    /// their time counts from the commit.
    /// </summary>
    private bool HasExpired(string id, CommittedOffset offset, long limit)
    {
        if (_store.FindOffset(id, offset.Topic, offset.Partition) != offset) return false;
        if (_classic.TryGetValue(id, out var group) && group.ProtocolType is not null)
        {
            if (group.State == GroupState.Empty) return group.EmptySince <= limit;
            return group.State == GroupState.Stable && group.ProtocolType == "consumer" && !IsRead(id, offset.Topic);
        }
        return !IsRead(id, offset.Topic);
    }
}
