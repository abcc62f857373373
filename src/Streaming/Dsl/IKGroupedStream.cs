using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl;

/// <summary>
/// A stream's records by key, to be aggregated into a table or cut into windows first (Kafka Streams' KGroupedStream). Each aggregate is kept in a store, which
/// must be named: by its <see cref="Materialized{TKey,TValue,TStore}"/>, or "&lt;named&gt;-store" after the operator. Records without a key or without a value go to
/// the dead letters (NULL_KEY, NULL_VALUE). An update's time is the latest of the records in the aggregate. Aggregates are kept as they are given: functions
/// return a new one instead of changing the old.
/// </summary>
public interface IKGroupedStream<TKey, TValue>
{
    /// <summary>How many records each key has.</summary>
    IKTable<TKey, long> Count(string? named = null);

    IKTable<TKey, long> Count(Materialized<TKey, long, IKeyValueStore<TKey, long>> materialized, string? named = null);

    /// <summary>Each key's values combined; the first value is the first aggregate. Null as the new aggregate deletes the key.</summary>
    IKTable<TKey, TValue> Reduce(Func<TValue, TValue, TValue> reducer, string? named = null);

    IKTable<TKey, TValue> Reduce(Func<TValue, TValue, TValue> reducer, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>> materialized, string? named = null);

    /// <summary>Each key's values taken together, beginning with the initializer's aggregate. Null as the new aggregate deletes the key.</summary>
    IKTable<TKey, TAggregate> Aggregate<TAggregate>(
        Func<TAggregate> initializer,
        Func<TKey, TValue, TAggregate, TAggregate> aggregator,
        Materialized<TKey, TAggregate, IKeyValueStore<TKey, TAggregate>> materialized,
        string? named = null);

    /// <summary>As the other, with a serializer of the aggregates made by its type.</summary>
    IKTable<TKey, TAggregate> Aggregate<TAggregate, TAggregateSerDes>(
        Func<TAggregate> initializer, Func<TKey, TValue, TAggregate, TAggregate> aggregator, string? named = null)
        where TAggregateSerDes : ISerDes<TAggregate>, new();

    /// <summary>Cuts the stream into tumbling or hopping windows.</summary>
    /// <exception cref="TopologyException">The windows' grace was not said.</exception>
    ITimeWindowedKStream<TKey, TValue> WindowedBy(TimeWindowOptions windows);

    /// <summary>Cuts the stream into sliding windows: one for each distinct content of a span of time.</summary>
    /// <exception cref="TopologyException">The windows' grace was not said.</exception>
    ITimeWindowedKStream<TKey, TValue> WindowedBy(SlidingWindowOptions windows);

    /// <summary>Cuts the stream into sessions: runs of records without a longer pause than the gap.</summary>
    /// <exception cref="TopologyException">The windows' grace was not said.</exception>
    ISessionWindowedKStream<TKey, TValue> WindowedBy(SessionWindowOptions windows);
}
