namespace Streams.Streaming.Tests.State;

/// <summary>A changelog as a list of records, which can be read back whole, compacted, or compacted up to some place, as brokers do.</summary>
internal sealed class RecordedChangelog : IChangelog
{
    private readonly List<(byte[] Key, byte[]? Value)> records = [];
    private int begun;

    public int Count => records.Count;

    public IReadOnlyList<(byte[] Key, byte[]? Value)> Records => records;

    /// <summary>Takes one commit's records, and sees to it that no key comes twice.</summary>
    public int Commit(Action<IChangelog> flush)
    {
        begun = records.Count;
        flush(this);
        return records.Count - begun;
    }

    public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Add(key.ToArray(), value.ToArray());

    public void Delete(ReadOnlySpan<byte> key) => Add(key.ToArray(), null);

    /// <summary>The records a new reader may see: everything, or only the last of each key up to some place, with or without its tombstones.</summary>
    public IEnumerable<(byte[] Key, byte[]? Value)> Replay(Random random)
    {
        var cleanUpTo = random.Next(3) switch { 0 => 0, 1 => records.Count, _ => random.Next(records.Count + 1) };
        var keepTombstones = random.Next(2) == 0;
        for (var i = 0; i < records.Count; i++)
        {
            var record = records[i];
            if (i < cleanUpTo && (IsReplaced(i) || (record.Value is null && !keepTombstones)))
                continue;
            yield return record;
        }
    }

    public void RestoreInto(Random random, RestoreCall restore)
    {
        foreach (var (key, value) in Replay(random))
            restore(key, value, value is null);
    }

    /// <summary>The keys that have a value in the end.</summary>
    public List<byte[]> LiveKeys()
    {
        var live = new List<byte[]>();
        for (var i = 0; i < records.Count; i++)
        {
            if (records[i].Value is not null && !IsReplaced(i))
                live.Add(records[i].Key);
        }
        return live;
    }

    public static bool IsTime(byte[] key) => key.AsSpan().StartsWith("streams:stream-time"u8);

    private bool IsReplaced(int index) => records.Skip(index + 1).Any(later => later.Key.AsSpan().SequenceEqual(records[index].Key));

    private void Add(byte[] key, byte[]? value)
    {
        Assert.DoesNotContain(records.Skip(begun), r => r.Key.AsSpan().SequenceEqual(key));
        records.Add((key, value));
    }
}

internal delegate void RestoreCall(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted);
