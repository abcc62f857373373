using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl;

/// <summary>
/// A grouped stream cut into sessions (Kafka Streams' SessionWindowedKStream). A record that joins sessions removes them (updates without a value, first) and
/// makes one of all. A session closes when stream time is more than the gap and the grace past its last record; it is not joined any more then. A record whose
/// session would be closed goes to the dead letters (LATE_RECORD), or where <see cref="WithLate"/> says. An update's time is its session's end. Otherwise as
/// <see cref="ITimeWindowedKStream{TKey,TValue}"/>.
/// </summary>
public interface ISessionWindowedKStream<TKey, TValue>
{
    /// <summary>Whether the table shows each update (the default), or each session once, when it closes: then by the sessions' ends, key bytes, starts.</summary>
    ISessionWindowedKStream<TKey, TValue> EmitStrategy(EmitStrategy strategy);

    /// <summary>Takes the late records as a stream of their own, instead of as dead letters.</summary>
    ISessionWindowedKStream<TKey, TValue> WithLate(Action<IKStream<TKey, TValue>> late);

    IKTable<Windowed<TKey>, long> Count(string? named = null);

    IKTable<Windowed<TKey>, long> Count(Materialized<TKey, long, ISessionStore<TKey, long>> materialized, string? named = null);

    IKTable<Windowed<TKey>, TValue> Reduce(Func<TValue, TValue, TValue> reducer, string? named = null);

    IKTable<Windowed<TKey>, TValue> Reduce(Func<TValue, TValue, TValue> reducer, Materialized<TKey, TValue, ISessionStore<TKey, TValue>> materialized, string? named = null);

    /// <param name="initializer">The aggregate of a session without records.</param>
    /// <param name="aggregator">Adds a record: key, value, aggregate.</param>
    /// <param name="merger">Takes the aggregates of two sessions of a key together.</param>
    /// <param name="materialized">The aggregates' store.</param>
    /// <param name="named">Names the operator.</param>
    IKTable<Windowed<TKey>, TAggregate> Aggregate<TAggregate>(
        Func<TAggregate> initializer,
        Func<TKey, TValue, TAggregate, TAggregate> aggregator,
        Func<TKey, TAggregate, TAggregate, TAggregate> merger,
        Materialized<TKey, TAggregate, ISessionStore<TKey, TAggregate>> materialized,
        string? named = null);

    /// <summary>As the other, with a serializer of the aggregates made by its type.</summary>
    IKTable<Windowed<TKey>, TAggregate> Aggregate<TAggregate, TAggregateSerDes>(
        Func<TAggregate> initializer,
        Func<TKey, TValue, TAggregate, TAggregate> aggregator,
        Func<TKey, TAggregate, TAggregate, TAggregate> merger,
        string? named = null)
        where TAggregateSerDes : ISerDes<TAggregate>, new();
}
