using System.Diagnostics.CodeAnalysis;

namespace Streams.Streaming.State;

/// <summary>
/// Values by key and window start, to look into. Times are window starts, milliseconds since the epoch; ranges include both ends. Keys are equal when their
/// serialized bytes are. One key's windows come by start; several keys' by key bytes, then start; values of one key and start in the order of their puts.
/// Expired windows are never shown. Iterations show the store as it was when they began.
/// </summary>
public interface IReadOnlyWindowStore<TKey, TValue>
{
    /// <summary>The value of the window with this start; the type's default where there is none. Where duplicates are kept: the last one put.</summary>
    TValue? Fetch(TKey key, long windowStart);

    bool TryFetch(TKey key, long windowStart, [MaybeNullWhen(false)] out TValue value);

    IEnumerable<KeyValuePair<long, TValue>> Fetch(TKey key, long timeFrom, long timeTo);

    IEnumerable<KeyValuePair<long, TValue>> BackwardFetch(TKey key, long timeFrom, long timeTo);

    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> Fetch(TKey keyFrom, TKey keyTo, long timeFrom, long timeTo);

    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> BackwardFetch(TKey keyFrom, TKey keyTo, long timeFrom, long timeTo);

    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> FetchAll(long timeFrom, long timeTo);

    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> BackwardFetchAll(long timeFrom, long timeTo);

    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> All();

    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> BackwardAll();
}

/// <summary>
/// Values by key and window start (Kafka Streams' WindowStore). A window expires when its start is <see cref="RetentionMs"/> or more before the latest start
/// that was put (deletions count; <see cref="ITimedStateStore.ObservedStreamTime"/> does not). An operator that emits on close does so before it puts what moved its time.
/// </summary>
public interface IWindowStore<TKey, TValue> : IReadOnlyWindowStore<TKey, TValue>, ITimedStateStore
{
    long WindowSizeMs { get; }

    /// <summary>At least the windows' size and grace together.</summary>
    long RetentionMs { get; }

    /// <summary>Whether several values of one key and start are kept side by side.</summary>
    bool RetainsDuplicates { get; }

    /// <summary>Puts a window's value; null deletes (and does nothing where duplicates are kept).</summary>
    /// <returns>False if the window has expired: nothing was changed, and the caller sees to the record's exit.</returns>
    bool Put(TKey key, TValue value, long windowStart);

    /// <summary>Deletes a window; one that is not there is no error. Not for stores that keep duplicates.</summary>
    /// <returns>False if the window has expired.</returns>
    bool Delete(TKey key, long windowStart);

    /// <summary>As the method that returns them, without allocating: appends to a list that the caller keeps and clears.</summary>
    void Fetch(TKey key, long timeFrom, long timeTo, List<KeyValuePair<long, TValue>> into);

    /// <summary>As <see cref="IReadOnlyWindowStore{TKey, TValue}.FetchAll"/>, by start, then key bytes: what closes first comes first.</summary>
    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> FetchAllByTime(long timeFrom, long timeTo);
}

/// <summary>A value and the time of its latest record, by key and window start. What windowed aggregates of the DSL are kept in.</summary>
public interface ITimestampedWindowStore<TKey, TValue> : IWindowStore<TKey, ValueAndTimestamp<TValue>>;
