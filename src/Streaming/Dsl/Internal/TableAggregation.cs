using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <param name="Initializer">The aggregate of a group without rows; null: the first row makes it.</param>
internal sealed record TableAggregator<TKey, TValue, TAggregate>(
    Func<TAggregate>? Initializer, Func<TKey, TValue, TAggregate, TAggregate> Adder, Func<TKey, TValue, TAggregate, TAggregate> Subtractor)
{
    /// <summary>Makes an aggregate of a group's first row.</summary>
    public Func<TValue, TAggregate>? First { get; init; }

    public TAggregate AddTo(TKey key, TValue value, TAggregate? aggregate, bool has)
    {
        if (has)
            return Adder(key, value, aggregate!);
        return First is not null ? First(value) : Adder(key, value, Initializer!());
    }
}

/// <summary>An aggregated table, which is always kept.</summary>
/// <param name="cacheKeys">Null: changes are passed on at once.</param>
internal sealed class AggregatedTable<TKey, TValue>(string storeName, ISerDes<TKey>? cacheKeys) : ITableNode<TKey, TValue>
{
    public string StoreName => storeName;

    public ISerDes<TKey>? CacheKeys => cacheKeys;

    public bool SendsOldValues { get; private set; }

    public string? QueryableStoreName => storeName;

    public TableValues<TKey, TValue> Values => KeptValues<TKey, TValue>.In(storeName);

    public bool SendOldValues(bool keepIfNeeded) => SendsOldValues = true;
}

/// <summary>Takes a row's old value out of its group's aggregate, then adds the new one.</summary>
internal sealed class TableAggregation<TKey, TValue, TAggregate>(TableAggregator<TKey, TValue, TAggregate> aggregator, AggregatedTable<TKey, TAggregate> table)
    : IProcessor<TKey, Change<TValue>, TKey, Change<TAggregate>>
{
    private KeptTable<TKey, TAggregate> kept = null!;

    public void Init(IProcessorContext<TKey, Change<TAggregate>> context) => kept = new(context, table.StoreName, table.SendsOldValues, table.CacheKeys);

    public void Process(in Record<TKey, Change<TValue>> record)
    {
        var change = record.Value;
        var had = kept.TryGet(record.Key, out var old);
        var (aggregate, has, time) = (old.Value, had, record.Timestamp);
        if (change.HasOld && has)
            (aggregate, time) = (aggregator.Subtractor(record.Key, change.Old!, aggregate), Math.Max(time, old.Timestamp));
        has = has && aggregate is not null;
        if (change.HasNew)
        {
            aggregate = aggregator.AddTo(record.Key, change.New!, aggregate, has);
            has = aggregate is not null;
            time = had ? Math.Max(time, old.Timestamp) : time;
        }
        kept.Update(new Record<TKey, TAggregate>(record.Key, aggregate, time, record.Headers) { HasValue = has }, old.Value, had);
    }

    public void BeforeCommit() => kept.PassOn();
}
