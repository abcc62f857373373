using Streams.Streaming.SerDes;

namespace Streams.Streaming.State;

/// <summary>An entry that a search has found.</summary>
internal readonly record struct Hit<TValue>(TimeSegment<TValue> Segment, int Row)
{
    public ReadOnlySpan<byte> Key => Segment.Key(Row);

    public long Time => Segment[Row].Time;

    public long Extra => Segment[Row].Extra;

    public TValue Value => Segment[Row].Value;

    public static int ByKey(Hit<TValue> a, Hit<TValue> b)
    {
        var order = a.Key.SequenceCompareTo(b.Key);
        return order != 0 ? order : InChain(a, b);
    }

    public static int ByTime(Hit<TValue> a, Hit<TValue> b)
    {
        var order = a.Time.CompareTo(b.Time);
        return order != 0 ? order : ByKey(a, b);
    }

    private static int InChain(Hit<TValue> a, Hit<TValue> b)
    {
        var order = a.Time.CompareTo(b.Time);
        return order != 0 ? order : a.Extra.CompareTo(b.Extra);
    }
}

/// <summary>
/// Entries by serialized key, time and one more number, in segments of an eighth of the retention: what window and session stores are made of. An entry has
/// expired when its time is the retention or more before the latest time that was put; it is not shown from then on. A segment that has expired as a whole is taken
/// out at once and buried bit by bit: tombstones for what the changelog has of it, a bounded number a flush.
/// </summary>
internal sealed class TimeTable<TValue>(long retention, ISerDes<TValue> serDes, int extraSize)
{
    private const int TombstonesAFlush = 4096;
    private const long LatestTime = long.MaxValue / 4;
    private readonly long width = Math.Max(1, retention / 8);
    private readonly SortedList<long, TimeSegment<TValue>> segments = [];
    private readonly Queue<TimeSegment<TValue>> expired = [];
    private readonly TimeLog<TValue> log = new(serDes, extraSize);

    public StreamTimes Times { get; } = new();

    /// <summary>The earliest time that has not expired.</summary>
    public long EarliestLive => Times.LatestPut - retention + 1;

    public int Live { get; private set; }

