using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl;

/// <summary>
/// A changelog stream: the latest value of each key (Kafka Streams' KTable). Functions are never called for deleted values. A table with
/// <see cref="Materialized{TKey,TValue,TStore}.WithCachingEnabled"/> passes on one update of a key at each commit, in the order of the keys' bytes; others pass on each.
/// </summary>
public partial interface IKTable<TKey, TValue>
{
    /// <summary>The store that keeps the table and can be queried; null when it has none of its own.</summary>
    string? QueryableStoreName { get; }

    /// <summary>The keys whose values the predicate holds for. A key whose value no longer matches is deleted.</summary>
    IKTable<TKey, TValue> Filter(Func<TKey, TValue, bool> predicate, string? named = null);

    /// <summary>As the other, kept in a store if it is named.</summary>
    IKTable<TKey, TValue> Filter(Func<TKey, TValue, bool> predicate, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>> materialized, string? named = null);

    /// <summary>The keys whose values the predicate does not hold for.</summary>
    IKTable<TKey, TValue> FilterNot(Func<TKey, TValue, bool> predicate, string? named = null);

    /// <summary>As the other, kept in a store if it is named.</summary>
    IKTable<TKey, TValue> FilterNot(Func<TKey, TValue, bool> predicate, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>> materialized, string? named = null);

    /// <summary>Another value for each key; null: the key has none. Without a store of its own it is computed again when it is looked up: keep to functions without effects.</summary>
    IKTable<TKey, TValueOut> MapValues<TValueOut>(Func<TValue, TValueOut> mapper, string? named = null);

    /// <summary>As the other, by the key too.</summary>
    IKTable<TKey, TValueOut> MapValues<TValueOut>(Func<TKey, TValue, TValueOut> mapper, string? named = null);

    /// <summary>As the other, kept in a store if it is named.</summary>
    IKTable<TKey, TValueOut> MapValues<TValueOut>(Func<TValue, TValueOut> mapper, Materialized<TKey, TValueOut, IKeyValueStore<TKey, TValueOut>> materialized, string? named = null);

    /// <summary>As the other, by the key too.</summary>
    IKTable<TKey, TValueOut> MapValues<TValueOut>(Func<TKey, TValue, TValueOut> mapper, Materialized<TKey, TValueOut, IKeyValueStore<TKey, TValueOut>> materialized, string? named = null);

    /// <summary>Another value for each key, by a transformer that may look into stores that were added to the builder.</summary>
    IKTable<TKey, TValueOut> TransformValues<TValueOut>(
        Func<IValueTransformerWithKey<TKey, TValue, TValueOut>> supplier,
        Materialized<TKey, TValueOut, IKeyValueStore<TKey, TValueOut>>? materialized = null,
        string? named = null,
        params string[] storeNames);

    /// <summary>The updates as records of a stream; a deleted key is a record without a value.</summary>
    IKStream<TKey, TValue> ToStream(string? named = null);

    /// <summary>The updates as records of a stream under another key.</summary>
    IKStream<TKeyOut, TValue> ToStream<TKeyOut>(Func<TKey, TValue, TKeyOut> mapper, string? named = null);

    /// <summary>
    /// Groups the rows by a key computed of them, to be aggregated. Updates go through the internal topic "&lt;application.id&gt;-&lt;named&gt;-repartition", the old
    /// and the new value of a row together; without a name the topic is called after the aggregate's store. Rows whose new key is null belong to no group.
    /// </summary>
    IKGroupedTable<TKeyOut, TValueOut> GroupBy<TKeyOut, TValueOut>(
        Func<TKey, TValue, KeyValuePair<TKeyOut, TValueOut>> selector, ISerDes<TKeyOut>? keySerDes = null, ISerDes<TValueOut>? valueSerDes = null, string? named = null);

    /// <summary>As the other, with name and serializers in one.</summary>
    IKGroupedTable<TKeyOut, TValueOut> GroupBy<TKeyOut, TValueOut>(Func<TKey, TValue, KeyValuePair<TKeyOut, TValueOut>> selector, Grouped<TKeyOut, TValueOut> grouped);

    /// <summary>As the other, with serializers made by their types.</summary>
    IKGroupedTable<TKeyOut, TValueOut> GroupBy<TKeyOut, TValueOut, TKeySerDes, TValueSerDes>(Func<TKey, TValue, KeyValuePair<TKeyOut, TValueOut>> selector, string? named = null)
        where TKeySerDes : ISerDes<TKeyOut>, new()
        where TValueSerDes : ISerDes<TValueOut>, new();
}
