using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>What a windowed aggregate is made of.</summary>
/// <param name="Results">The child that takes the updates; null: every child.</param>
/// <param name="Late">The child that takes late records; null: they go to the dead letters.</param>
internal sealed record WindowAggregateParts<TKey, TValue, TAggregate>(
    string StoreName, Aggregation<TKey, TValue, TAggregate> Aggregation, EmitStrategy Emit, string? Results = null, string? Late = null);

/// <summary>
/// What all windowed aggregates have in common. The operator's time is its store's: it survives restarts together with the windows, so whether a record is late
/// does not depend on them. Windows that the time closes are emitted before the record that moved it is aggregated.
/// </summary>
internal abstract class WindowAggregate<TKey, TValue, TAggregate, TStore>(WindowAggregateParts<TKey, TValue, TAggregate> parts)
    : IProcessor<TKey, TValue, Windowed<TKey>, Change<TAggregate>>
    where TStore : ITimedStateStore
{
    private IProcessorContext<Windowed<TKey>, Change<TAggregate>> context = null!;

    protected TStore Store { get; private set; } = default!;

    protected Aggregation<TKey, TValue, TAggregate> Aggregation { get; } = parts.Aggregation;

    /// <summary>The latest time seen, the present record's included.</summary>
    protected long StreamTime { get; private set; }

    public virtual void Init(IProcessorContext<Windowed<TKey>, Change<TAggregate>> context)
    {
        this.context = context;
        Store = context.GetStateStore<TStore>(parts.StoreName);
        StreamTime = Store.ObservedStreamTime;
    }

    public void Process(in Record<TKey, TValue> record)
    {
        if (!record.HasKey)
        {
            context.Drop("NULL_KEY", "the record has no key to aggregate it by");
            return;
        }
        if (Aggregation.Refuses(in record) || (!record.HasValue && RefusesNullValues))
        {
            context.Drop("NULL_VALUE", "the record has no value to aggregate");
            return;
        }
        AdvanceTo(record.Timestamp);
        if (!Aggregate(in record))
            Exit(in record);
    }

    public void OnStreamTime(long streamTime) => AdvanceTo(streamTime);

    protected virtual bool RefusesNullValues => false;

    /// <returns>False: the record was late for every window that it belongs to, and changed nothing.</returns>
    protected abstract bool Aggregate(in Record<TKey, TValue> record);

    /// <summary>Emits the windows that were open at one time and are closed at another, by their ends.</summary>
    protected abstract void Close(long before, long now);

    /// <summary>Shows an update, unless windows are shown when they close.</summary>
    protected void Update(TKey key, Window window, Change<TAggregate> change, in Record<TKey, TValue> cause, long timestamp)
    {
        if (parts.Emit == EmitStrategy.OnWindowUpdate)
            Forward(new Record<Windowed<TKey>, Change<TAggregate>>(new(key, window), change, timestamp, cause.Headers));
    }

    protected void EmitFinal(Windowed<TKey> key, TAggregate aggregate, long timestamp) =>
        Forward(new Record<Windowed<TKey>, Change<TAggregate>>(key, Change<TAggregate>.Of(aggregate, true, default, false), timestamp));

    private void AdvanceTo(long time)
    {
        if (time <= StreamTime)
            return;
        if (parts.Emit == EmitStrategy.OnWindowClose)
            Close(StreamTime, time);
        StreamTime = time;
        Store.ObservedStreamTime = time;
    }

    private void Exit(in Record<TKey, TValue> record)
    {
        if (parts.Late is null)
            context.Drop("LATE_RECORD", $"every window of the record's time, {record.Timestamp}, was closed at stream time {StreamTime}");
        else
            context.Forward(in record, parts.Late);
    }

    private void Forward(in Record<Windowed<TKey>, Change<TAggregate>> record)
    {
        if (parts.Results is null)
            context.Forward(in record);
        else
            context.Forward(in record, parts.Results);
    }
}
