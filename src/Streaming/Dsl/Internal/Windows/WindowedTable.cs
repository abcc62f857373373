using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>Adds a windowed aggregate to the topology.</summary>
internal sealed class WindowedTable<TKey, TValue>(KGroupedStream<TKey, TValue> grouped, WindowKind windows)
{
    public EmitStrategy Emit { get; set; }

    public Action<IKStream<TKey, TValue>>? Late { get; set; }

    public ISerDes<TValue>? ValueSerDes => grouped.ValueSerDes;

    /// <param name="store">Makes the store's builder of name, retention and serializers.</param>
    /// <param name="processor">Makes a task's processor.</param>
    public KTable<Windowed<TKey>, TAggregate> Add<TAggregate, TStore>(
        string kind,
        Aggregation<TKey, TValue, TAggregate> aggregation,
        Materialized<TKey, TAggregate, TStore> materialized,
        ISerDes<TAggregate>? valueSerDes,
        string? named,
        Func<string, ISerDes<TKey>, ISerDes<TAggregate>, IStoreBuilder> store,
        Func<WindowAggregateParts<TKey, TValue, TAggregate>, IProcessor<TKey, TValue, Windowed<TKey>, Change<TAggregate>>> processor,
        Func<ISerDes<TKey>, ISerDes<Windowed<TKey>>> windowedSerDes,
        Func<string, TableValues<Windowed<TKey>, TAggregate>> tableValues)
        where TStore : IStateStore
    {
        ArgumentNullException.ThrowIfNull(materialized);
        if (materialized.CachingEnabled)
            throw new TopologyException("a windowed aggregate passes on each update, or each window once (EmitStrategy.OnWindowClose, Suppress): it has no cache");
        var builder = grouped.Builder;
        var names = AggregateNames.For(builder, kind, materialized, named);
        var (keys, values) = (materialized.KeySerdes ?? grouped.KeySerDes(names.Store), names.Require(materialized.ValueSerdes ?? valueSerDes ?? builder.SerDesOf<TAggregate>()));
        var parent = grouped.Node(names.Store);
        var parts = new WindowAggregateParts<TKey, TValue, TAggregate>(names.Store, aggregation, Emit);
        if (Late is not null)
            parts = parts with { Results = $"{names.Node}-results", Late = $"{names.Node}-late" };
        builder.Topology.AddProcessor(names.Node, () => processor(parts), parent);
        builder.Topology.AddStateStore(store(names.Store, keys, values), names.Node);
        builder.AddWindows(names.Node, windows);
        builder.Topology.UsesStreamTime(names.Node, windows.Horizon);
        if (Late is not null)
            AddLate(builder, parts, names.Node, keys);
        return new(builder, parts.Results ?? names.Node, windowedSerDes(keys), values, tableValues(names.Store), materialized.QueryableStoreName);
    }

    private void AddLate<TAggregate>(StreamBuilder builder, WindowAggregateParts<TKey, TValue, TAggregate> parts, string node, ISerDes<TKey> keys)
    {
        builder.Topology.AddProcessor(parts.Results!, () => new PassOn<Windowed<TKey>, Change<TAggregate>>(), node);
        builder.Topology.AddProcessor(parts.Late!, () => new PassOn<TKey, TValue>(), node);
        Late!(new KStream<TKey, TValue>(builder, parts.Late!, keys, grouped.ValueSerDes));
    }
}
