namespace Streams.Broker.Transactions;

/// <summary>Which committed offsets an open transaction may still change, and how many do.</summary>
internal sealed class PendingOffsets
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Group, string Topic, int Partition), int> _count = [];

    public void Add((string Group, string Topic, int Partition) offset)
    {
        lock (_gate) _count[offset] = _count.GetValueOrDefault(offset) + 1;
    }

    public void Remove(IEnumerable<(string Group, string Topic, int Partition)> offsets)
    {
        lock (_gate)
        {
            foreach (var offset in offsets)
            {
                if (--_count[offset] == 0) _count.Remove(offset);
            }
        }
    }

    public bool Contains(string group, string topic, int partition)
    {
        lock (_gate) return _count.ContainsKey((group, topic, partition));
    }
}
