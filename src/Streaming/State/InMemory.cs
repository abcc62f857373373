namespace Streams.Streaming.State;

/// <summary>A table's state in memory (Streamiz' InMemory).</summary>
public static class InMemory
{
    public static Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>> As<TKey, TValue>(string storeName) => Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>.As(storeName);

    public static Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>> As<TKey, TValue>() => Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>.Create();
}

/// <summary>A windowed aggregate's state in memory (Streamiz' InMemoryWindows).</summary>
public static class InMemoryWindows
{
    public static Materialized<TKey, TValue, IWindowStore<TKey, TValue>> As<TKey, TValue>(string storeName) => Materialized<TKey, TValue, IWindowStore<TKey, TValue>>.As(storeName);

    public static Materialized<TKey, TValue, IWindowStore<TKey, TValue>> As<TKey, TValue>() => Materialized<TKey, TValue, IWindowStore<TKey, TValue>>.Create();
}

/// <summary>A session aggregate's state in memory.</summary>
public static class InMemorySessions
{
    public static Materialized<TKey, TValue, ISessionStore<TKey, TValue>> As<TKey, TValue>(string storeName) => Materialized<TKey, TValue, ISessionStore<TKey, TValue>>.As(storeName);

    public static Materialized<TKey, TValue, ISessionStore<TKey, TValue>> As<TKey, TValue>() => Materialized<TKey, TValue, ISessionStore<TKey, TValue>>.Create();
}

/// <summary>A table's state that may be larger than memory; in the place of Streamiz' RocksDb.</summary>
public static class LargerThanMemory
{
    public static Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>> As<TKey, TValue>(string storeName, TimeSpan? ttl = null, SpillOptions? spill = null) =>
        Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>.As(Stores.PersistentKeyValueStore(storeName, ttl, spill));
}
