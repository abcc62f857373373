using Streams.Broker.Metadata;
using Streams.Broker.Protocol;

namespace Streams.Broker.Groups;

/// <summary>A group as lists of groups show it.</summary>
internal sealed record GroupListing(string Name, string ProtocolType, string State, string Type);

/// <summary>
/// All groups. Calls that change a group run one at a time; the journal is written under the same lock, so that it has the changes in their order.
/// Nothing here waits for the disk: whoever answers a client does.
/// </summary>
internal sealed partial class GroupCoordinator : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Node _node;
    private readonly GroupStore _store = new();
    private readonly GroupClock _clock;
    private readonly ITimer _retention;
    private readonly Dictionary<string, ClassicGroup> _classic = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ConsumerGroup> _consumer = new(StringComparer.Ordinal);
    private long _topicsVersion;
    private bool _stopped;

    public GroupCoordinator(Node node)
    {
        _node = node;
        _clock = new GroupClock(node.Options.TimeProvider, Expire);
        var interval = node.Options.Groups.OffsetsRetentionCheckInterval;
        _retention = node.Options.TimeProvider.CreateTimer(_ => ExpireOffsets(), null, interval, interval);
    }

    private GroupOptions Options => _node.Options.Groups;

    /// <summary>Takes an entry of the journal; also while the coordinator's lock is held by another.</summary>
    public void Apply(JournalEntry entry) => _store.Apply(entry, _node.Now);

    /// <summary>Entries that say the same as all those of groups that the journal holds.</summary>
    public IEnumerable<JournalEntry> Snapshot() => _store.Snapshot();

    /// <summary>Topics came, went or got partitions: members that read them are given a new target with their next heartbeat.</summary>
    public void TopicsChanged() => Interlocked.Increment(ref _topicsVersion);

    public void ForgetTopic(string topic)
    {
        _store.ForgetTopic(topic);
        TopicsChanged();
    }

    /// <summary>Groups as they were last stable: after the journal was read, before anybody is served.</summary>
    public void Load()
    {
        lock (_gate)
        {
            foreach (var entry in _store.Snapshot())
            {
                switch (entry)
                {
                    case ClassicGroupChanged e: NewClassic(e.Group).Restore(e); break;
                    case ConsumerGroupChanged e: (_consumer[e.Group] = new ConsumerGroup(e.Group, _node, _clock)).Restore(e); break;
                    case ConsumerMemberChanged e: _consumer[e.Group].Restore(e); break;
                    default: break; // offsets stay in the store
                }
            }
        }
    }

    /// <summary>All groups: with members, with offsets, or left by both and not yet cleaned away.</summary>
    public List<GroupListing> List()
    {
        lock (_gate)
        {
            return
            [
                .. _classic.Values.Select(g => new GroupListing(g.Id, g.ProtocolType ?? "", g.State.ToString(), "classic")),
                .. _consumer.Values.Select(g => new GroupListing(g.Id, "consumer", g.State, "consumer")),
                .. _store.Names().Where(name => !IsLive(name)).Select(name => new GroupListing(name, "", "Empty", "classic")),
            ];
        }
    }

    /// <summary>Reads a group under the lock: as one of the classic protocol, of the consumer protocol, or one that has offsets alone.</summary>
    public T Inspect<T>(string id, Func<ClassicGroup?, ConsumerGroup?, bool, T> read)
    {
        lock (_gate) return read(_classic.GetValueOrDefault(id), _consumer.GetValueOrDefault(id), _store.HasOffsets(id));
    }

    public bool Exists(string id) => Inspect(id, (classic, consumers, hasOffsets) => classic is not null || consumers is not null || hasOffsets);

    /// <summary>Deletes a group without members, its offsets included.</summary>
    public ErrorCode Delete(string id)
    {
        lock (_gate)
        {
            if (!IsLive(id) && !_store.HasOffsets(id)) return ErrorCode.GroupIdNotFound;
            if (HasMembers(id)) return ErrorCode.NonEmptyGroup;
            Drop(id);
            return ErrorCode.None;
        }
    }

    public void Dispose()
    {
        _retention.Dispose();
        lock (_gate)
        {
            _stopped = true;
            _clock.Dispose();
            foreach (var group in _classic.Values) group.Refuse(ErrorCode.CoordinatorNotAvailable);
        }
    }

    private bool IsLive(string id) => _classic.ContainsKey(id) || _consumer.ContainsKey(id);

    private bool HasMembers(string id) => _classic.GetValueOrDefault(id)?.Members.Count > 0 || _consumer.GetValueOrDefault(id)?.Members.Count > 0;

    private void Drop(string id)
    {
        _classic.Remove(id);
        _consumer.Remove(id);
        _node.Record(new GroupDeleted(id));
    }

    private ClassicGroup NewClassic(string id) => _classic[id] = new ClassicGroup(id, _clock, group =>
    {
        group.EmptySince = _node.Now;
        _node.Record(group.ToEntry());
    }) { EmptySince = _node.Now };

    private void Expire()
    {
        lock (_gate)
        {
            if (_stopped) return;
            _clock.Restart(_classic.Values.Select(g => g.Expire()).Concat(_consumer.Values.Select(g => g.Expire())).DefaultIfEmpty(long.MaxValue).Min());
        }
    }
}
