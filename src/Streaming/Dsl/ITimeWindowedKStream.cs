using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl;

/// <summary>
/// A grouped stream cut into windows of fixed length (Kafka Streams' TimeWindowedKStream). A window closes when stream time (the latest time of the operator's
/// records, this one included) has reached its end and the grace period is over; what is late for every window it belongs to goes to the dead letters
/// (LATE_RECORD), or where <see cref="WithLate"/> says. Stream time is kept in the aggregate's store, so a restart changes no decision. An update's time is the
/// latest of the window's records. Records without a key go to the dead letters (NULL_KEY); those without a value only where the type of the values
/// cannot be null, and of sliding windows always (NULL_VALUE).
/// </summary>
public interface ITimeWindowedKStream<TKey, TValue>
{
    /// <summary>Whether the table shows each update (the default), or each window once, when it closes: then by the windows' ends, and by key bytes where they are equal.</summary>
    ITimeWindowedKStream<TKey, TValue> EmitStrategy(EmitStrategy strategy);

    /// <summary>Takes the records that are late for every window they belong to as a stream of their own, instead of as dead letters.</summary>
    ITimeWindowedKStream<TKey, TValue> WithLate(Action<IKStream<TKey, TValue>> late);

    IKTable<Windowed<TKey>, long> Count(string? named = null);

    IKTable<Windowed<TKey>, long> Count(Materialized<TKey, long, IWindowStore<TKey, long>> materialized, string? named = null);

    IKTable<Windowed<TKey>, TValue> Reduce(Func<TValue, TValue, TValue> reducer, string? named = null);

    IKTable<Windowed<TKey>, TValue> Reduce(Func<TValue, TValue, TValue> reducer, Materialized<TKey, TValue, IWindowStore<TKey, TValue>> materialized, string? named = null);

    IKTable<Windowed<TKey>, TAggregate> Aggregate<TAggregate>(
        Func<TAggregate> initializer,
        Func<TKey, TValue, TAggregate, TAggregate> aggregator,
        Materialized<TKey, TAggregate, IWindowStore<TKey, TAggregate>> materialized,
        string? named = null);

    /// <summary>As the other, with a serializer of the aggregates made by its type.</summary>
    IKTable<Windowed<TKey>, TAggregate> Aggregate<TAggregate, TAggregateSerDes>(
        Func<TAggregate> initializer, Func<TKey, TValue, TAggregate, TAggregate> aggregator, string? named = null)
        where TAggregateSerDes : ISerDes<TAggregate>, new();
}
