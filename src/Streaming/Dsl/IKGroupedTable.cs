using Streams.Streaming.State;

namespace Streams.Streaming.Dsl;

/// <summary>
/// A table's rows by group (Kafka Streams' KGroupedTable). When a row changes, its old value is subtracted from its old group and its new one added to its new
/// group. The store must be named, for its changelog topic is called after it.
/// </summary>
public interface IKGroupedTable<TKey, TValue>
{
    /// <summary>How many rows each group has.</summary>
    IKTable<TKey, long> Count(Materialized<TKey, long, IKeyValueStore<TKey, long>> materialized, string? named = null);

    /// <summary>Each group's rows combined; the first row of a group is its first value.</summary>
    IKTable<TKey, TValue> Reduce(
        Func<TValue, TValue, TValue> adder, Func<TValue, TValue, TValue> subtractor, Materialized<TKey, TValue, IKeyValueStore<TKey, TValue>> materialized, string? named = null);

    /// <summary>Each group's rows taken together. Null as the new aggregate deletes the group's.</summary>
    /// <param name="initializer">The aggregate of a group without rows.</param>
    /// <param name="adder">Adds a row: its group, the row, the aggregate.</param>
    /// <param name="subtractor">Takes a row out again.</param>
    IKTable<TKey, TAggregate> Aggregate<TAggregate>(
        Func<TAggregate> initializer,
        Func<TKey, TValue, TAggregate, TAggregate> adder,
        Func<TKey, TValue, TAggregate, TAggregate> subtractor,
        Materialized<TKey, TAggregate, IKeyValueStore<TKey, TAggregate>> materialized,
        string? named = null);
}
