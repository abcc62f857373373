using Streams.Schemas;

namespace Streams.Ingest.Events;

/// <summary>
/// The last events of this process by identity, to tell a repetition from a conflict: the same (source, id) with other content.
/// Bounded: the oldest go first. A courtesy to senders only; metering removes duplicates whatever this remembers.
/// </summary>
sealed class RecentEvents(int capacity)
{
    readonly Lock _lock = new();
    readonly Dictionary<UInt128, UInt128> _contents = [];
    readonly Queue<UInt128> _order = new();

    /// <summary>False when the identity is remembered with other content.</summary>
    public bool TryRemember(UsageEvent usage)
    {
        var key = EventIdentity.Key(usage);
        var content = EventIdentity.Content(usage);
        lock (_lock)
        {
            if (_contents.TryGetValue(key, out var known)) return known == content;
            if (_order.Count == capacity) _contents.Remove(_order.Dequeue());
            _contents[key] = content;
            _order.Enqueue(key);
            return true;
        }
    }

    /// <summary>Forgets an event that was surely not published: its id is free for other content.</summary>
    public void Forget(UsageEvent usage)
    {
        lock (_lock) _contents.Remove(EventIdentity.Key(usage));
    }
}