    /// <summary>Moves the latest time on; false if this one has expired.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time is negative, or no time at all.</exception>
    public bool Admit(long time)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(time);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(time, LatestTime);
        if (time > Times.LatestPut)
        {
            Times.LatestPut = time;
            DropExpired();
        }
        return time >= EarliestLive;
    }

    public void Put(ReadOnlySpan<byte> key, long time, long extra, TValue value) => Set(key, time, extra, value, restored: false);

    /// <summary>Puts beside what is there for the key and time, with the next number.</summary>
    public void Append(ReadOnlySpan<byte> key, long time, TValue value)
    {
        var segment = SegmentOf(time);
        var hash = KeyHash.Of(key);
        var row = segment.Head(key, hash);
        while (row >= 0 && segment[row].Time > time)
            row = segment[row].Next;
        var extra = row >= 0 && segment[row].Time == time ? segment[row].Extra + 1 : 0;
        Put(key, time, extra, value);
    }

    public void Delete(ReadOnlySpan<byte> key, long time, long extra)
    {
        if (!segments.TryGetValue(time / width, out var segment))
            return;
        var row = segment.Find(key, KeyHash.Of(key), time, extra);
        if (row < 0 || !segment[row].IsLive)
            return;
        segment.Delete(row);
        Live--;
    }

    /// <summary>The latest entry of the key and time with at most this number.</summary>
    public bool TryGet(ReadOnlySpan<byte> key, long time, long? extra, out Hit<TValue> hit)
    {
        hit = default;
        if (time < EarliestLive || time < 0 || !segments.TryGetValue(time / width, out var segment))
            return false;
        var row = segment.Head(key, KeyHash.Of(key));
        while (row >= 0 && (extra is { } e ? segment[row].IsAfter(time, e) : segment[row].Time > time))
            row = segment[row].Next;
        if (row < 0 || segment[row].Time != time || (extra is { } number && segment[row].Extra != number) || !segment[row].IsLive)
            return false;
        hit = new(segment, row);
        return true;
    }

    /// <summary>One key's live entries with a time in the range, by time.</summary>
    public void Collect(ReadOnlySpan<byte> key, long from, long to, long mostExtra, List<Hit<TValue>> into)
    {
        from = Math.Max(from, EarliestLive);
        var hash = KeyHash.Of(key);
        for (var i = 0; i < segments.Count; i++)
        {
            var segment = segments.GetValueAtIndex(i);
            if (!Overlaps(segment, from, to))
                continue;
            var first = into.Count;
            for (var row = segment.Head(key, hash); row >= 0 && segment[row].Time >= from; row = segment[row].Next)
            {
                if (segment[row].Time <= to && segment[row].Extra <= mostExtra && segment[row].IsLive)
                    into.Add(new(segment, row));
            }
            into.Reverse(first, into.Count - first);
        }
    }

    /// <summary>All live entries with a time in the range whose key is wanted, in no order.</summary>
    public List<Hit<TValue>> CollectAll(long from, long to, Predicate<Hit<TValue>> isWanted)
    {
        from = Math.Max(from, EarliestLive);
        var hits = new List<Hit<TValue>>();
        foreach (var segment in segments.Values)
        {
            if (!Overlaps(segment, from, to))
                continue;
            foreach (var row in segment.Rows())
            {
                var hit = new Hit<TValue>(segment, row);
                if (segment[row].IsLive && hit.Time >= from && hit.Time <= to && isWanted(hit))
                    hits.Add(hit);
            }
        }
        return hits;
    }

    public void Flush(IChangelog changelog)
    {
        DropExpired();
        log.Changelog = changelog;
        var written = 0;
        for (var i = 0; i < segments.Count; i++)
            written += segments.GetValueAtIndex(i).Flush(log);
        Bury(Math.Max(TombstonesAFlush, written));
        Times.Flush(changelog);
        log.Changelog = null;
    }

    public void Restore(ReadOnlySpan<byte> composed, ReadOnlySpan<byte> value, bool deleted)
    {
        if (Times.Restore(composed, value, deleted))
            return;
        var (length, time, extra) = log.Parse(composed);
        var key = composed[..length];
        if (!deleted)
        {
            Times.RestoreLatestPut(time);
            Set(key, time, extra, log.Deserialize(value), restored: true);
            return;
        }
        if (!segments.TryGetValue(time / width, out var segment))
            return;
        var row = segment.Find(key, KeyHash.Of(key), time, extra);
        if (row < 0)
            return;
        Live--;
        segment.Forget(row);
    }

    private void Set(ReadOnlySpan<byte> key, long time, long extra, TValue value, bool restored)
    {
        var segment = SegmentOf(time);
        var before = segment.Live;
        segment.Set(segment.FindOrAdd(key, KeyHash.Of(key), time, extra), value, restored);
        Live += segment.Live - before;
    }

    private TimeSegment<TValue> SegmentOf(long time)
    {
        var id = time / width;
        if (!segments.TryGetValue(id, out var segment))
            segments.Add(id, segment = new(id));
        return segment;
    }

    private bool Overlaps(TimeSegment<TValue> segment, long from, long to) => (segment.Id + 1) * width > from && segment.Id * width <= to;

    private void DropExpired()
    {
        while (segments.Count > 0 && (segments.GetKeyAtIndex(0) + 1) * width <= EarliestLive)
        {
            var segment = segments.GetValueAtIndex(0);
            segments.RemoveAt(0);
            Live -= segment.Live;
            expired.Enqueue(segment);
        }
    }

    private void Bury(int most)
    {
        while (most > 0 && expired.TryPeek(out var segment))
        {
            most -= segment.Bury(log, most);
            if (segment.IsBuried)
                expired.Dequeue();
        }
    }
}
