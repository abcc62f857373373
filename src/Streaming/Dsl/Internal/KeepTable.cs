using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>Keeps a table's changes in a store of its own; what stood there is the old value of what is passed on.</summary>
internal sealed class KeepTable<TKey, TValue>(string store) : IProcessor<TKey, Change<TValue>, TKey, Change<TValue>>
{
    private IProcessorContext<TKey, Change<TValue>> context = null!;
    private ITimestampedKeyValueStore<TKey, TValue> values = null!;

    public void Init(IProcessorContext<TKey, Change<TValue>> context)
    {
        this.context = context;
        values = context.GetStateStore<ITimestampedKeyValueStore<TKey, TValue>>(store);
    }

    public void Process(in Record<TKey, Change<TValue>> record)
    {
        var change = record.Value;
        var had = values.TryGet(record.Key, out var old);
        if (change.HasNew)
            values.Put(record.Key, new ValueAndTimestamp<TValue>(change.New!, record.Timestamp));
        else
            values.Delete(record.Key);
        context.Forward(record.WithValue(new Change<TValue>(change.New, change.HasNew, had ? old.Value : default, had)));
    }
}

/// <summary>A table's values in its store.</summary>
internal sealed class StoredValues<TKey, TValue>(ITimestampedKeyValueStore<TKey, TValue> store) : ITableValueGetter<TKey, TValue>
{
    public static TableValues<TKey, TValue> In(string store) => new([store], context => new StoredValues<TKey, TValue>(context.GetStateStore<ITimestampedKeyValueStore<TKey, TValue>>(store)));

    public bool TryGet(TKey key, out TValue value, out long timestamp)
    {
        var found = store.TryGet(key, out var stored);
        (value, timestamp) = found ? (stored.Value, stored.Timestamp) : (default!, -1);
        return found;
    }
}
