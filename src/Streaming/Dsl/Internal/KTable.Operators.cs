using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

internal sealed partial class KTable<TKey, TValue>
{
    public IKTable<TKey, TValue> Filter(Func<TKey, TValue, bool> predicate, string? named = null) => FilterBy(predicate, wanted: true, null, named);

    public IKTable<TKey, TValue> Filter(Func<TKey, TValue, bool> predicate, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>> materialized, string? named = null) =>
        FilterBy(predicate, wanted: true, materialized, named);

    public IKTable<TKey, TValue> FilterNot(Func<TKey, TValue, bool> predicate, string? named = null) => FilterBy(predicate, wanted: false, null, named);

    public IKTable<TKey, TValue> FilterNot(Func<TKey, TValue, bool> predicate, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>> materialized, string? named = null) =>
        FilterBy(predicate, wanted: false, materialized, named);

    public IKTable<TKey, TValueOut> MapValues<TValueOut>(Func<TValue, TValueOut> mapper, string? named = null) => MapBy((_, value) => mapper(value), null, named);

    public IKTable<TKey, TValueOut> MapValues<TValueOut>(Func<TKey, TValue, TValueOut> mapper, string? named = null) => MapBy(mapper, null, named);

    public IKTable<TKey, TValueOut> MapValues<TValueOut>(Func<TValue, TValueOut> mapper, Materialized<TKey, TValueOut, IKeyValueStore<TKey, TValueOut>> materialized, string? named = null) =>
        MapBy((_, value) => mapper(value), materialized, named);

    public IKTable<TKey, TValueOut> MapValues<TValueOut>(
        Func<TKey, TValue, TValueOut> mapper, Materialized<TKey, TValueOut, IKeyValueStore<TKey, TValueOut>> materialized, string? named = null) =>
        MapBy(mapper, materialized, named);

    public IKTable<TKey, TValueOut> TransformValues<TValueOut>(
        Func<IValueTransformerWithKey<TKey, TValue, TValueOut>> supplier,
        Materialized<TKey, TValueOut, IKeyValueStore<TKey, TValueOut>>? materialized = null,
        string? named = null,
        params string[] storeNames)
    {
        ArgumentNullException.ThrowIfNull(supplier);
        return Derive("KTABLE-TRANSFORMVALUES-", named, context => Transformation(supplier(), context), storeNames, materialized, passesOnNothing: true);
    }

    public IKStream<TKey, TValue> ToStream(string? named = null)
    {
        var name = Builder.NameOf("KTABLE-TOSTREAM-", named);
        Builder.Topology.AddProcessor(name, () => new TableToStream<TKey, TValue>(), Node);
        return new KStream<TKey, TValue>(Builder, name, KeySerDes, ValueSerDes);
    }

    public IKStream<TKeyOut, TValue> ToStream<TKeyOut>(Func<TKey, TValue, TKeyOut> mapper, string? named = null) => ToStream(named).SelectKey(mapper);

    public IKGroupedTable<TKeyOut, TValueOut> GroupBy<TKeyOut, TValueOut>(
        Func<TKey, TValue, KeyValuePair<TKeyOut, TValueOut>> selector, ISerDes<TKeyOut>? keySerDes = null, ISerDes<TValueOut>? valueSerDes = null, string? named = null)
    {
        ArgumentNullException.ThrowIfNull(selector);
        var name = Builder.NameOf("KTABLE-SELECT-", named);
        SendOldValues(keepIfNeeded: true);
        Builder.Topology.AddProcessor(name, () => new TableRegrouping<TKey, TValue, TKeyOut, TValueOut>(selector), Node);
        return new KGroupedTable<TKeyOut, TValueOut>(Builder, name, named, keySerDes ?? KeySerDes as ISerDes<TKeyOut>, valueSerDes ?? ValueSerDes as ISerDes<TValueOut>);
    }

    public IKGroupedTable<TKeyOut, TValueOut> GroupBy<TKeyOut, TValueOut>(Func<TKey, TValue, KeyValuePair<TKeyOut, TValueOut>> selector, Grouped<TKeyOut, TValueOut> grouped)
    {
        ArgumentNullException.ThrowIfNull(grouped);
        return GroupBy(selector, grouped.KeySerDes, grouped.ValueSerDes, grouped.Name);
    }

