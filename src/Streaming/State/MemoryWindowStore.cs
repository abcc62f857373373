using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.State;

/// <summary>Typed values by serialized key and window start, in memory.</summary>
internal class MemoryWindowStore<TKey, TValue>(WindowStoreSupplier kind, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes) : IWindowStore<TKey, TValue>
{
    private readonly TimeTable<TValue> table = new((long)kind.Retention.TotalMilliseconds, valueSerDes, sizeof(int));
    private readonly ArrayBufferWriter<byte> keyBuffer = new();
    private readonly List<Hit<TValue>> hits = [];

    public string Name => kind.Name;

    public long WindowSizeMs { get; } = (long)kind.WindowSize.TotalMilliseconds;

    public long RetentionMs { get; } = (long)kind.Retention.TotalMilliseconds;

    public bool RetainsDuplicates => kind.RetainDuplicates;

    public long ObservedStreamTime
    {
        get => table.Times.Observed;
        set => table.Times.Observed = value;
    }

    public bool Put(TKey key, TValue value, long windowStart)
    {
        var bytes = Bytes(key);
        if (!table.Admit(windowStart))
            return false;
        if (value is null)
        {
            if (!kind.RetainDuplicates)
                table.Delete(bytes, windowStart, 0);
        }
        else if (kind.RetainDuplicates)
        {
            table.Append(bytes, windowStart, value);
        }
        else
        {
            table.Put(bytes, windowStart, 0, value);
        }
        return true;
    }

    public bool Delete(TKey key, long windowStart)
    {
        if (kind.RetainDuplicates)
            throw new NotSupportedException($"store \"{Name}\" keeps duplicates: they expire and cannot be deleted");
        var bytes = Bytes(key);
        if (!table.Admit(windowStart))
            return false;
        table.Delete(bytes, windowStart, 0);
        return true;
    }

    public TValue? Fetch(TKey key, long windowStart) => TryFetch(key, windowStart, out var value) ? value : default;

    public bool TryFetch(TKey key, long windowStart, [MaybeNullWhen(false)] out TValue value)
    {
        var found = table.TryGet(Bytes(key), windowStart, null, out var hit);
        value = found ? hit.Value : default;
        return found;
    }

    public void Fetch(TKey key, long timeFrom, long timeTo, List<KeyValuePair<long, TValue>> into)
    {
        hits.Clear();
        table.Collect(Bytes(key), timeFrom, timeTo, long.MaxValue, hits);
        foreach (var hit in hits)
            into.Add(new(hit.Time, hit.Value));
    }

    public IEnumerable<KeyValuePair<long, TValue>> Fetch(TKey key, long timeFrom, long timeTo)
    {
        var found = new List<KeyValuePair<long, TValue>>();
        Fetch(key, timeFrom, timeTo, found);
        return found;
    }

    public IEnumerable<KeyValuePair<long, TValue>> BackwardFetch(TKey key, long timeFrom, long timeTo) => Fetch(key, timeFrom, timeTo).Reverse();

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> Fetch(TKey keyFrom, TKey keyTo, long timeFrom, long timeTo)
    {
        var (from, to) = (Bytes(keyFrom).ToArray(), Bytes(keyTo).ToArray());
        return Sorted(table.CollectAll(timeFrom, timeTo, hit => hit.Key.SequenceCompareTo(from) >= 0 && hit.Key.SequenceCompareTo(to) <= 0), Hit<TValue>.ByKey);
    }

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> BackwardFetch(TKey keyFrom, TKey keyTo, long timeFrom, long timeTo) =>
        Fetch(keyFrom, keyTo, timeFrom, timeTo).Reverse();

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> FetchAll(long timeFrom, long timeTo) => Sorted(table.CollectAll(timeFrom, timeTo, _ => true), Hit<TValue>.ByKey);

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> BackwardFetchAll(long timeFrom, long timeTo) => FetchAll(timeFrom, timeTo).Reverse();

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> All() => FetchAll(0, long.MaxValue);

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> BackwardAll() => All().Reverse();

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> FetchAllByTime(long timeFrom, long timeTo) =>
        Sorted(table.CollectAll(timeFrom, timeTo, _ => true), Hit<TValue>.ByTime);

    public void Flush(IChangelog changelog) => table.Flush(changelog);

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted) => table.Restore(key, value, deleted);

    private List<KeyValuePair<Windowed<TKey>, TValue>> Sorted(List<Hit<TValue>> found, Comparison<Hit<TValue>> order)
    {
        found.Sort(order);
        return found.ConvertAll(hit => new KeyValuePair<Windowed<TKey>, TValue>(
            new(keySerDes.Deserialize(hit.Key), new Window(hit.Time, hit.Time + WindowSizeMs)), hit.Value));
    }

    private ReadOnlySpan<byte> Bytes(TKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        keyBuffer.ResetWrittenCount();
        keySerDes.Serialize(key, keyBuffer);
        return keyBuffer.WrittenSpan;
    }
}

/// <summary>As its base, with the time of a window's latest record beside its value.</summary>
internal sealed class MemoryTimestampedWindowStore<TKey, TValue>(WindowStoreSupplier kind, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes)
    : MemoryWindowStore<TKey, ValueAndTimestamp<TValue>>(kind, keySerDes, new ValueAndTimestampSerDes<TValue>(valueSerDes)), ITimestampedWindowStore<TKey, TValue>;
