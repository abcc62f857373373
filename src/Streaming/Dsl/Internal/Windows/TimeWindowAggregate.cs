using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>Aggregates by key and tumbling or hopping window.</summary>
internal sealed class TimeWindowAggregate<TKey, TValue, TAggregate>(AlignedWindows windows, WindowAggregateParts<TKey, TValue, TAggregate> parts)
    : WindowAggregate<TKey, TValue, TAggregate, ITimestampedWindowStore<TKey, TAggregate>>(parts)
{
    private long nextClose;

    public override void Init(IProcessorContext<Windowed<TKey>, Change<TAggregate>> context)
    {
        base.Init(context);
        nextClose = windows.NextClose(StreamTime);
    }

    protected override bool Aggregate(in Record<TKey, TValue> record)
    {
        var onTime = false;
        var closed = StreamTime - windows.GraceMs;
        for (var start = windows.FirstStart(record.Timestamp); start <= record.Timestamp; start += windows.AdvanceMs)
        {
            var window = new Window(start, start + windows.SizeMs);
            if (window.EndMs > closed)
                onTime |= Update(in record, window);
        }
        return onTime;
    }

    protected override void Close(long before, long now)
    {
        // Between two ends, time closes nothing: no look into the store with each record.
        if (now < nextClose)
            return;
        nextClose = windows.NextClose(now);
        var (from, to) = (before - windows.Horizon + 1, now - windows.Horizon);
        foreach (var (key, value) in Store.FetchAllByTime(Math.Max(0, from), to))
            EmitFinal(key, value.Value, value.Timestamp);
    }

    private bool Update(in Record<TKey, TValue> record, Window window)
    {
        var had = Store.TryFetch(record.Key, window.StartMs, out var old);
        var value = had ? Aggregation.Next(record.Key, record.Value, old.Value) : Aggregation.First(record.Key, record.Value);
        var time = had ? Math.Max(old.Timestamp, record.Timestamp) : record.Timestamp;
        var kept = value is null ? Store.Delete(record.Key, window.StartMs) : Store.Put(record.Key, new(value, time), window.StartMs);
        if (kept)
            Update(record.Key, window, Change<TAggregate>.Of(value, value is not null, old.Value, had), in record, time);
        return kept;
    }
}
