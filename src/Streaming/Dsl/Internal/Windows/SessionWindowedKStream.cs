using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>A grouped stream with sessions.</summary>
internal sealed class SessionWindowedKStream<TKey, TValue>(KGroupedStream<TKey, TValue> grouped, Sessions sessions) : ISessionWindowedKStream<TKey, TValue>
{
    private readonly WindowedTable<TKey, TValue> table = new(grouped, sessions);

    public ISessionWindowedKStream<TKey, TValue> EmitStrategy(EmitStrategy strategy)
    {
        table.Emit = strategy;
        return this;
    }

    public ISessionWindowedKStream<TKey, TValue> WithLate(Action<IKStream<TKey, TValue>> late)
    {
        ArgumentNullException.ThrowIfNull(late);
        table.Late = late;
        return this;
    }

    public IKTable<Windowed<TKey>, long> Count(string? named = null) => Count(Materialized<TKey, long, ISessionStore<TKey, long>>.Create(), named);

    public IKTable<Windowed<TKey>, long> Count(Materialized<TKey, long, ISessionStore<TKey, long>> materialized, string? named = null) =>
        Add(AggregateNames.Aggregate, Aggregations.Count<TKey, TValue>(), materialized, new Int64SerDes(), named);

    public IKTable<Windowed<TKey>, TValue> Reduce(Func<TValue, TValue, TValue> reducer, string? named = null) =>
        Reduce(reducer, Materialized<TKey, TValue, ISessionStore<TKey, TValue>>.Create(), named);

    public IKTable<Windowed<TKey>, TValue> Reduce(Func<TValue, TValue, TValue> reducer, Materialized<TKey, TValue, ISessionStore<TKey, TValue>> materialized, string? named = null) =>
        Add(AggregateNames.Reduce, Aggregations.Reduce<TKey, TValue>(reducer), materialized, table.ValueSerDes, named);

    public IKTable<Windowed<TKey>, TAggregate> Aggregate<TAggregate>(
        Func<TAggregate> initializer,
        Func<TKey, TValue, TAggregate, TAggregate> aggregator,
        Func<TKey, TAggregate, TAggregate, TAggregate> merger,
        Materialized<TKey, TAggregate, ISessionStore<TKey, TAggregate>> materialized,
        string? named = null)
    {
        ArgumentNullException.ThrowIfNull(merger);
        return Add(AggregateNames.Aggregate, Aggregations.Of(initializer, aggregator, merger), materialized, null, named);
    }

    public IKTable<Windowed<TKey>, TAggregate> Aggregate<TAggregate, TAggregateSerDes>(
        Func<TAggregate> initializer,
        Func<TKey, TValue, TAggregate, TAggregate> aggregator,
        Func<TKey, TAggregate, TAggregate, TAggregate> merger,
        string? named = null)
        where TAggregateSerDes : ISerDes<TAggregate>, new() =>
        Aggregate(initializer, aggregator, merger, Materialized<TKey, TAggregate, ISessionStore<TKey, TAggregate>>.Create().WithValueSerdes(new TAggregateSerDes()), named);

    private KTable<Windowed<TKey>, TAggregate> Add<TAggregate>(
        string kind,
        Aggregation<TKey, TValue, TAggregate> aggregation,
        Materialized<TKey, TAggregate, ISessionStore<TKey, TAggregate>> materialized,
        ISerDes<TAggregate>? valueSerDes,
        string? named) =>
        table.Add(
            kind,
            aggregation,
            materialized,
            valueSerDes,
            named,
            (store, keys, values) => materialized.SessionStore(store, sessions.Retention, keys, values),
            parts => new SessionWindowAggregate<TKey, TValue, TAggregate>(sessions, parts),
            keys => new SessionWindowedSerDes<TKey>(keys),
            WindowValues.OfSessions<TKey, TAggregate>);
}
