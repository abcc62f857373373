using System.Diagnostics.CodeAnalysis;

namespace Streams.Streaming.State;

/// <summary>
/// Aggregates by key and session, to look into. One key's sessions come by end, then start; several keys' by key bytes first. Keys are equal when their
/// serialized bytes are. Expired sessions are never shown. Iterations show the store as it was when they began.
/// </summary>
public interface IReadOnlySessionStore<TKey, TValue>
{
    /// <summary>The aggregate of exactly this session; the type's default where there is none.</summary>
    TValue? FetchSession(TKey key, long sessionStart, long sessionEnd);

    bool TryFetchSession(TKey key, long sessionStart, long sessionEnd, [MaybeNullWhen(false)] out TValue value);

    /// <summary>The key's sessions that end at <paramref name="earliestSessionEnd"/> or later and start at <paramref name="latestSessionStart"/> or earlier.</summary>
    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> FindSessions(TKey key, long earliestSessionEnd, long latestSessionStart);

    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> BackwardFindSessions(TKey key, long earliestSessionEnd, long latestSessionStart);

    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> FindSessions(TKey keyFrom, TKey keyTo, long earliestSessionEnd, long latestSessionStart);

    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> Fetch(TKey key);

    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> BackwardFetch(TKey key);

    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> Fetch(TKey keyFrom, TKey keyTo);

    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> All();
}

/// <summary>
/// Aggregates by key and session (Kafka Streams' SessionStore). A session expires when its end is <see cref="RetentionMs"/> or more before the latest end that
/// was put (removals do not count, nor does <see cref="ITimedStateStore.ObservedStreamTime"/>).
/// </summary>
public interface ISessionStore<TKey, TValue> : IReadOnlySessionStore<TKey, TValue>, ITimedStateStore
{
    /// <summary>At least the gap and the grace together.</summary>
    long RetentionMs { get; }

    /// <summary>Puts a session's aggregate; null removes the session.</summary>
    /// <returns>False if the session has expired: nothing was changed, and the caller sees to the record's exit.</returns>
    bool Put(Windowed<TKey> session, TValue aggregate);

    /// <summary>Removes a session; one that is not there is no error.</summary>
    void Remove(Windowed<TKey> session);

    /// <summary>As the method that returns them, without allocating: appends to a list that the caller keeps and clears.</summary>
    void FindSessions(TKey key, long earliestSessionEnd, long latestSessionStart, List<KeyValuePair<Windowed<TKey>, TValue>> into);

    /// <summary>All keys' sessions with an end in the range, both included, by end, then key bytes, then start: what closes first comes first.</summary>
    IEnumerable<KeyValuePair<Windowed<TKey>, TValue>> FindSessionsByEnd(long endFrom, long endTo);
}
