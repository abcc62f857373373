namespace Streams.Streaming.Tests.Windows;

/// <summary>A planted bug.</summary>
internal enum Bug
{
    None,

    /// <summary>A window still takes records at the moment at which it closes.</summary>
    ClosesTooLate,
    ForgetsGrace,

    /// <summary>Two edges that must touch do not.</summary>
    EdgeExcluded,

    /// <summary>Operator time starts anew after a restart, as with Kafka Streams.</summary>
    RestartForgetsTime,

    /// <summary>Windows that close together come by key first.</summary>
    ClosesByKey,

    /// <summary>An update has the time of the record that caused it.</summary>
    TimeOfCause,
    NoTombstones,

    /// <summary>Sessions that were closed are joined all the same.</summary>
    JoinsClosed,

    /// <summary>Late records vanish.</summary>
    LateVanish,
}

/// <summary>What windows must give, computed anew for each record from the list of all before it. Shares nothing with what it checks.</summary>
internal abstract class WindowModel(Arrivals arrivals, Bug bug)
{
    private readonly List<(string Key, long Start, long End, string? Value, long Time)> last = [];

    /// <summary>The updates of each record.</summary>
    public List<List<string>> Updates { get; } = [];

    public List<string> Finals { get; } = [];

    public List<string> Dropped { get; } = [];

    public List<string> Late { get; } = [];

    protected Bug Bug => bug;

    /// <summary>The latest time of the records with a key, up to the present one.</summary>
    protected long StreamTime { get; private set; } = -1;

    protected virtual bool NeedsValues => false;

    public void Run()
    {
        for (var i = 0; i < arrivals.Records.Count; i++)
        {
            if (bug == Bug.RestartForgetsTime && arrivals.Restarts.Contains(i))
                StreamTime = -1;
            Updates.Add([]);
            Process(arrivals.Records[i]);
        }
    }

    /// <summary>From this stream time on the window is closed.</summary>
    protected abstract long ClosesAt(long start, long end);

    /// <summary>The windows that change by a record, and what they hold then; none: it is late.</summary>
    protected abstract IReadOnlyList<(long Start, long End, string? Value, long Time)> Changes(string key, string value, long time);

    protected bool IsClosed(long start, long end) => ClosesAt(start, end) + (bug == Bug.ClosesTooLate ? 1 : 0) <= StreamTime;

    private void Process(Arrival arrival)
    {
        if (arrival.Key is null || (NeedsValues && arrival.Value is null))
        {
            // Two aggregates drop it.
            var code = $"{(arrival.Key is null ? "NULL_KEY" : "NULL_VALUE")}@{arrival.Time}";
            Dropped.AddRange([code, code]);
            return;
        }
        var before = StreamTime;
        StreamTime = Math.Max(StreamTime, arrival.Time);
        Close(before);
        var changes = Changes(arrival.Key, arrival.Value ?? "_", arrival.Time);
        if (changes.Count == 0 && bug != Bug.LateVanish)
        {
            Dropped.Add($"LATE_RECORD@{arrival.Time}");
            Late.Add($"{arrival.Key}={arrival.Value ?? "-"}@{arrival.Time}");
        }
        foreach (var (start, end, value, time) in changes)
        {
            Updates[^1].Add(WindowRun.Line(arrival.Key, start, end, value, bug == Bug.TimeOfCause ? arrival.Time : time));
            last.RemoveAll(w => w.Key == arrival.Key && w.Start == start && w.End == end);
            last.Add((arrival.Key, start, end, value, time));
        }
    }

    private void Close(long before)
    {
        var closing = last.Where(w => ClosesAt(w.Start, w.End) <= StreamTime && ClosesAt(w.Start, w.End) > before && w.Value is not null);
        var ordered = bug == Bug.ClosesByKey
            ? closing.OrderBy(w => w.Key, StringComparer.Ordinal).ThenBy(w => w.End)
            : closing.OrderBy(w => w.End).ThenBy(w => w.Key, StringComparer.Ordinal);
        foreach (var (key, start, end, value, time) in ordered.ThenBy(w => w.Start))
            Finals.Add(WindowRun.Line(key, start, end, value, time));
    }
}

/// <summary>Tumbling and hopping windows.</summary>
internal sealed class TimeModel(Arrivals arrivals, Bug bug, long size, long advance, long grace) : WindowModel(arrivals, bug)
{
    private readonly List<(string Key, string Value, long Time, long StreamTime)> seen = [];

    protected override long ClosesAt(long start, long end) => end + (Bug == Bug.ForgetsGrace ? 0 : grace);

