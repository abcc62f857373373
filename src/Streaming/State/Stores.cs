using Streams.Streaming.SerDes;

namespace Streams.Streaming.State;

/// <summary>Makes stores (Kafka Streams' class of that name): first what kind of store, then a builder with the types' serializers.</summary>
public static class Stores
{
    /// <summary>A key-value store in memory.</summary>
    /// <param name="ttl">How long an entry lives by stream time after it was put; null: until it is deleted.</param>
    public static KeyValueStoreSupplier InMemoryKeyValueStore(string name, TimeSpan? ttl = null) => new(RequireName(name), RequirePositive(ttl));

    /// <summary>A key-value store whose values may take more room than there is memory; its index (eight bytes a slot, 11 to 21 a key) is in memory. It keeps no order: a range reads all keys.</summary>
    public static KeyValueStoreSupplier PersistentKeyValueStore(string name, TimeSpan? ttl = null, SpillOptions? spill = null) =>
        new(RequireName(name), RequirePositive(ttl), spill ?? new SpillOptions());

    /// <summary>A window store in memory.</summary>
    /// <param name="retention">At least the windows' size and grace together.</param>
    public static WindowStoreSupplier InMemoryWindowStore(string name, TimeSpan retention, TimeSpan windowSize, bool retainDuplicates = false)
    {
        RequirePositive(windowSize);
        if (retention < windowSize)
            throw new ArgumentException($"store \"{name}\": the retention of {retention} is shorter than the windows of {windowSize}", nameof(retention));
        return new(RequireName(name), retention, windowSize, retainDuplicates);
    }

    /// <summary>A session store in memory.</summary>
    /// <param name="retention">At least the sessions' gap and grace together.</param>
    public static SessionStoreSupplier InMemorySessionStore(string name, TimeSpan retention)
    {
        RequirePositive(retention);
        return new(RequireName(name), retention);
    }

    public static StoreBuilder<IKeyValueStore<TKey, TValue>> KeyValueStoreBuilder<TKey, TValue>(
        KeyValueStoreSupplier supplier, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes)
    {
        Require(supplier, keySerDes, valueSerDes);
        return new(supplier.Name, supplier.Spill is { } spill
            ? () => new SpillingKeyValueStore<TKey, TValue>(supplier.Name, keySerDes, valueSerDes, spill, Milliseconds(supplier.Ttl))
            : () => new MemoryKeyValueStore<TKey, TValue>(supplier.Name, keySerDes, valueSerDes, Milliseconds(supplier.Ttl)));
    }

    public static StoreBuilder<ITimestampedKeyValueStore<TKey, TValue>> TimestampedKeyValueStoreBuilder<TKey, TValue>(
        KeyValueStoreSupplier supplier, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes)
    {
        Require(supplier, keySerDes, valueSerDes);
        return new(supplier.Name, supplier.Spill is { } spill
            ? () => new SpillingTimestampedKeyValueStore<TKey, TValue>(supplier.Name, keySerDes, valueSerDes, spill, Milliseconds(supplier.Ttl))
            : () => new MemoryTimestampedKeyValueStore<TKey, TValue>(supplier.Name, keySerDes, valueSerDes, Milliseconds(supplier.Ttl)));
    }

    public static StoreBuilder<IWindowStore<TKey, TValue>> WindowStoreBuilder<TKey, TValue>(
        WindowStoreSupplier supplier, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes)
    {
        Require(supplier, keySerDes, valueSerDes);
        return new(supplier.Name, () => new MemoryWindowStore<TKey, TValue>(supplier, keySerDes, valueSerDes));
    }

    public static StoreBuilder<ITimestampedWindowStore<TKey, TValue>> TimestampedWindowStoreBuilder<TKey, TValue>(
        WindowStoreSupplier supplier, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes)
    {
        Require(supplier, keySerDes, valueSerDes);
        return new(supplier.Name, () => new MemoryTimestampedWindowStore<TKey, TValue>(supplier, keySerDes, valueSerDes));
    }

    public static StoreBuilder<ISessionStore<TKey, TValue>> SessionStoreBuilder<TKey, TValue>(
        SessionStoreSupplier supplier, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes)
    {
        Require(supplier, keySerDes, valueSerDes);
        return new(supplier.Name, () => new MemorySessionStore<TKey, TValue>(supplier, keySerDes, valueSerDes));
    }

    /// <summary>Remembers identities for a time to live, by stream time in milliseconds.</summary>
    public static StoreBuilder<IDuplicateFilter> DuplicateFilter(string name, TimeSpan ttl)
    {
        RequirePositive(ttl);
        return new(RequireName(name), () => new DuplicateFilter(name, (long)ttl.TotalMilliseconds));
    }

    private static long? Milliseconds(TimeSpan? time) => time is { } t ? (long)t.TotalMilliseconds : null;

    private static void Require(object supplier, object keySerDes, object valueSerDes)
    {
        ArgumentNullException.ThrowIfNull(supplier);
        ArgumentNullException.ThrowIfNull(keySerDes);
        ArgumentNullException.ThrowIfNull(valueSerDes);
    }

    private static string RequireName(string name)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return name;
    }

    private static TimeSpan? RequirePositive(TimeSpan? time) =>
        time is null || time.Value.TotalMilliseconds >= 1 ? time : throw new ArgumentOutOfRangeException(nameof(time), $"{time} is no time to keep something for");
}
