namespace Streams.Streaming.Dsl.Internal;

/// <summary>Looks each record up in a table by a key made of it.</summary>
/// <param name="keyOf">The table's key; false: the record has none.</param>
/// <param name="left">Records that find nothing are joined with the type's default.</param>
internal sealed class StreamTableJoin<TKey, TValue, TTableKey, TTable, TResult>(
    TableValues<TTableKey, TTable> table, TableKeyOf<TKey, TValue, TTableKey> keyOf, Func<TKey, TValue, TTable?, TResult> joiner, bool left)
    : IProcessor<TKey, TValue, TKey, TResult>
{
    private IProcessorContext<TKey, TResult> context = null!;
    private ITableValueGetter<TTableKey, TTable> values = null!;

    public void Init(IProcessorContext<TKey, TResult> context)
    {
        this.context = context;
        values = table.Getter(context);
    }

    public void Process(in Record<TKey, TValue> record)
    {
        if (!record.HasValue)
        {
            context.Drop("NULL_VALUE", "a record without a value is not joined with a table");
            return;
        }
        if (keyOf(in record, out var key) && values.TryGet(key, out var value, out _))
            context.Forward(record.WithValue(joiner(record.Key, record.Value, value)));
        else if (left)
            context.Forward(record.WithValue(joiner(record.Key, record.Value, default)));
        else if (!keyOf(in record, out _))
            context.Drop("NULL_KEY", "the record has no key to look up in the table");
    }
}

/// <summary>The table's key that a record points to; false when it points to none.</summary>
internal delegate bool TableKeyOf<TKey, TValue, TTableKey>(in Record<TKey, TValue> record, out TTableKey key);
