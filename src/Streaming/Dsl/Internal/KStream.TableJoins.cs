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
        var from = Partitioned(props?.Name, props?.KeySerDes, props?.LeftValueSerDes);
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
}
