using System.Collections.Concurrent;
using Streams.Rating.Entitlements;

namespace Streams.Aggregators.Entitlements;

/// <summary>A customer's use of a feature as it was committed. Immutable.</summary>
public sealed record PublishedUse(string Meter, MeteredUse Use);

/// <summary>A partition's use as its task has committed it.</summary>
public sealed class PartitionUse
{
    readonly ConcurrentDictionary<FeatureKey, PublishedUse> _uses;
    long _streamTime;

    internal PartitionUse(int partition, long streamTime, IEnumerable<(FeatureKey Key, PublishedUse Use)> uses)
    {
        (Partition, _streamTime) = (partition, streamTime);
        _uses = new(uses.Select(u => KeyValuePair.Create(u.Key, u.Use)));
    }

    public int Partition { get; }

    /// <summary>The highest event time that the use includes, in microseconds; <see cref="long.MinValue"/> before the first event.</summary>
    public long StreamTime => Volatile.Read(ref _streamTime);

    public PublishedUse? Find(FeatureKey key) => _uses.GetValueOrDefault(key);

    /// <summary>Takes over what a commit has changed. By the task's thread alone.</summary>
    internal void Show(long streamTime, List<(FeatureKey Key, PublishedUse? Use)> changes)
    {
        foreach (var (key, use) in changes)
        {
            if (use is null) _uses.TryRemove(key, out _);
            else _uses[key] = use;
        }
        Volatile.Write(ref _streamTime, streamTime);
    }
}

/// <summary>
/// The read side of the entitlements: what the tasks of this process have committed, by partition. Readers wait for nobody. Each use is as of one commit; of
/// several, some may be a commit ahead of the others while it is shown.
/// </summary>
public sealed class EntitlementView
{
    readonly ConcurrentDictionary<int, PartitionUse> _partitions = [];

    /// <summary>The partitions that are here.</summary>
    public IEnumerable<int> Partitions => _partitions.Keys.Order();

    /// <summary>A partition's use; null where it is not here, or not restored yet.</summary>
    public PartitionUse? Find(int partition) => _partitions.GetValueOrDefault(partition);

    internal PartitionUse Open(int partition, long streamTime, IEnumerable<(FeatureKey Key, PublishedUse Use)> uses) =>
        _partitions[partition] = new(partition, streamTime, uses);

    /// <summary>Forgets a partition, unless another task shows it meanwhile.</summary>
    internal void Close(PartitionUse shown) => _partitions.TryRemove(KeyValuePair.Create(shown.Partition, shown));
}
