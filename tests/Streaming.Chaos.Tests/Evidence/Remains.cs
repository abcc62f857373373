namespace Streams.Streaming.Chaos.Tests.Evidence;

/// <summary>What an application has left on the broker, compared with what it should have.</summary>
internal sealed class Remains(Broker broker, string application, string input, int partitions)
{
    private readonly Dictionary<string, List<TopicRecord>[]> topics = [];

    public int Partitions => partitions;

    public string InputName => input;

    public List<string> Differences { get; } = [];

    /// <summary>Output records and entries of state that were compared.</summary>
    public int Compared { get; private set; }

    public List<TopicRecord> Input(int partition) => Read(input)[partition];

    public List<TopicRecord> Output(string suffix, int partition) => Read($"{application}-{suffix}")[partition];

    /// <summary>The same records in the same order in a partition.</summary>
    public void Same(string suffix, int partition, IReadOnlyList<string> expected, Func<TopicRecord, string>? text = null) =>
        Same($"{suffix}[{partition}]", expected, Output(suffix, partition).ConvertAll(r => (text ?? (t => t.Text))(r)));

    /// <summary>The same records in a topic, whatever the order and the partition.</summary>
    public void SameSet(string suffix, IEnumerable<string> expected, Func<TopicRecord, string> text) =>
        Same(suffix, [.. expected.Order(StringComparer.Ordinal)], [.. Read($"{application}-{suffix}").SelectMany(p => p).Select(text).Order(StringComparer.Ordinal)]);

    /// <summary>What a changelog holds by key, the last record of each key counting.</summary>
    public void SameState(string store, int partition, IReadOnlyDictionary<string, string> expected)
    {
        var state = new Dictionary<string, string>();
        foreach (var record in Read($"{application}-{store}-changelog")[partition])
        {
            if (record.Value is null) state.Remove(TopicRecord.Hex(record.Key));
            else state[TopicRecord.Hex(record.Key)] = TopicRecord.Hex(record.Value);
        }
        static List<string> Lines(IEnumerable<KeyValuePair<string, string>> entries) => [.. entries.Select(e => $"{e.Key}={e.Value}").Order(StringComparer.Ordinal)];
        Same($"state {store}[{partition}]", Lines(expected), Lines(state));
    }

    public void Same(string what, IReadOnlyList<string> expected, List<string> actual)
    {
        Compared += actual.Count;
        if (expected.SequenceEqual(actual)) return;
        var (lost, more) = (new List<string>(Minus(expected, actual)), new List<string>(Minus(actual, expected)));
        var at = expected.Zip(actual).TakeWhile(p => p.First == p.Second).Count();
        Differences.Add($"{what}: {expected.Count} expected, {actual.Count} found; {lost.Count} missing, {more.Count} too many or wrong; the first difference at {at}: "
            + $"expected {expected.ElementAtOrDefault(at)}, found {actual.ElementAtOrDefault(at)}");
    }

    private static IEnumerable<string> Minus(IEnumerable<string> one, IEnumerable<string> other)
    {
        var left = other.CountBy(o => o).ToDictionary();
        foreach (var line in one)
        {
            if (left.GetValueOrDefault(line) > 0) left[line]--;
            else yield return line;
        }
    }

    private List<TopicRecord>[] Read(string topic)
    {
        if (!topics.TryGetValue(topic, out var records)) topics[topic] = records = broker.Read(topic, partitions);
        return records;
    }
}
