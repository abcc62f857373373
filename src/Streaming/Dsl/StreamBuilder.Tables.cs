using Streams.Streaming.Dsl.Internal;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl;

public sealed partial class StreamBuilder
{
    /// <summary>
    /// A table of a topic's latest value by key; a record without a value deletes. It is kept in a store if the store is named, or if a later operator needs it
    /// to be (which then is an error without a name). Records without a key go to the dead letters (NULL_KEY).
    /// </summary>
    public IKTable<TKey, TValue> Table<TKey, TValue>(
        string topic, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>? materialized = null, TimestampExtractor<TKey, TValue>? extractor = null, string? named = null) =>
        Table(topic, materialized?.KeySerdes ?? Require<TKey>(topic), materialized?.ValueSerdes ?? Require<TValue>(topic), materialized, extractor, named);

    /// <summary>As the other, with serializers.</summary>
    public IKTable<TKey, TValue> Table<TKey, TValue>(
        string topic,
        ISerDes<TKey> keySerDes,
        ISerDes<TValue> valueSerDes,
        Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>? materialized = null,
        TimestampExtractor<TKey, TValue>? extractor = null,
        string? named = null)
    {
        BurnStoreName(materialized);
        var source = NameOf("KSTREAM-SOURCE-", named is null ? null : $"{named}-source");
        var node = NameOf("KTABLE-SOURCE-", named);
        Topology.AddSource(source, [topic], keySerDes, valueSerDes, extractor);
        return SourceTable<TKey, TValue>.Add(this, node, source, keySerDes, valueSerDes, materialized);
    }

    /// <summary>As the other, with serializers made by their types.</summary>
    public IKTable<TKey, TValue> Table<TKey, TValue, TKeySerDes, TValueSerDes>(
        string topic, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>? materialized = null, TimestampExtractor<TKey, TValue>? extractor = null, string? named = null)
        where TKeySerDes : ISerDes<TKey>, new()
        where TValueSerDes : ISerDes<TValue>, new() =>
        Table(topic, new TKeySerDes(), new TValueSerDes(), materialized, extractor, named);

    /// <summary>As the other, read as said.</summary>
    public IKTable<TKey, TValue> Table<TKey, TValue>(string topic, Consumed<TKey, TValue> consumed, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>? materialized = null)
    {
        ArgumentNullException.ThrowIfNull(consumed);
        if (consumed.IdleTimeout is not null)
            throw new TopologyException($"table of \"{topic}\": a time marker is a record without a key, which a table does not take; read the topic as a stream");
        return Table(topic, consumed.KeySerDes, consumed.ValueSerDes, materialized, consumed.TimestampExtractor, consumed.Name);
    }

    /// <summary>
    /// A table that every instance has whole: it is read to its end before any task starts, then followed as records come. Lookups show its present state,
    /// so a join with it does not depend on time, and is not reproducible across replays as other joins are.
    /// </summary>
    public IGlobalKTable<TKey, TValue> GlobalTable<TKey, TValue>(
        string topic, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>? materialized = null, string? named = null) =>
        GlobalTable(topic, materialized?.KeySerdes ?? Require<TKey>(topic), materialized?.ValueSerdes ?? Require<TValue>(topic), materialized, named);

    /// <summary>As the other, with serializers.</summary>
    public IGlobalKTable<TKey, TValue> GlobalTable<TKey, TValue>(
        string topic, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>? materialized = null, string? named = null)
    {
        // Without a changelog nothing outside depends on the name, so it may be a number.
        var storeName = materialized?.StoreName ?? NameOf($"{topic}-STATE-STORE-", null);
        var source = NameOf("KSTREAM-SOURCE-", named is null ? null : $"{named}-source");
        var node = NameOf("KTABLE-SOURCE-", named);
        var store = new GlobalTableStore<TKey, TValue>(materialized?.KeySerdes ?? keySerDes, materialized?.ValueSerdes ?? valueSerDes);
        Topology.AddGlobalStore(storeName, topic, store.Update, source, node);
        return new GlobalKTable<TKey, TValue>(storeName, store);
    }

    /// <summary>Uses up the number that Kafka Streams gives to a store without a name.</summary>
    internal void BurnStoreName<TKey, TValue>(Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>? materialized)
    {
        if (materialized?.StoreName is null)
            next++;
    }
}
