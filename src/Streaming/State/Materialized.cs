using Streams.Streaming.SerDes;

namespace Streams.Streaming.State;

/// <summary>
/// How an operator's state is kept: the store's name, its serializers, its retention (Streamiz' Materialized). What is not said is left to the operator.
/// <typeparamref name="TStore"/> says which kind of store is meant.
/// </summary>
public sealed class Materialized<TKey, TValue, TStore>
    where TStore : IStateStore
{
    private string? name;

    private Materialized()
    {
    }

    /// <summary>The store's name; null: the operator names it.</summary>
    public string? StoreName => KeyValueSupplier?.Name ?? WindowSupplier?.Name ?? SessionSupplier?.Name ?? name;

    /// <summary>The name under which the store can be queried; null if it was given none.</summary>
    public string? QueryableStoreName => StoreName;

    public ISerDes<TKey>? KeySerdes { get; private set; }

    public ISerDes<TValue>? ValueSerdes { get; private set; }

    /// <summary>How long windows and sessions are kept; null: their size and grace.</summary>
    public TimeSpan? Retention { get; private set; }

    /// <summary>How long an entry of a key-value store lives after it was put, by stream time; null: until it is deleted.</summary>
    public TimeSpan? Ttl { get; private set; }

    public bool LoggingEnabled { get; private set; } = true;

    public bool CachingEnabled { get; private set; }

    /// <summary>Settings of the changelog topic; null: the runtime's.</summary>
    public IReadOnlyDictionary<string, string>? TopicConfig { get; private set; }

    public KeyValueStoreSupplier? KeyValueSupplier { get; private set; }

    public WindowStoreSupplier? WindowSupplier { get; private set; }

    public SessionStoreSupplier? SessionSupplier { get; private set; }

    /// <summary>A store of this name.</summary>
    public static Materialized<TKey, TValue, TStore> As(string storeName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(storeName);
        return new() { name = storeName };
    }

    public static Materialized<TKey, TValue, TStore> As(KeyValueStoreSupplier supplier) => new() { KeyValueSupplier = supplier };

    public static Materialized<TKey, TValue, TStore> As(WindowStoreSupplier supplier) => new() { WindowSupplier = supplier };

    public static Materialized<TKey, TValue, TStore> As(SessionStoreSupplier supplier) => new() { SessionSupplier = supplier };

    /// <summary>A store without a name of its own, with these serializers.</summary>
    public static Materialized<TKey, TValue, TStore> With(ISerDes<TKey> keySerdes, ISerDes<TValue> valueSerdes) => new() { KeySerdes = keySerdes, ValueSerdes = valueSerdes };

    /// <summary>Streamiz' word for <see cref="As(string)"/>.</summary>
    public static Materialized<TKey, TValue, TStore> Create(string storeName) => As(storeName);

    /// <summary>A store about which nothing is said.</summary>
    public static Materialized<TKey, TValue, TStore> Create() => new();

    /// <summary>A store of this name with serializers made by their types.</summary>
    public static Materialized<TKey, TValue, TStore> Create<TKeySerDes, TValueSerDes>(string storeName)
        where TKeySerDes : ISerDes<TKey>, new()
        where TValueSerDes : ISerDes<TValue>, new() => As(storeName).With<TKeySerDes, TValueSerDes>();

    public static Materialized<TKey, TValue, TStore> Create<TKeySerDes, TValueSerDes>()
        where TKeySerDes : ISerDes<TKey>, new()
        where TValueSerDes : ISerDes<TValue>, new() => Create().With<TKeySerDes, TValueSerDes>();

    public Materialized<TKey, TValue, TStore> With<TKeySerDes, TValueSerDes>()
        where TKeySerDes : ISerDes<TKey>, new()
        where TValueSerDes : ISerDes<TValue>, new() => WithKeySerdes(new TKeySerDes()).WithValueSerdes(new TValueSerDes());

    public Materialized<TKey, TValue, TStore> WithName(string storeName)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(storeName);
        name = storeName;
        return this;
    }

    public Materialized<TKey, TValue, TStore> WithKeySerdes(ISerDes<TKey> serdes)
    {
        KeySerdes = serdes;
        return this;
    }

    public Materialized<TKey, TValue, TStore> WithValueSerdes(ISerDes<TValue> serdes)
    {
        ValueSerdes = serdes;
        return this;
    }

    /// <exception cref="ArgumentOutOfRangeException">The retention is negative.</exception>
    public Materialized<TKey, TValue, TStore> WithRetention(TimeSpan retention)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(retention, TimeSpan.Zero);
        Retention = retention;
        return this;
    }

    public Materialized<TKey, TValue, TStore> WithTtl(TimeSpan ttl)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ttl, TimeSpan.FromMilliseconds(1));
        Ttl = ttl;
        return this;
    }

    public Materialized<TKey, TValue, TStore> WithLoggingEnabled(IReadOnlyDictionary<string, string>? config = null)
    {
        (LoggingEnabled, TopicConfig) = (true, config);
        return this;
    }

    /// <summary>The store is empty after each restart.</summary>
    public Materialized<TKey, TValue, TStore> WithLoggingDisabled()
    {
        (LoggingEnabled, TopicConfig) = (false, null);
        return this;
    }

    /// <summary>Updates of a key between two commits are passed on as one.</summary>
    public Materialized<TKey, TValue, TStore> WithCachingEnabled()
    {
        CachingEnabled = true;
        return this;
    }

    public Materialized<TKey, TValue, TStore> WithCachingDisabled()
    {
        CachingEnabled = false;
        return this;
    }

    /// <summary>The builder of a table's store. Arguments are what the operator takes where nothing was said.</summary>
    public StoreBuilder<ITimestampedKeyValueStore<TKey, TValue>> TimestampedKeyValueStore(string storeName, ISerDes<TKey> keySerdes, ISerDes<TValue> valueSerdes) =>
        Configure(Stores.TimestampedKeyValueStoreBuilder(
            KeyValueSupplier ?? Stores.InMemoryKeyValueStore(StoreName ?? storeName, Ttl), KeySerdes ?? keySerdes, ValueSerdes ?? valueSerdes));

    /// <summary>The builder of a windowed aggregate's store.</summary>
    /// <exception cref="TopologyException">The retention is shorter than <paramref name="retention"/>, which is what the operator needs: the windows' size and grace.</exception>
    public StoreBuilder<ITimestampedWindowStore<TKey, TValue>> TimestampedWindowStore(
        string storeName, TimeSpan retention, TimeSpan windowSize, ISerDes<TKey> keySerdes, ISerDes<TValue> valueSerdes) =>
        Configure(Stores.TimestampedWindowStoreBuilder(
            RequireRetention(WindowSupplier ?? Stores.InMemoryWindowStore(StoreName ?? storeName, Retention ?? retention, windowSize), s => s.Retention, retention),
            KeySerdes ?? keySerdes,
            ValueSerdes ?? valueSerdes));

    /// <summary>The builder of a session aggregate's store.</summary>
    /// <exception cref="TopologyException">The retention is shorter than <paramref name="retention"/>, which is what the operator needs: the sessions' gap and grace.</exception>
    public StoreBuilder<ISessionStore<TKey, TValue>> SessionStore(string storeName, TimeSpan retention, ISerDes<TKey> keySerdes, ISerDes<TValue> valueSerdes) =>
        Configure(Stores.SessionStoreBuilder(
            RequireRetention(SessionSupplier ?? Stores.InMemorySessionStore(StoreName ?? storeName, Retention ?? retention), s => s.Retention, retention),
            KeySerdes ?? keySerdes,
            ValueSerdes ?? valueSerdes));

    private T RequireRetention<T>(T supplier, Func<T, TimeSpan> given, TimeSpan needed) =>
        given(supplier) >= needed ? supplier : throw new TopologyException($"store \"{StoreName}\": the retention of {given(supplier)} is shorter than the {needed} that its windows live");

    private StoreBuilder<T> Configure<T>(StoreBuilder<T> builder)
        where T : IStateStore
    {
        _ = LoggingEnabled ? builder.WithLoggingEnabled(TopicConfig) : builder.WithLoggingDisabled();
        return CachingEnabled ? builder.WithCachingEnabled() : builder.WithCachingDisabled();
    }
}
