namespace Streams.Streaming.State;

/// <summary>What became of an identity.</summary>
public enum DuplicateVerdict
{
    /// <summary>It is new, and is remembered now.</summary>
    Added,

    /// <summary>It was added before, by a record at most the time to live older than stream time.</summary>
    Duplicate,

    /// <summary>Its own time is further back than the time to live: nobody can tell whether it was seen, and it was not added.</summary>
    Expired,
}

/// <summary>
/// Remembers identities for a time to live, each with its own time. An identity is remembered while <see cref="ITimedStateStore.ObservedStreamTime"/> minus its
/// time is at most <see cref="Ttl"/>. Times are in the unit of the caller, the same everywhere (milliseconds, as a rule).
/// </summary>
public interface IDuplicateFilter : ITimedStateStore
{
    long Ttl { get; }

    /// <summary>Identities in memory, some perhaps expired.</summary>
    long Count { get; }

    /// <summary>Whether the identity is remembered.</summary>
    bool Contains(UInt128 id);

    /// <summary>Judges an identity by stream time as it is before the record, adds it if it is new, and then moves stream time to <paramref name="time"/> if that is later.</summary>
    DuplicateVerdict Add(UInt128 id, long time);

    /// <summary>As <see cref="Add(UInt128, long)"/> for an identity of any bytes: their SipHash of 128 bits stands for them.</summary>
    DuplicateVerdict Add(ReadOnlySpan<byte> id, long time);

    /// <summary>Whether the identity was new; false for duplicates and for what is too old to judge.</summary>
    bool TryAdd(ReadOnlySpan<byte> id, long time) => Add(id, time) == DuplicateVerdict.Added;

    bool TryAdd(UInt128 id, long time) => Add(id, time) == DuplicateVerdict.Added;
}
