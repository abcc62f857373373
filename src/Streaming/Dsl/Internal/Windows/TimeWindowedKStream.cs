using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>A grouped stream with windows of fixed length: aligned or sliding.</summary>
internal sealed class TimeWindowedKStream<TKey, TValue> : ITimeWindowedKStream<TKey, TValue>
{
    private readonly WindowedTable<TKey, TValue> table;
    private readonly WindowKind windows;
    private readonly long sizeMs;

    public TimeWindowedKStream(KGroupedStream<TKey, TValue> grouped, AlignedWindows windows) => (table, this.windows, sizeMs) = (new(grouped, windows), windows, windows.SizeMs);

    public TimeWindowedKStream(KGroupedStream<TKey, TValue> grouped, SlidingWindows windows) => (table, this.windows, sizeMs) = (new(grouped, windows), windows, windows.DifferenceMs);

    public ITimeWindowedKStream<TKey, TValue> EmitStrategy(EmitStrategy strategy)
    {
        table.Emit = strategy;
        return this;
    }

    public ITimeWindowedKStream<TKey, TValue> WithLate(Action<IKStream<TKey, TValue>> late)
    {
        ArgumentNullException.ThrowIfNull(late);
        table.Late = late;
        return this;
    }

    public IKTable<Windowed<TKey>, long> Count(string? named = null) => Count(Materialized<TKey, long, IWindowStore<TKey, long>>.Create(), named);

    public IKTable<Windowed<TKey>, long> Count(Materialized<TKey, long, IWindowStore<TKey, long>> materialized, string? named = null) =>
        Add(AggregateNames.Aggregate, Aggregations.Count<TKey, TValue>(), materialized, new Int64SerDes(), named);

    public IKTable<Windowed<TKey>, TValue> Reduce(Func<TValue, TValue, TValue> reducer, string? named = null) =>
        Reduce(reducer, Materialized<TKey, TValue, IWindowStore<TKey, TValue>>.Create(), named);

    public IKTable<Windowed<TKey>, TValue> Reduce(Func<TValue, TValue, TValue> reducer, Materialized<TKey, TValue, IWindowStore<TKey, TValue>> materialized, string? named = null) =>
        Add(AggregateNames.Reduce, Aggregations.Reduce<TKey, TValue>(reducer), materialized, table.ValueSerDes, named);

    public IKTable<Windowed<TKey>, TAggregate> Aggregate<TAggregate>(
        Func<TAggregate> initializer,
        Func<TKey, TValue, TAggregate, TAggregate> aggregator,
        Materialized<TKey, TAggregate, IWindowStore<TKey, TAggregate>> materialized,
        string? named = null) =>
        Add(AggregateNames.Aggregate, Aggregations.Of(initializer, aggregator), materialized, null, named);

    public IKTable<Windowed<TKey>, TAggregate> Aggregate<TAggregate, TAggregateSerDes>(
        Func<TAggregate> initializer, Func<TKey, TValue, TAggregate, TAggregate> aggregator, string? named = null)
        where TAggregateSerDes : ISerDes<TAggregate>, new() =>
        Aggregate(initializer, aggregator, Materialized<TKey, TAggregate, IWindowStore<TKey, TAggregate>>.Create().WithValueSerdes(new TAggregateSerDes()), named);

    private KTable<Windowed<TKey>, TAggregate> Add<TAggregate>(
        string kind,
        Aggregation<TKey, TValue, TAggregate> aggregation,
        Materialized<TKey, TAggregate, IWindowStore<TKey, TAggregate>> materialized,
        ISerDes<TAggregate>? valueSerDes,
        string? named) =>
        table.Add(
            kind,
            aggregation,
            materialized,
            valueSerDes,
            named,
            (store, keys, values) => materialized.TimestampedWindowStore(store, windows.Retention, TimeSpan.FromMilliseconds(sizeMs), keys, values),
            Processor,
            keys => new TimeWindowedSerDes<TKey>(keys, sizeMs),
            WindowValues.OfWindows<TKey, TAggregate>);

    private IProcessor<TKey, TValue, Windowed<TKey>, Change<TAggregate>> Processor<TAggregate>(WindowAggregateParts<TKey, TValue, TAggregate> parts) => windows switch
    {
        AlignedWindows aligned => new TimeWindowAggregate<TKey, TValue, TAggregate>(aligned, parts),
        SlidingWindows sliding => new SlidingWindowAggregate<TKey, TValue, TAggregate>(sliding, parts),
        _ => throw new InvalidOperationException($"windows of {windows} have no fixed length"),
    };
}