    public IKGroupedTable<TKeyOut, TValueOut> GroupBy<TKeyOut, TValueOut, TKeySerDes, TValueSerDes>(Func<TKey, TValue, KeyValuePair<TKeyOut, TValueOut>> selector, string? named = null)
        where TKeySerDes : ISerDes<TKeyOut>, new()
        where TValueSerDes : ISerDes<TValueOut>, new() => GroupBy(selector, new TKeySerDes(), new TValueSerDes(), named);

    private static TableComputation<TKey, TValue, TValueOut> Transformation<TValueOut>(IValueTransformerWithKey<TKey, TValue, TValueOut> transformer, IProcessingContext context)
    {
        transformer.Init(context);
        return new(
            (key, value, has, out result) =>
            {
                var asked = has || default(TValue) is null;
                result = asked ? transformer.Transform(key, value!) : default!;
                return asked && result is not null;
            },
            transformer.Close);
    }

    private IKTable<TKey, TValue> FilterBy(Func<TKey, TValue, bool> predicate, bool wanted, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>>? materialized, string? named)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        var computation = new TableComputation<TKey, TValue, TValue>((key, value, has, out result) =>
        {
            result = value!;
            return has && predicate(key, value!) == wanted;
        });
        return Derive("KTABLE-FILTER-", named, _ => computation, [], materialized, passesOnNothing: false);
    }

    private IKTable<TKey, TValueOut> MapBy<TValueOut>(Func<TKey, TValue, TValueOut> mapper, Materialized<TKey, TValueOut, IKeyValueStore<TKey, TValueOut>>? materialized, string? named)
    {
        ArgumentNullException.ThrowIfNull(mapper);
        var computation = new TableComputation<TKey, TValue, TValueOut>((key, value, has, out result) =>
        {
            result = has ? mapper(key, value!) : default!;
            return has && result is not null;
        });
        return Derive("KTABLE-MAPVALUES-", named, _ => computation, [], materialized, passesOnNothing: true);
    }

    private KTable<TKey, TValueOut> Derive<TValueOut>(
        string prefix,
        string? named,
        Func<IProcessingContext, TableComputation<TKey, TValue, TValueOut>> compute,
        IReadOnlyList<string> stores,
        Materialized<TKey, TValueOut, IKeyValueStore<TKey, TValueOut>>? materialized,
        bool passesOnNothing)
    {
        if (materialized is not null)
            Builder.BurnStoreName(materialized);
        var name = Builder.NameOf(prefix, named);
        var keys = materialized?.KeySerdes ?? KeySerDes;
        var values = materialized?.ValueSerdes ?? ValueSerDes as ISerDes<TValueOut>;
        var storeName = materialized?.StoreName;
        var cacheKeys = materialized is { CachingEnabled: true, StoreName: not null } ? KeySerDesOr(keys, name) : null;
        var derived = new DerivedTable<TKey, TValue, TValueOut>(table, compute, stores, storeName, cacheKeys) { PassesOnNothing = passesOnNothing };
        if (!passesOnNothing)
            derived.UseOldValues();
        Builder.Topology.AddProcessor(name, () => new TableDeriving<TKey, TValue, TValueOut>(derived), Node).ConnectProcessorAndStateStores(name, [.. stores]);
        var result = new KTable<TKey, TValueOut>(Builder, name, keys, values, derived);
        if (storeName is not null)
            Builder.Topology.AddStateStore(materialized!.TimestampedKeyValueStore(storeName, KeySerDesOr(keys, storeName), result.ValueSerDesOr(values, storeName)), name);
        return result;
    }
}

/// <summary>A table's updates as a stream's records.</summary>
internal sealed class TableToStream<TKey, TValue> : Stateless<TKey, Change<TValue>, TKey, TValue>
{
    public override void Process(in Record<TKey, Change<TValue>> record) => Context.Forward(record.WithValue(record.Value.New!) with { HasValue = record.Value.HasNew });
}
