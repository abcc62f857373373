using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>Keeps in memory what a topology under test writes, with what is committed of it.</summary>
/// <param name="sources">Topics that the topology reads: what is written to them is handed out to be processed.</param>
internal sealed class CapturingCollector(int partitions, IEnumerable<string> sources) : IRecordCollector
{
    private readonly HashSet<string> loops = new(sources, StringComparer.Ordinal);
    private readonly Queue<TestOutput> looped = new();
    private readonly List<string> topics = [];
    private readonly Dictionary<string, List<TestOutput>> records = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> committed = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> read = new(StringComparer.Ordinal);

    public int Register(string topic)
    {
        var id = topics.IndexOf(topic);
        if (id >= 0)
            return id;
        topics.Add(topic);
        records.Add(topic, []);
        return topics.Count - 1;
    }

    public int PartitionCount(int topic) => partitions;

    public void Send(int topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestamp, Headers? headers)
    {
        var chosen = partition != IRecordCollector.ByKey ? partition : Spans.IsNull(key) ? 0 : Murmur2.Partition(key, partitions);
        var record = new TestOutput(
            topics[topic], chosen, Spans.IsNull(key) ? null : key.ToArray(), Spans.IsNull(value) ? null : value.ToArray(), timestamp, headers);
        records[record.Topic].Add(record);
        if (loops.Contains(record.Topic))
            looped.Enqueue(record);
    }

    public IReadOnlyList<string> Topics => [.. records.Where(r => r.Value.Count > 0).Select(r => r.Key).Order(StringComparer.Ordinal)];

    /// <summary>The next record that was written to a topic which the topology reads; null when there is none.</summary>
    public TestOutput? TakeLoop() => looped.TryDequeue(out var record) ? record : null;

    public void Commit()
    {
        foreach (var (topic, list) in records)
            committed[topic] = list.Count;
    }

    /// <summary>Takes back what was not committed.</summary>
    public void Abort()
    {
        looped.Clear();
        foreach (var (topic, list) in records)
        {
            var kept = committed.GetValueOrDefault(topic);
            list.RemoveRange(kept, list.Count - kept);
            read[topic] = Math.Min(read.GetValueOrDefault(topic), kept);
        }
    }

    public IReadOnlyList<TestOutput> Read(string topic)
    {
        if (!records.TryGetValue(topic, out var list))
            return [];
        var from = read.GetValueOrDefault(topic);
        read[topic] = list.Count;
        return list.GetRange(from, list.Count - from);
    }

    /// <summary>One partition as log compaction leaves it: of each key the last record, in the order of the last records, tombstones kept.</summary>
    public IEnumerable<TestOutput> Compacted(string topic, int partition)
    {
        if (!records.TryGetValue(topic, out var list))
            return [];
        var ofPartition = list.Where(r => r.Partition == partition).Reverse();
        return ofPartition.DistinctBy(r => Convert.ToHexString(r.Key ?? []), StringComparer.Ordinal).Reverse();
    }
}
