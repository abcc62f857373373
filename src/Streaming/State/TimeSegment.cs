namespace Streams.Streaming.State;

/// <summary>
/// The entries of one stretch of time, by key. A key's entries form a chain, latest first, so that the usual put and fetch touch its head. Dropping the segment
/// drops them all. An entry that was deleted stays in its chain until the next flush has said so.
/// </summary>
internal sealed class TimeSegment<TValue>(long id)
{
    private const int None = -1;
    private readonly KeyTable keys = new();
    private readonly Chunked<int> heads = new();
    private readonly Chunked<Row> rows = new();
    private readonly Stack<int> free = [];
    private readonly List<int> dirty = [];
    private int buried;

    public long Id => id;

    public int Live { get; private set; }

    public ref Row this[int row] => ref rows[row];

    public ReadOnlySpan<byte> Key(int row) => keys[rows[row].Key];

    /// <summary>The key's latest entry; -1 if it has none. To be followed by <see cref="Row.Next"/>; not every row is live.</summary>
    public int Head(ReadOnlySpan<byte> key, uint hash)
    {
        var number = keys.Find(key, hash);
        return number < 0 ? None : heads[number];
    }

    public int Find(ReadOnlySpan<byte> key, uint hash, long time, long extra)
    {
        var row = Head(key, hash);
        while (row != None && rows[row].IsAfter(time, extra))
            row = rows[row].Next;
        return row != None && rows[row].Time == time && rows[row].Extra == extra ? row : None;
    }

    /// <summary>The entry, made if it is not there.</summary>
    public int FindOrAdd(ReadOnlySpan<byte> key, uint hash, long time, long extra)
    {
        var number = keys.Find(key, hash);
        if (number < 0)
        {
            number = keys.Add(key, hash);
            if (number == heads.Count)
                heads.Add();
            heads[number] = None;
        }
        var (before, row) = (None, heads[number]);
        while (row != None && rows[row].IsAfter(time, extra))
            (before, row) = (row, rows[row].Next);
        if (row != None && rows[row].Time == time && rows[row].Extra == extra)
            return row;
        var added = free.TryPop(out var freed) ? freed : rows.Add();
        rows[added] = new() { Time = time, Extra = extra, Key = number, Next = row };
        Link(number, before, added);
        return added;
    }

    public void Set(int row, TValue value, bool restored)
    {
        ref var entry = ref rows[row];
        if ((entry.State & RowState.Live) == 0)
            Live++;
        entry.Value = value;
        if (restored)
            entry.State = RowState.Live | RowState.Logged;
        else
            MarkDirty(row, ref entry, RowState.Live);
    }

    public void Delete(int row)
    {
        ref var entry = ref rows[row];
        if ((entry.State & RowState.Live) == 0)
            return;
        Live--;
        entry.Value = default!;
        entry.State &= ~RowState.Live;
        MarkDirty(row, ref entry, RowState.None);
    }

    /// <summary>Takes an entry out at once, as a tombstone of the changelog says.</summary>
    public void Forget(int row)
    {
        if ((rows[row].State & RowState.Live) != 0)
            Live--;
        Free(row);
    }

    /// <summary>Every entry that is there, live or not, in no order that means anything.</summary>
    public IEnumerable<int> Rows()
    {
        for (var row = 0; row < rows.Count; row++)
        {
            if (rows[row].State != RowState.None)
                yield return row;
        }
    }

    /// <summary>Writes what changed, in the order of the first changes.</summary>
    public int Flush(TimeLog<TValue> log)
    {
        foreach (var row in dirty)
        {
            ref var entry = ref rows[row];
            if ((entry.State & RowState.Live) != 0)
            {
                log.Put(Key(row), entry.Time, entry.Extra, entry.Value);
                entry.State = RowState.Live | RowState.Logged;
                continue;
            }
            if ((entry.State & RowState.Logged) != 0)
                log.Delete(Key(row), entry.Time, entry.Extra);
            Free(row);
        }
        var written = dirty.Count;
        dirty.Clear();
        return written;
    }

    /// <summary>Writes tombstones for entries of the expired segment, at most so many; returns how many it wrote. <see cref="IsBuried"/> when there are no more.</summary>
    public int Bury(TimeLog<TValue> log, int most)
    {
        var written = 0;
        for (; buried < rows.Count && written < most; buried++)
        {
            ref var entry = ref rows[buried];
            if ((entry.State & RowState.Logged) == 0)
                continue;
            log.Delete(Key(buried), entry.Time, entry.Extra);
            written++;
        }
        return written;
    }

    public bool IsBuried => buried == rows.Count;

    private void MarkDirty(int row, ref Row entry, RowState with)
    {
        if ((entry.State & RowState.Dirty) == 0)
            dirty.Add(row);
        entry.State |= RowState.Dirty | with;
    }

    private void Link(int number, int before, int row)
    {
        if (before == None)
            heads[number] = row;
        else
            rows[before].Next = row;
    }

    private void Free(int row)
    {
        var (number, before) = (rows[row].Key, None);
        for (var at = heads[number]; at != row; at = rows[at].Next)
            before = at;
        Link(number, before, rows[row].Next);
        if (heads[number] == None)
            keys.Remove(number);
        rows[row] = default;
        free.Push(row);
    }

    internal struct Row
    {
        public TValue Value;
        public long Time, Extra;
        public int Key, Next;
        public RowState State;

        public readonly bool IsLive => (State & RowState.Live) != 0;

        public readonly bool IsAfter(long time, long extra) => Time > time || (Time == time && Extra > extra);
    }
}
