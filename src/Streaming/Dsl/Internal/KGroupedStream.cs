using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>A stream and how it is grouped. The stream is repartitioned once, whatever number of aggregates is made of it.</summary>
internal sealed class KGroupedStream<TKey, TValue>(KStream<TKey, TValue> stream, Grouped<TKey, TValue> grouped) : IKGroupedStream<TKey, TValue>
{
    private KStream<TKey, TValue>? partitioned;

    public StreamBuilder Builder => stream.Builder;

    public IKTable<TKey, long> Count(string? named = null) => Count(Materialized<TKey, long, IKeyValueStore<TKey, long>>.Create(), named);

    public IKTable<TKey, long> Count(Materialized<TKey, long, IKeyValueStore<TKey, long>> materialized, string? named = null) =>
        Table(AggregateNames.Aggregate, Aggregations.Count<TKey, TValue>(), materialized, new Int64SerDes(), named);

    public IKTable<TKey, TValue> Reduce(Func<TValue, TValue, TValue> reducer, string? named = null) =>
        Reduce(reducer, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>.Create(), named);

    public IKTable<TKey, TValue> Reduce(Func<TValue, TValue, TValue> reducer, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>> materialized, string? named = null) =>
        Table(AggregateNames.Reduce, Aggregations.Reduce<TKey, TValue>(reducer), materialized, ValueSerDes, named);

    public IKTable<TKey, TAggregate> Aggregate<TAggregate>(
        Func<TAggregate> initializer,
        Func<TKey, TValue, TAggregate, TAggregate> aggregator,
        Materialized<TKey, TAggregate, IKeyValueStore<TKey, TAggregate>> materialized,
        string? named = null) =>
        Table(AggregateNames.Aggregate, Aggregations.Of(initializer, aggregator), materialized, null, named);

    public IKTable<TKey, TAggregate> Aggregate<TAggregate, TAggregateSerDes>(
        Func<TAggregate> initializer, Func<TKey, TValue, TAggregate, TAggregate> aggregator, string? named = null)
        where TAggregateSerDes : ISerDes<TAggregate>, new() =>
        Aggregate(initializer, aggregator, Materialized<TKey, TAggregate, IKeyValueStore<TKey, TAggregate>>.Create().WithValueSerdes(new TAggregateSerDes()), named);

    public ITimeWindowedKStream<TKey, TValue> WindowedBy(TimeWindowOptions windows)
    {
        ArgumentNullException.ThrowIfNull(windows);
        return new TimeWindowedKStream<TKey, TValue>(this, new AlignedWindows(windows.SizeMs, windows.AdvanceMs, WindowTime.Required(windows.GraceMs)));
    }

    public ITimeWindowedKStream<TKey, TValue> WindowedBy(SlidingWindowOptions windows)
    {
        ArgumentNullException.ThrowIfNull(windows);
        return new TimeWindowedKStream<TKey, TValue>(this, new SlidingWindows(windows.TimeDifferenceMs, WindowTime.Required(windows.GraceMs)));
    }

    public ISessionWindowedKStream<TKey, TValue> WindowedBy(SessionWindowOptions windows)
    {
        ArgumentNullException.ThrowIfNull(windows);
        return new SessionWindowedKStream<TKey, TValue>(this, new Sessions(windows.InactivityGapMs, WindowTime.Required(windows.GraceMs)));
    }

    public ISerDes<TValue>? ValueSerDes => grouped.ValueSerDes ?? stream.ValueSerDes;

    public ISerDes<TKey> KeySerDes(string forWhat) => stream.KeySerDesOr(grouped.KeySerDes, forWhat);

    /// <summary>The node that gives the records partitioned by their key.</summary>
    public string Node(string storeName)
    {
        partitioned ??= stream.Partitioned(grouped.Name ?? storeName, grouped.KeySerDes, grouped.ValueSerDes);
        return partitioned.Node;
    }

    private KTable<TKey, TAggregate> Table<TAggregate>(
        string kind,
        Aggregation<TKey, TValue, TAggregate> aggregation,
        Materialized<TKey, TAggregate, IKeyValueStore<TKey, TAggregate>> materialized,
        ISerDes<TAggregate>? valueSerDes,
        string? named)
    {
        ArgumentNullException.ThrowIfNull(materialized);
        var names = AggregateNames.For(Builder, kind, materialized, named);
        var (keys, values) = (materialized.KeySerdes ?? KeySerDes(names.Store), names.Require(materialized.ValueSerdes ?? valueSerDes ?? Builder.SerDesOf<TAggregate>()));
        var parent = Node(names.Store);
        var table = new AggregatedTable<TKey, TAggregate>(names.Store, materialized.CachingEnabled ? keys : null);
        Builder.Topology.AddProcessor(names.Node, () => new StreamAggregate<TKey, TValue, TAggregate>(aggregation, table), parent);
        Builder.Topology.AddStateStore(materialized.TimestampedKeyValueStore(names.Store, keys, values), names.Node);
        return new KTable<TKey, TAggregate>(Builder, names.Node, keys, values, table);
    }
}
