using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>
/// Aggregates by key and sliding window (Kafka Streams' algorithm). A record changes the windows it lies in and may make three: the one that ends with it, the
/// one that begins after it, and the one that begins after the record before it. The aggregates of new windows come from old ones, for single records are not
/// kept: the last window that begins at or before the record holds, beyond the record, just what its right window must hold.
/// </summary>
internal sealed class SlidingWindowAggregate<TKey, TValue, TAggregate>(SlidingWindows windows, WindowAggregateParts<TKey, TValue, TAggregate> parts)
    : WindowAggregate<TKey, TValue, TAggregate, ITimestampedWindowStore<TKey, TAggregate>>(parts)
{
    private readonly List<KeyValuePair<long, ValueAndTimestamp<TAggregate>>> found = [];
    private readonly long difference = windows.DifferenceMs;
    private bool onTime;

    protected override bool RefusesNullValues => true;

    protected override bool Aggregate(in Record<TKey, TValue> record)
    {
        onTime = false;
        if (IsClosed(record.Timestamp))
            return false;
        found.Clear();
        Store.Fetch(record.Key, Math.Max(0, record.Timestamp - 2 * difference), record.Timestamp + 1, found);
        if (record.Timestamp < difference)
            AggregateEarly(in record);
        else
            AggregateAligned(in record);
        return onTime;
    }

    protected override void Close(long before, long now)
    {
        var (from, to) = (before - windows.Horizon + 1, now - windows.Horizon);
        if (to < 0)
            return;
        foreach (var (key, value) in Store.FetchAllByTime(Math.Max(0, from), to))
            EmitFinal(key, value.Value, value.Timestamp);
    }

    private bool IsClosed(long start) => start + difference < StreamTime - windows.GraceMs;

    private void AggregateAligned(in Record<TKey, TValue> record)
    {
        var time = record.Timestamp;
        long? previous = null;
        ValueAndTimestamp<TAggregate>? left = null, right = null;
        bool leftExists = false, rightExists = false;
        for (var i = found.Count - 1; i >= 0 && left is null; i--)
        {
            var (start, window) = found[i];
            if (start > time)
            {
                rightExists = true;
            }
            else if (start + difference > time)
            {
                right ??= window;
                Update(in record, start, window);
            }
            else if (start + difference == time)
            {
                leftExists = true;
                Update(in record, start, window);
                // A record of the same time has made every window there can be.
                if (window.Timestamp == time)
                    return;
                previous = window.Timestamp;
            }
            else
            {
                left = window;
                previous ??= window.Timestamp;
            }
        }
        // Where the window after the previous record ends with this one, it is this one's left window.
        if (previous is { } p && p + 1 + difference > time && !Exists(p + 1))
            Update(in record, p + 1, null);
        if (!leftExists)
            MakeLeft(in record, previous >= time - difference ? left : null);
        // A record that counts in no window makes none for others.
        if (!rightExists && onTime)
            MakeRight(in record, right);
    }

    /// <summary>A record nearer to the epoch than the difference: the window that starts there stands for the left windows of all such records.</summary>
    private void AggregateEarly(in Record<TKey, TValue> record)
    {
        var time = record.Timestamp;
        long? previous = null;
        ValueAndTimestamp<TAggregate>? combined = null, right = null;
        var rightExists = false;
        foreach (var (start, window) in found)
        {
            if (start == 0)
            {
                combined = window;
                if (window.Timestamp < time)
                    previous = window.Timestamp;
            }
            else if (start <= time)
            {
                right = window;
                Update(in record, start, window);
            }
            else
            {
                rightExists = true;
            }
        }
        var followsPrevious = previous is { } p && !Exists(p + 1);
        var counts = onTime || !IsClosed(0) || (followsPrevious && !IsClosed(previous!.Value + 1));
        // Without a window between the epoch and the record, all that the combined one holds comes after the record.
        if (!rightExists && counts)
            MakeRight(in record, right ?? combined);
        if (followsPrevious)
            Update(in record, previous!.Value + 1, null);
        Update(in record, 0, combined);
    }

    private void MakeLeft(in Record<TKey, TValue> record, ValueAndTimestamp<TAggregate>? content)
    {
        var start = record.Timestamp - difference;
        if (IsClosed(start))
            return;
        var value = content is { } before ? Aggregation.Next(record.Key, record.Value, before.Value) : Aggregation.First(record.Key, record.Value);
        Put(in record, start, value, record.Timestamp, default, had: false);
    }

    private void MakeRight(in Record<TKey, TValue> record, ValueAndTimestamp<TAggregate>? content)
    {
        if (content is { } after && after.Timestamp > record.Timestamp)
            Put(in record, record.Timestamp + 1, after.Value, after.Timestamp, default, had: false);
    }

    private void Update(in Record<TKey, TValue> record, long start, ValueAndTimestamp<TAggregate>? window)
    {
        if (IsClosed(start))
            return;
        if (window is { } old)
            Put(in record, start, Aggregation.Next(record.Key, record.Value, old.Value), Math.Max(old.Timestamp, record.Timestamp), old.Value, had: true);
        else
            Put(in record, start, Aggregation.First(record.Key, record.Value), record.Timestamp, default, had: false);
    }

    private void Put(in Record<TKey, TValue> record, long start, TAggregate value, long time, TAggregate? old, bool had)
    {
        if (!(value is null ? Store.Delete(record.Key, start) : Store.Put(record.Key, new(value, time), start)))
            return;
        onTime = true;
        Update(record.Key, new Window(start, start + difference), Change<TAggregate>.Of(value, value is not null, old, had), in record, time);
    }

    private bool Exists(long start)
    {
        foreach (var (each, _) in found)
        {
            if (each == start)
                return true;
        }
        return false;
    }
}
