using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>Aggregates records by key.</summary>
internal sealed class StreamAggregate<TKey, TValue, TAggregate>(string storeName, Aggregation<TKey, TValue, TAggregate> aggregation)
    : IProcessor<TKey, TValue, TKey, Change<TAggregate>>
{
    private IProcessorContext<TKey, Change<TAggregate>> context = null!;
    private ITimestampedKeyValueStore<TKey, TAggregate> store = null!;

    public void Init(IProcessorContext<TKey, Change<TAggregate>> context)
    {
        this.context = context;
        store = context.GetStateStore<ITimestampedKeyValueStore<TKey, TAggregate>>(storeName);
    }

    public void Process(in Record<TKey, TValue> record)
    {
        if (!record.HasKey)
            context.Drop("NULL_KEY", "the record has no key to aggregate it by");
        else if (!record.HasValue)
            context.Drop("NULL_VALUE", "the record has no value to aggregate");
        else
            Update(in record);
    }

    private void Update(in Record<TKey, TValue> record)
    {
        // Where entries live for a time only, it is the operator's records that move it.
        store.ObservedStreamTime = record.Timestamp;
        var had = store.TryGet(record.Key, out var old);
        var value = had ? aggregation.Next(record.Key, record.Value, old.Value) : aggregation.First(record.Key, record.Value);
        var time = had ? Math.Max(old.Timestamp, record.Timestamp) : record.Timestamp;
        if (value is null)
            store.Delete(record.Key);
        else
            store.Put(record.Key, new(value, time));
        context.Forward(new Record<TKey, Change<TAggregate>>(record.Key, Change<TAggregate>.Of(value, value is not null, old.Value, had), time, record.Headers));
    }
}
