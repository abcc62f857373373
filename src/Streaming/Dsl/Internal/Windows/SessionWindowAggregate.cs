using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>Aggregates by key and session. Sessions that are closed are final: nothing joins them, however long the store keeps them.</summary>
internal sealed class SessionWindowAggregate<TKey, TValue, TAggregate>(Sessions sessions, WindowAggregateParts<TKey, TValue, TAggregate> parts)
    : WindowAggregate<TKey, TValue, TAggregate, ISessionStore<TKey, TAggregate>>(parts)
{
    private readonly List<KeyValuePair<Windowed<TKey>, TAggregate>> found = [];

    protected override bool Aggregate(in Record<TKey, TValue> record)
    {
        var time = record.Timestamp;
        var earliestOpenEnd = EarliestOpenEnd(StreamTime);
        found.Clear();
        Store.FindSessions(record.Key, Math.Max(0, Math.Max(time - sessions.GapMs, earliestOpenEnd)), time + sessions.GapMs, found);
        var (start, end) = (time, time);
        foreach (var (session, _) in found)
            (start, end) = (Math.Min(start, session.Window.StartMs), Math.Max(end, session.Window.EndMs));
        if (end < earliestOpenEnd)
            return false;
        var aggregate = Merged(in record);
        // A session of one moment grows in place; every other gives way to the new one.
        if (start != end)
            RemoveFound(in record);
        var window = new Window(start, end);
        Put(in record, window, aggregate);
        return true;
    }

    protected override void Close(long before, long now)
    {
        var to = EarliestOpenEnd(now) - 1;
        if (to < 0)
            return;
        foreach (var (session, aggregate) in Store.FindSessionsByEnd(Math.Max(0, EarliestOpenEnd(before)), to))
            EmitFinal(session, aggregate, session.Window.EndMs);
    }

    private long EarliestOpenEnd(long streamTime) => streamTime - sessions.GraceMs - sessions.GapMs;

    private TAggregate Merged(in Record<TKey, TValue> record)
    {
        if (found.Count == 0)
            return Aggregation.First(record.Key, record.Value);
        var aggregate = Aggregation.Seed(record.Key, found[0].Value);
        for (var i = 1; i < found.Count; i++)
            aggregate = Aggregation.Merge!(record.Key, aggregate, found[i].Value);
        return Aggregation.Next(record.Key, record.Value, aggregate);
    }

    private void RemoveFound(in Record<TKey, TValue> record)
    {
        foreach (var (session, old) in found)
        {
            Store.Remove(session);
            Update(record.Key, session.Window, Change<TAggregate>.Of(default, false, old, true), in record, session.Window.EndMs);
        }
    }

    private void Put(in Record<TKey, TValue> record, Window window, TAggregate aggregate)
    {
        var session = new Windowed<TKey>(record.Key, window);
        var grew = found.Count == 1 && window.StartMs == window.EndMs;
        if (aggregate is null)
            Store.Remove(session);
        else
            Store.Put(session, aggregate);
        Update(record.Key, window, Change<TAggregate>.Of(aggregate, aggregate is not null, grew ? found[0].Value : default, grew), in record, window.EndMs);
    }
}
