using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

internal sealed partial class KTable<TKey, TValue>
{
    public IKTable<TKey, TResult> Join<TOther, TResult>(
        IKTable<TKey, TOther> other, Func<TValue, TOther, TResult> joiner, Materialized<TKey, TResult, IKeyValueStore<TKey, TResult>>? materialized = null, string? named = null) =>
        JoinTables((KTable<TKey, TOther>)other, new((_, left, right) => joiner(left!, right!), OnlyThis: false, OnlyOther: false), materialized, named);

    public IKTable<TKey, TResult> LeftJoin<TOther, TResult>(
        IKTable<TKey, TOther> other, Func<TValue, TOther?, TResult> joiner, Materialized<TKey, TResult, IKeyValueStore<TKey, TResult>>? materialized = null, string? named = null) =>
        JoinTables((KTable<TKey, TOther>)other, new((_, left, right) => joiner(left!, right), OnlyThis: true, OnlyOther: false), materialized, named);

    public IKTable<TKey, TResult> OuterJoin<TOther, TResult>(
        IKTable<TKey, TOther> other, Func<TValue?, TOther?, TResult> joiner, Materialized<TKey, TResult, IKeyValueStore<TKey, TResult>>? materialized = null, string? named = null) =>
        JoinTables((KTable<TKey, TOther>)other, new((_, left, right) => joiner(left, right), OnlyThis: true, OnlyOther: true), materialized, named);

    private KTable<TKey, TResult> JoinTables<TOther, TResult>(
        KTable<TKey, TOther> other, TableJoiner<TKey, TValue, TOther, TResult> joiner, Materialized<TKey, TResult, IKeyValueStore<TKey, TResult>>? materialized, string? named)
    {
        var merge = Builder.NameOf("KTABLE-MERGE-", named);
        var thisJoin = Builder.NameOf("KTABLE-JOINTHIS-", named is null ? null : $"{named}-join-this");
        var otherJoin = Builder.NameOf("KTABLE-JOINOTHER-", named is null ? null : $"{named}-join-other");
        var reversed = new TableJoiner<TKey, TOther, TValue, TResult>((key, right, left) => joiner.Join(key, left, right), joiner.OnlyOther, joiner.OnlyThis);
        var (lefts, rights) = (Values, other.Values);
        Builder.Topology
            .AddProcessor(thisJoin, () => new TableJoin<TKey, TValue, TOther, TResult>(joiner, rights), Node)
            .AddProcessor(otherJoin, () => new TableJoin<TKey, TOther, TValue, TResult>(reversed, lefts), other.Node)
            .ConnectProcessorAndStateStores(thisJoin, [.. rights.Stores])
            .ConnectProcessorAndStateStores(otherJoin, [.. lefts.Stores]);
        if (materialized is not null)
            return Kept(merge, materialized, thisJoin, otherJoin);
        Builder.Topology.AddProcessor(merge, () => new PassOn<TKey, Change<TResult>>(), thisJoin, otherJoin);
        var joined = new TableValues<TKey, TResult>(
            [.. lefts.Stores.Union(rights.Stores)], context => new JoinedValues<TKey, TValue, TOther, TResult>(joiner, lefts.Getter(context), rights.Getter(context)));
        return new KTable<TKey, TResult>(Builder, merge, KeySerDes ?? other.KeySerDes, ValueSerDes as ISerDes<TResult> ?? other.ValueSerDes as ISerDes<TResult>, joined, null);
    }

    /// <summary>A table of changes that is kept in a store of its own.</summary>
    private KTable<TKey, TResult> Kept<TResult>(string node, Materialized<TKey, TResult, IKeyValueStore<TKey, TResult>> materialized, params string[] parents)
    {
        var store = materialized.StoreName ?? throw new TopologyException($"table \"{node}\": name its store (Materialized.As), for its changelog is called after it");
        var keys = materialized.KeySerdes ?? KeySerDes ?? throw new TopologyException($"store \"{store}\" needs a serializer of keys of type {typeof(TKey).Name}");
        var values = materialized.ValueSerdes ?? throw new TopologyException($"store \"{store}\" needs a serializer of values of type {typeof(TResult).Name}");
        Builder.Topology
            .AddProcessor(node, () => new KeepTable<TKey, TResult>(store), parents)
            .AddStateStore(materialized.TimestampedKeyValueStore(store, keys, values), node);
        return new KTable<TKey, TResult>(Builder, node, keys, values, StoredValues<TKey, TResult>.In(store), store);
    }
}
