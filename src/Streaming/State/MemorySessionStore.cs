using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.State;

/// <summary>Typed aggregates by serialized key, session end and session start, in memory.</summary>
internal sealed class MemorySessionStore<TKey, TValue>(SessionStoreSupplier kind, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes) : ISessionStore<TKey, TValue>
{
    private readonly TimeTable<TValue> table = new((long)kind.Retention.TotalMilliseconds, valueSerDes, sizeof(long));
    private readonly ArrayBufferWriter<byte> keyBuffer = new();
    private readonly List<Hit<TValue>> hits = [];

    public string Name => kind.Name;

    public long RetentionMs { get; } = (long)kind.Retention.TotalMilliseconds;

    public long ObservedStreamTime
    {
        get => table.Times.Observed;
        set => table.Times.Observed = value;
    }

    public bool Put(Windowed<TKey> session, TValue aggregate)
    {
        var (start, end) = Checked(session.Window);
        var bytes = Bytes(session.Key);
        if (!table.Admit(end))
            return false;
        if (aggregate is null)
            table.Delete(bytes, end, start);
        else
            table.Put(bytes, end, start, aggregate);
        return true;
    }

    public void Remove(Windowed<TKey> session)
    {
        var (start, end) = Checked(session.Window);
        table.Delete(Bytes(session.Key), end, start);
    }

    public TValue? FetchSession(TKey key, long sessionStart, long sessionEnd) => TryFetchSession(key, sessionStart, sessionEnd, out var value) ? value : default;

    public bool TryFetchSession(TKey key, long sessionStart, long sessionEnd, [MaybeNullWhen(false)] out TValue value)
    {
        var found = table.TryGet(Bytes(key), sessionEnd, sessionStart, out var hit);
        value = found ? hit.Value : default;
        return found;
    }

    public void FindSessions(TKey key, long earliestSessionEnd, long latestSessionStart, List<KeyValuePair<Windowed<TKey>, TValue>> into)
    {
        hits.Clear();
        table.Collect(Bytes(key), earliestSessionEnd, long.MaxValue, latestSessionStart, hits);
        foreach (var hit in hits)
            into.Add(new(new(key, new Window(hit.Extra, hit.Time)), hit.Value));
    }

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> FindSessions(TKey key, long earliestSessionEnd, long latestSessionStart)
    {
        var found = new List<KeyValuePair<Windowed<TKey>, TValue>>();
        FindSessions(key, earliestSessionEnd, latestSessionStart, found);
        return found;
    }

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> BackwardFindSessions(TKey key, long earliestSessionEnd, long latestSessionStart) =>
        FindSessions(key, earliestSessionEnd, latestSessionStart).Reverse();

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> FindSessions(TKey keyFrom, TKey keyTo, long earliestSessionEnd, long latestSessionStart)
    {
        var (from, to) = (Bytes(keyFrom).ToArray(), Bytes(keyTo).ToArray());
        return Sorted(
            table.CollectAll(earliestSessionEnd, long.MaxValue, hit =>
                hit.Extra <= latestSessionStart && hit.Key.SequenceCompareTo(from) >= 0 && hit.Key.SequenceCompareTo(to) <= 0),
            Hit<TValue>.ByKey);
    }

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> Fetch(TKey key) => FindSessions(key, 0, long.MaxValue);

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> BackwardFetch(TKey key) => Fetch(key).Reverse();

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> Fetch(TKey keyFrom, TKey keyTo) => FindSessions(keyFrom, keyTo, 0, long.MaxValue);

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> All() => Sorted(table.CollectAll(0, long.MaxValue, _ => true), Hit<TValue>.ByKey);

    public IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> FindSessionsByEnd(long endFrom, long endTo) => Sorted(table.CollectAll(endFrom, endTo, _ => true), Hit<TValue>.ByTime);

    public void Flush(IChangelog changelog) => table.Flush(changelog);

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted) => table.Restore(key, value, deleted);

    private static Window Checked(Window window) => new SessionWindow(window.StartMs, window.EndMs);

    private List<KeyValuePair<Windowed<TKey>, TValue>> Sorted(List<Hit<TValue>> found, Comparison<Hit<TValue>> order)
    {
        found.Sort(order);
        return found.ConvertAll(hit => new KeyValuePair<Windowed<TKey>, TValue>(new(keySerDes.Deserialize(hit.Key), new Window(hit.Extra, hit.Time)), hit.Value));
    }

    private ReadOnlySpan<byte> Bytes(TKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        keyBuffer.ResetWrittenCount();
        keySerDes.Serialize(key, keyBuffer);
        return keyBuffer.WrittenSpan;
    }
}
