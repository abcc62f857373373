namespace Streams.Streaming.Dsl.Internal;

/// <summary>Aggregates records by key.</summary>
internal sealed class StreamAggregate<TKey, TValue, TAggregate>(Aggregation<TKey, TValue, TAggregate> aggregation, AggregatedTable<TKey, TAggregate> table)
    : IProcessor<TKey, TValue, TKey, Change<TAggregate>>
{
    private IProcessorContext<TKey, Change<TAggregate>> context = null!;
    private KeptTable<TKey, TAggregate> kept = null!;

    public void Init(IProcessorContext<TKey, Change<TAggregate>> context)
    {
        this.context = context;
        kept = new(context, table.StoreName, table.SendsOldValues, table.CacheKeys);
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

    public void BeforeCommit() => kept.PassOn();

    private void Update(in Record<TKey, TValue> record)
    {
        var had = kept.TryGet(record.Key, out var old);
        var aggregate = had ? aggregation.Next(record.Key, record.Value, old.Value) : aggregation.First(record.Key, record.Value);
        var time = had ? Math.Max(old.Timestamp, record.Timestamp) : record.Timestamp;
        kept.Update(new Record<TKey, TAggregate>(record.Key, aggregate, time, record.Headers), old.Value, had);
    }
}
