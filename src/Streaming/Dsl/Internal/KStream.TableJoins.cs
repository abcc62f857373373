using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

internal sealed partial class KStream<TKey, TValue>
{
    public IKStream<TKey, TResult> Join<TTable, TResult>(IKTable<TKey, TTable> table, Func<TValue, TTable, TResult> joiner, StreamTableJoinProps<TKey, TValue>? props = null) =>
        JoinTable<TTable, TResult>(table, (_, value, found) => joiner(value, found!), props, left: false);

    public IKStream<TKey, TResult> Join<TTable, TResult>(IKTable<TKey, TTable> table, Func<TKey, TValue, TTable, TResult> joiner, StreamTableJoinProps<TKey, TValue>? props = null) =>
        JoinTable<TTable, TResult>(table, (key, value, found) => joiner(key, value, found!), props, left: false);

    public IKStream<TKey, TResult> LeftJoin<TTable, TResult>(IKTable<TKey, TTable> table, Func<TValue, TTable?, TResult> joiner, StreamTableJoinProps<TKey, TValue>? props = null) =>
        JoinTable<TTable, TResult>(table, (_, value, found) => joiner(value, found), props, left: true);

    public IKStream<TKey, TResult> LeftJoin<TTable, TResult>(IKTable<TKey, TTable> table, Func<TKey, TValue, TTable?, TResult> joiner, StreamTableJoinProps<TKey, TValue>? props = null) =>
        JoinTable(table, joiner, props, left: true);

    private KStream<TKey, TResult> JoinTable<TTable, TResult>(
        IKTable<TKey, TTable> table, Func<TKey, TValue, TTable?, TResult> joiner, StreamTableJoinProps<TKey, TValue>? props, bool left)
    {
        var from = Partitioned(props?.Name, props?.KeySerDes, props?.LeftValueSerDes, nullKeys: left);
        var values = ((KTable<TKey, TTable>)table).Values;
        var name = Builder.NameOf(left ? "KSTREAM-LEFTJOIN-" : "KSTREAM-JOIN-", props?.Name);
        var joined = from.Then(name, () => new StreamTableJoin<TKey, TValue, TKey, TTable, TResult>(values, KeyOf, joiner, left), keyChanged: false, props?.KeySerDes, null);
        Builder.Topology.ConnectProcessorAndStateStores(name, [.. values.Stores]);
        return joined;
    }

    private static bool KeyOf(in Record<TKey, TValue> record, out TKey key)
    {
        key = record.Key;
        return record.HasKey;
    }

    public IKStream<TKey, TResult> Join<TTableKey, TTable, TResult>(
        IGlobalKTable<TTableKey, TTable> table, Func<TKey, TValue, TTableKey?> keySelector, Func<TValue, TTable, TResult> joiner, string? named = null) =>
        JoinGlobal<TTableKey, TTable, TResult>(table, keySelector, (_, value, found) => joiner(value, found!), named, left: false);

    public IKStream<TKey, TResult> LeftJoin<TTableKey, TTable, TResult>(
        IGlobalKTable<TTableKey, TTable> table, Func<TKey, TValue, TTableKey?> keySelector, Func<TValue, TTable?, TResult> joiner, string? named = null) =>
        JoinGlobal<TTableKey, TTable, TResult>(table, keySelector, (_, value, found) => joiner(value, found), named, left: true);

    private KStream<TKey, TResult> JoinGlobal<TTableKey, TTable, TResult>(
        IGlobalKTable<TTableKey, TTable> table, Func<TKey, TValue, TTableKey?> keySelector, Func<TKey, TValue, TTable?, TResult> joiner, string? named, bool left)
    {
        var values = GlobalValues<TTableKey, TTable>.Of(table.Store);
        var name = Builder.NameOf("KSTREAM-LEFTJOIN-", named);
        return Then(name, () => new StreamTableJoin<TKey, TValue, TTableKey, TTable, TResult>(values, Select, joiner, left), keyChanged: false);

        bool Select(in Record<TKey, TValue> record, out TTableKey key)
        {
            var selected = keySelector(record.Key, record.Value);
            key = selected!;
            return selected is not null;
        }
    }
}

/// <summary>A global table's values, as far as this process has read them.</summary>
internal sealed class GlobalValues<TKey, TValue>(IReadOnlyKeyValueStore<TKey, TValue> store) : ITableValueGetter<TKey, TValue>
{
    public static TableValues<TKey, TValue> Of(IReadOnlyKeyValueStore<TKey, TValue> store) => new([], _ => new GlobalValues<TKey, TValue>(store));

    public bool TryGet(TKey key, out TValue value, out long timestamp)
    {
        timestamp = -1;
        var found = store.TryGet(key, out var present);
        value = present!;
        return found;
    }
}
