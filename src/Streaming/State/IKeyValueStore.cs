using System.Diagnostics.CodeAnalysis;

namespace Streams.Streaming.State;

/// <summary>
/// A key-value store to look into. Keys are equal when their serialized bytes are, and are iterated in the order of these bytes (unsigned, a prefix first).
/// Iterations show the store as it was when they began; changing the store meanwhile is safe.
/// </summary>
public interface IReadOnlyKeyValueStore<TKey, TValue>
{
    /// <summary>The key's value; the type's default where there is none (<see cref="TryGet"/> tells the two apart).</summary>
    TValue? Get(TKey key);

    bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value);

    /// <summary>The keys from one to another, both included. Empty where they are the wrong way round.</summary>
    IEnumerable<KeyValuePair<TKey, TValue>> Range(TKey from, TKey to);

    IEnumerable<KeyValuePair<TKey, TValue>> ReverseRange(TKey from, TKey to);

    IEnumerable<KeyValuePair<TKey, TValue>> All();

    IEnumerable<KeyValuePair<TKey, TValue>> ReverseAll();

    /// <summary>The keys whose serialized bytes begin with those of the prefix.</summary>
    IEnumerable<KeyValuePair<TKey, TValue>> PrefixScan<TPrefix>(TPrefix prefix, SerDes.ISerDes<TPrefix> prefixSerDes);

    /// <summary>The number of keys, perhaps with some that have expired and were not swept yet.</summary>
    long ApproximateNumEntries { get; }
}

/// <summary>
/// A value by key (Kafka Streams' KeyValueStore). Values are kept as they are given, not copied: treat them as immutable, or put them again after changing them,
/// before the next commit. A value of null deletes.
/// </summary>
public interface IKeyValueStore<TKey, TValue> : IReadOnlyKeyValueStore<TKey, TValue>, ITimedStateStore
{
    void Put(TKey key, TValue value);

    /// <summary>Puts a value where there is none, and returns what was there before: the type's default if nothing.</summary>
    TValue? PutIfAbsent(TKey key, TValue value);

    void PutAll(IEnumerable<KeyValuePair<TKey, TValue>> entries);

    /// <summary>Deletes a key and returns its value: the type's default if there was none.</summary>
    TValue? Delete(TKey key);

    /// <summary>
    /// Called once with each entry whose time to live has ended: the exit of what would otherwise vanish. Entries come in an order that depends on the puts alone,
    /// oldest sixteenths of the time to live first. Null: nobody asks. The store may not be changed from within.
    /// </summary>
    Action<TKey, TValue>? OnExpired { get; set; }
}

/// <summary>A value and the time of the record that gave it, by key. What a table of the DSL is kept in.</summary>
public interface ITimestampedKeyValueStore<TKey, TValue> : IKeyValueStore<TKey, ValueAndTimestamp<TValue>>;
