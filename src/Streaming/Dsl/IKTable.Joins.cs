using Streams.Streaming.State;

namespace Streams.Streaming.Dsl;

public partial interface IKTable<TKey, TValue>
{
    /// <summary>
    /// The table of keys that both tables have. An update of either side updates the result at once; its time is the later of the two. A joiner's null is no value.
    /// </summary>
    /// <param name="materialized">A store of its own, which can be queried; null: looked up in the two tables.</param>
    IKTable<TKey, TResult> Join<TOther, TResult>(
        IKTable<TKey, TOther> other, Func<TValue, TOther, TResult> joiner, Materialized<TKey, TResult, IKeyValueStore<TKey, TResult>>? materialized = null, string? named = null);

    /// <summary>The table of this table's keys; where the other one lacks a key its value is the type's default.</summary>
    /// <inheritdoc cref="Join{TOther, TResult}(IKTable{TKey, TOther}, Func{TValue, TOther, TResult}, Materialized{TKey, TResult, IKeyValueStore{TKey, TResult}}, string)"/>
    IKTable<TKey, TResult> LeftJoin<TOther, TResult>(
        IKTable<TKey, TOther> other, Func<TValue, TOther?, TResult> joiner, Materialized<TKey, TResult, IKeyValueStore<TKey, TResult>>? materialized = null, string? named = null);

    /// <summary>The table of the keys that either table has.</summary>
    /// <inheritdoc cref="Join{TOther, TResult}(IKTable{TKey, TOther}, Func{TValue, TOther, TResult}, Materialized{TKey, TResult, IKeyValueStore{TKey, TResult}}, string)"/>
    IKTable<TKey, TResult> OuterJoin<TOther, TResult>(
        IKTable<TKey, TOther> other, Func<TValue?, TOther?, TResult> joiner, Materialized<TKey, TResult, IKeyValueStore<TKey, TResult>>? materialized = null, string? named = null);

    /// <summary>
    /// The table of this table's keys whose values point to a key that the other table has. The tables need not be partitioned alike: this side subscribes to the
    /// other by an internal topic and is answered by another one. Answers to a value that has changed meanwhile are dropped. A foreign key of null points nowhere.
    /// </summary>
    IKTable<TKey, TResult> Join<TForeignKey, TOther, TResult>(
        IKTable<TForeignKey, TOther> other, Func<TValue, TForeignKey?> foreignKey, Func<TValue, TOther, TResult> joiner, ForeignKeyJoinProps<TResult> props);

    /// <summary>As the inner join, over all of this table's keys; what points nowhere is joined with the type's default.</summary>
    IKTable<TKey, TResult> LeftJoin<TForeignKey, TOther, TResult>(
        IKTable<TForeignKey, TOther> other, Func<TValue, TForeignKey?> foreignKey, Func<TValue, TOther?, TResult> joiner, ForeignKeyJoinProps<TResult> props);
}
