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

    /// <summary>The table's values, without a wish for old ones in its changes.</summary>
    internal TableValues<TKey, TValue> LookedUp => table.Values;

    private KTable<TKey, TResult> JoinTables<TOther, TResult>(
        KTable<TKey, TOther> other, TableJoiner<TKey, TValue, TOther, TResult> joiner, Materialized<TKey, TResult, IKeyValueStore<TKey, TResult>>? materialized, string? named)
    {
        if (materialized is not null)
            Builder.BurnStoreName(materialized);
        var merge = Builder.NameOf("KTABLE-MERGE-", named);
        var thisJoin = Builder.NameOf("KTABLE-JOINTHIS-", named is null ? null : $"{named}-join-this");
        var otherJoin = Builder.NameOf("KTABLE-JOINOTHER-", named is null ? null : $"{named}-join-other");
        // As in Kafka Streams: whose rows stand alone has to know whether there was a row before.
        if (joiner.OnlyThis)
            SendOldValues(keepIfNeeded: true);
        if (joiner.OnlyOther)
            other.SendOldValues(keepIfNeeded: true);
        var (lefts, rights, joined) = (LookedUp, other.LookedUp, new JoinedTable<TKey, TValue, TOther, TResult>(this, other, joiner));
        var kept = materialized?.StoreName is null ? null : KeptBy(materialized, merge, now: true);
        AddJoin(joiner, other, lefts, rights, kept is null ? joined : kept, thisJoin, otherJoin);
        Builder.Topology.AddProcessor(merge, () => new JoinResult<TKey, TResult>(kept), thisJoin, otherJoin);
        kept?.Kept();
        return new KTable<TKey, TResult>(
            Builder,
            merge,
            materialized?.KeySerdes ?? KeySerDes ?? other.KeySerDes,
            materialized?.ValueSerdes ?? ValueSerDes as ISerDes<TResult> ?? other.ValueSerDes as ISerDes<TResult>,
            kept is null ? joined : kept);
    }

    private void AddJoin<TOther, TResult>(
        TableJoiner<TKey, TValue, TOther, TResult> joiner,
        KTable<TKey, TOther> other,
        TableValues<TKey, TValue> lefts,
        TableValues<TKey, TOther> rights,
        ITableChanges result,
        string thisJoin,
        string otherJoin)
    {
        var reversed = new TableJoiner<TKey, TOther, TValue, TResult>((key, right, left) => joiner.Join(key, left, right), joiner.OnlyOther, joiner.OnlyThis);
        Builder.Topology
            .AddProcessor(thisJoin, () => new TableJoin<TKey, TValue, TOther, TResult>(joiner, rights, result), Node)
            .AddProcessor(otherJoin, () => new TableJoin<TKey, TOther, TValue, TResult>(reversed, lefts, result), other.Node)
            .ConnectProcessorAndStateStores(thisJoin, [.. rights.Stores])
            .ConnectProcessorAndStateStores(otherJoin, [.. lefts.Stores]);
    }

    /// <summary>A table of changes that can be kept in a store at its node.</summary>
    private TableKeptOnDemand<TKey, TResult> KeptBy<TResult>(Materialized<TKey, TResult, IKeyValueStore<TKey, TResult>> materialized, string node, bool now)
    {
        var store = materialized.StoreName!;
        var keys = KeySerDesOr(materialized.KeySerdes, store);
        var values = materialized.ValueSerdes ?? ValueSerDes as ISerDes<TResult> ?? Builder.SerDesOf<TResult>()
            ?? throw new TopologyException($"store \"{store}\" needs a serializer of values of type {typeof(TResult).Name}");
        return new TableKeptOnDemand<TKey, TResult>(store, () => Builder.Topology.AddStateStore(materialized.TimestampedKeyValueStore(store, keys, values), node), now);
    }
}
