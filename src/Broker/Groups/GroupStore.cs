using Streams.Broker.Metadata;

namespace Streams.Broker.Groups;

/// <summary>
/// What the journal says of groups: committed offsets, and the last written state of each group. Entries are applied as they are written, so that it
/// never waits for the coordinator.
/// </summary>
internal sealed class GroupStore
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoredGroup> _groups = new(StringComparer.Ordinal);

    private sealed class StoredGroup
    {
        public Dictionary<(string Topic, int Partition), CommittedOffset> Offsets { get; } = [];

        public ClassicGroupChanged? Classic { get; set; }

        public ConsumerGroupChanged? Consumer { get; set; }

        public Dictionary<string, ConsumerMemberChanged> Members { get; } = new(StringComparer.Ordinal);

        public bool IsEmpty => Offsets.Count == 0 && Classic is null && Consumer is null;
    }

    /// <summary>Applies an entry. Offsets without a time of their own are taken as committed at <paramref name="now"/>.</summary>
    public void Apply(JournalEntry entry, long now)
    {
        lock (_gate)
        {
            switch (entry)
            {
                case OffsetsCommitted e:
                    foreach (var o in e.Offsets) Of(e.Group).Offsets[(o.Topic, o.Partition)] = o.CommittedAt == 0 ? o with { CommittedAt = now } : o;
                    break;
                case OffsetsRemoved e:
                    foreach (var p in e.Partitions) Of(e.Group).Offsets.Remove((p.Topic, p.Partition));
                    break;
                case ClassicGroupChanged e:
                    (Of(e.Group).Classic, Of(e.Group).Consumer) = (e, null);
                    Of(e.Group).Members.Clear();
                    break;
                case ConsumerGroupChanged e: (Of(e.Group).Classic, Of(e.Group).Consumer) = (null, e); break;
                case ConsumerMemberChanged e: Of(e.Group).Members[e.Id] = e; break;
                case ConsumerMemberRemoved e: Of(e.Group).Members.Remove(e.Id); break;
                case GroupDeleted e: _groups.Remove(e.Group); break;
                default: throw new InvalidDataException($"{entry.GetType().Name} is no entry of a group");
            }
        }
    }

    public void ForgetTopic(string topic)
    {
        lock (_gate)
        {
            foreach (var group in _groups.Values)
            {
                foreach (var key in group.Offsets.Keys.Where(k => k.Topic == topic).ToList()) group.Offsets.Remove(key);
            }
        }
    }

    public CommittedOffset? FindOffset(string group, string topic, int partition)
    {
        lock (_gate) return _groups.TryGetValue(group, out var stored) ? stored.Offsets.GetValueOrDefault((topic, partition)) : null;
    }

    public List<CommittedOffset> OffsetsOf(string group)
    {
        lock (_gate)
        {
            return _groups.TryGetValue(group, out var stored)
                ? [.. stored.Offsets.Values.OrderBy(o => o.Topic, StringComparer.Ordinal).ThenBy(o => o.Partition)]
                : [];
        }
    }

    public bool HasOffsets(string group)
    {
        lock (_gate) return _groups.TryGetValue(group, out var stored) && stored.Offsets.Count > 0;
    }

    /// <summary>Groups with offsets or a written state.</summary>
    public List<string> Names()
    {
        lock (_gate) return [.. _groups.Where(g => !g.Value.IsEmpty).Select(g => g.Key)];
    }

    /// <summary>Entries that say the same as all that were applied.</summary>
    public List<JournalEntry> Snapshot()
    {
        lock (_gate)
        {
            var entries = new List<JournalEntry>();
            foreach (var (name, group) in _groups)
            {
                foreach (var some in group.Offsets.Values.Chunk(1000)) entries.Add(new OffsetsCommitted(name, [.. some]));
                if (group.Classic is not null) entries.Add(group.Classic);
                if (group.Consumer is null) continue;
                entries.Add(group.Consumer);
                entries.AddRange(group.Members.Values);
            }
            return entries;
        }
    }

    private StoredGroup Of(string group)
    {
        if (!_groups.TryGetValue(group, out var stored)) _groups[group] = stored = new StoredGroup();
        return stored;
    }
}
