using Streams.Streaming.Runtime;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

internal sealed class KGroupedTable<TKey, TValue>(StreamBuilder builder, string node, string? repartitionName, ISerDes<TKey>? keySerDes, ISerDes<TValue>? valueSerDes)
    : IKGroupedTable<TKey, TValue>
{
    public IKTable<TKey, long> Count(Materialized<TKey, long, IKeyValueStore<TKey, long>> materialized, string? named = null) =>
        Aggregate(() => 0L, (_, _, count) => count + 1, (_, _, count) => count - 1, materialized, named);

    public IKTable<TKey, TValue> Reduce(
        Func<TValue, TValue, TValue> adder, Func<TValue, TValue, TValue> subtractor, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>> materialized, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(adder);
        ArgumentNullException.ThrowIfNull(subtractor);
        return Add("KTABLE-REDUCE-", new(null, (_, value, total) => adder(total, value), (_, value, total) => subtractor(total, value)) { First = value => value }, materialized, named);
    }

    public IKTable<TKey, TAggregate> Aggregate<TAggregate>(
        Func<TAggregate> initializer,
        Func<TKey, TValue, TAggregate, TAggregate> adder,
        Func<TKey, TValue, TAggregate, TAggregate> subtractor,
        Materialized<TKey, TAggregate, IKeyValueStore<TKey, TAggregate>> materialized,
        string? named = null)
    {
        ArgumentNullException.ThrowIfNull(initializer);
        ArgumentNullException.ThrowIfNull(adder);
        ArgumentNullException.ThrowIfNull(subtractor);
        return Add("KTABLE-AGGREGATE-", new(initializer, adder, subtractor), materialized, named);
    }

    private KTable<TKey, TAggregate> Add<TAggregate>(
        string prefix, TableAggregator<TKey, TValue, TAggregate> aggregator, Materialized<TKey, TAggregate, IKeyValueStore<TKey, TAggregate>> materialized, string? named)
    {
        ArgumentNullException.ThrowIfNull(materialized);
        var store = materialized.StoreName ?? throw new TopologyException($"the aggregate of \"{node}\": name its store (InMemory.As, Materialized.As), for its changelog topic is called after it");
        var keys = materialized.KeySerdes ?? keySerDes ?? builder.SerDesOf<TKey>() ?? throw new TopologyException($"\"{store}\" needs a serializer of keys of type {typeof(TKey).Name}");
        var values = valueSerDes ?? builder.SerDesOf<TValue>() ?? throw new TopologyException($"\"{store}\" needs a serializer of values of type {typeof(TValue).Name}");
        var aggregates = materialized.ValueSerdes ?? values as ISerDes<TAggregate> ?? builder.SerDesOf<TAggregate>()
            ?? throw new TopologyException($"\"{store}\" needs a serializer of aggregates of type {typeof(TAggregate).Name}");

        var sink = builder.NameOf("KSTREAM-SINK-", named is null ? null : $"{named}-sink");
        var source = builder.NameOf("KSTREAM-SOURCE-", named is null ? null : $"{named}-source");
        var name = builder.NameOf(prefix, named);
        var topic = new TopicName($"{repartitionName ?? store}-repartition", IsInternal: true);
        var changes = new ChangeSerDes<TValue>(values);
        var table = new AggregatedTable<TKey, TAggregate>(store, materialized.CachingEnabled ? keys : null);
        builder.Topology
            .AddRepartitionTopic(topic.Name, null)
            .AddSink(sink, topic, keySerDes ?? keys, changes, null, node)
            .AddSource(source, topic, keySerDes ?? keys, changes)
            .AddProcessor(name, () => new TableAggregation<TKey, TValue, TAggregate>(aggregator, table), source)
            .AddStateStore(materialized.TimestampedKeyValueStore(store, keys, aggregates), name);
        return new KTable<TKey, TAggregate>(builder, name, keys, aggregates, table);
    }
}
