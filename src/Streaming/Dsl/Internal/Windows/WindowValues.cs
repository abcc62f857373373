using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>The values of windowed tables: they stand in the aggregates' stores.</summary>
internal static class WindowValues
{
    public static TableValues<Windowed<TKey>, TValue> OfWindows<TKey, TValue>(string store) =>
        new([store], context => new Windows<TKey, TValue>(context.GetStateStore<ITimestampedWindowStore<TKey, TValue>>(store)));

    public static TableValues<Windowed<TKey>, TValue> OfSessions<TKey, TValue>(string store) =>
        new([store], context => new OfSession<TKey, TValue>(context.GetStateStore<ISessionStore<TKey, TValue>>(store)));

    private sealed class Windows<TKey, TValue>(ITimestampedWindowStore<TKey, TValue> store) : ITableValueGetter<Windowed<TKey>, TValue>
    {
        public bool TryGet(Windowed<TKey> key, out TValue value, out long timestamp)
        {
            var found = store.TryFetch(key.Key, key.Window.StartMs, out var stored);
            (value, timestamp) = (stored.Value, stored.Timestamp);
            return found;
        }
    }

    private sealed class OfSession<TKey, TValue>(ISessionStore<TKey, TValue> store) : ITableValueGetter<Windowed<TKey>, TValue>
    {
        public bool TryGet(Windowed<TKey> key, out TValue value, out long timestamp)
        {
            timestamp = key.Window.EndMs;
            return store.TryFetchSession(key.Key, key.Window.StartMs, key.Window.EndMs, out value!);
        }
    }
}