    protected override IReadOnlyList<(long Start, long End, string? Value, long Time)> Changes(string key, string value, long time)
    {
        seen.Add((key, value, time, StreamTime));
        var changes = new List<(long, long, string?, long)>();
        for (var start = 0L; start <= time; start += advance)
        {
            var end = start + size;
            if (!Contains(start, end, time) || IsClosed(start, end))
                continue;
            var within = seen.Where(s => s.Key == key && Contains(start, end, s.Time) && s.StreamTime < ClosesAt(start, end) + (Bug == Bug.ClosesTooLate ? 1 : 0)).ToList();
            changes.Add((start, end, string.Concat(within.Select(s => s.Value)), within.Max(s => s.Time)));
        }
        return changes;
    }

    private bool Contains(long start, long end, long time) => start <= time && (Bug == Bug.EdgeExcluded ? time < end - 1 : time < end);
}

/// <summary>Sessions: runs of records, each with all its records.</summary>
internal sealed class SessionModel(Arrivals arrivals, Bug bug, long gap, long grace) : WindowModel(arrivals, bug)
{
    private readonly List<(string Key, List<(long Time, string Value)> Records)> sessions = [];

    protected override long ClosesAt(long start, long end) => end + gap + 1 + (Bug == Bug.ForgetsGrace ? 0 : grace);

    protected override IReadOnlyList<(long Start, long End, string? Value, long Time)> Changes(string key, string value, long time)
    {
        var reach = Bug == Bug.EdgeExcluded ? gap - 1 : gap;
        var joined = sessions.Where(s => s.Key == key && Start(s.Records) - reach <= time && time <= End(s.Records) + reach && (Bug == Bug.JoinsClosed || !IsClosed(Start(s.Records), End(s.Records))))
            .OrderBy(s => End(s.Records)).ThenBy(s => Start(s.Records)).ToList();
        List<(long Time, string Value)> all = [.. joined.SelectMany(s => s.Records), (time, value)];
        if (IsClosed(Start(all), End(all)))
            return [];
        var changes = new List<(long, long, string?, long)>();
        foreach (var old in joined)
        {
            sessions.Remove(old);
            if (Start(all) != End(all) && Bug != Bug.NoTombstones)
                changes.Add((Start(old.Records), End(old.Records), null, End(old.Records)));
        }
        sessions.Add((key, all));
        changes.Add((Start(all), End(all), string.Concat(all.Select(r => r.Value).Order(StringComparer.Ordinal)), End(all)));
        return changes;
    }

    private static long Start(List<(long Time, string Value)> records) => records.Min(r => r.Time);

    private static long End(List<(long Time, string Value)> records) => records.Max(r => r.Time);
}

/// <summary>Sliding windows by their definition: for each record that counts anywhere, the window that ends with it and the one that begins after it.</summary>
internal sealed class SlidingModel(Arrivals arrivals, Bug bug, long difference, long grace) : WindowModel(arrivals, bug)
{
    private readonly List<(string Key, string Value, long Time)> counted = [];
    private readonly HashSet<(string Key, long Start)> made = [];

    protected override bool NeedsValues => true;

    protected override long ClosesAt(long start, long end) => end + 1 + (Bug == Bug.ForgetsGrace ? 0 : grace);

    protected override IReadOnlyList<(long Start, long End, string? Value, long Time)> Changes(string key, string value, long time)
    {
        counted.Add((key, value, time));
        var aligned = counted.Where(c => c.Key == key).SelectMany(c => new[] { Math.Max(0, c.Time - difference), c.Time + 1 }).Distinct().ToList();
        var changed = aligned.Where(s => Contains(s, time) && !IsClosed(s, s + difference)).ToList();
        if (changed.Count == 0)
        {
            counted.RemoveAt(counted.Count - 1);
            return [];
        }
        if (!made.Contains((key, time + 1)) && Within(key, time + 1).Count > 0)
            changed.Add(time + 1);
        changed.ForEach(s => made.Add((key, s)));
        return changed.ConvertAll(s => (s, s + difference, (string?)string.Concat(Within(key, s).Select(c => c.Value).Order(StringComparer.Ordinal)), Within(key, s).Max(c => c.Time)));
    }

    private List<(string Key, string Value, long Time)> Within(string key, long start) => counted.FindAll(c => c.Key == key && Contains(start, c.Time));

    private bool Contains(long start, long time) => start <= time && (Bug == Bug.EdgeExcluded ? time < start + difference : time <= start + difference);
}
