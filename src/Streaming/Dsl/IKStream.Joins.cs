namespace Streams.Streaming.Dsl;

public partial interface IKStream<TKey, TValue>
{
    /// <summary>
    /// Joins records of equal keys that are close enough in time; the result's time is the later of the two. Records without key or value have no partner and
    /// are dropped into the dead letters, late ones too when they find none.
    /// </summary>
    IKStream<TKey, TResult> Join<TOther, TResult>(
        IKStream<TKey, TOther> other, Func<TValue, TOther, TResult> joiner, JoinWindowOptions windows, StreamJoinProps<TKey, TValue, TOther> props);

    /// <inheritdoc cref="Join{TOther, TResult}(IKStream{TKey, TOther}, Func{TValue, TOther, TResult}, JoinWindowOptions, StreamJoinProps{TKey, TValue, TOther})"/>
    IKStream<TKey, TResult> Join<TOther, TResult>(
        IKStream<TKey, TOther> other, Func<TKey, TValue, TOther, TResult> joiner, JoinWindowOptions windows, StreamJoinProps<TKey, TValue, TOther> props);

    /// <summary>
    /// As <see cref="Join{TOther, TResult}(IKStream{TKey, TOther}, Func{TValue, TOther, TResult}, JoinWindowOptions, StreamJoinProps{TKey, TValue, TOther})"/>;
    /// a record of this side that finds no partner until its window has closed is joined with the type's default, once. With value types use nullable ones where
    /// absence matters. A record without a key passes at once.
    /// </summary>
    IKStream<TKey, TResult> LeftJoin<TOther, TResult>(
        IKStream<TKey, TOther> other, Func<TValue, TOther?, TResult> joiner, JoinWindowOptions windows, StreamJoinProps<TKey, TValue, TOther> props);

    /// <inheritdoc cref="LeftJoin{TOther, TResult}(IKStream{TKey, TOther}, Func{TValue, TOther, TResult}, JoinWindowOptions, StreamJoinProps{TKey, TValue, TOther})"/>
    IKStream<TKey, TResult> LeftJoin<TOther, TResult>(
        IKStream<TKey, TOther> other, Func<TKey, TValue, TOther?, TResult> joiner, JoinWindowOptions windows, StreamJoinProps<TKey, TValue, TOther> props);

    /// <summary>As a left join, and records of the other side without a partner come out alike.</summary>
    IKStream<TKey, TResult> OuterJoin<TOther, TResult>(
        IKStream<TKey, TOther> other, Func<TValue?, TOther?, TResult> joiner, JoinWindowOptions windows, StreamJoinProps<TKey, TValue, TOther> props);

    /// <inheritdoc cref="OuterJoin{TOther, TResult}(IKStream{TKey, TOther}, Func{TValue, TOther, TResult}, JoinWindowOptions, StreamJoinProps{TKey, TValue, TOther})"/>
    IKStream<TKey, TResult> OuterJoin<TOther, TResult>(
        IKStream<TKey, TOther> other, Func<TKey, TValue?, TOther?, TResult> joiner, JoinWindowOptions windows, StreamJoinProps<TKey, TValue, TOther> props);

    /// <summary>
    /// Looks each record's key up in a table, as the table is when the record is processed; a record that finds nothing leads nowhere. Records without key or
    /// value are dropped into the dead letters. The result has the record's time.
    /// </summary>
    IKStream<TKey, TResult> Join<TTable, TResult>(IKTable<TKey, TTable> table, Func<TValue, TTable, TResult> joiner, StreamTableJoinProps<TKey, TValue>? props = null);

    /// <inheritdoc cref="Join{TTable, TResult}(IKTable{TKey, TTable}, Func{TValue, TTable, TResult}, StreamTableJoinProps{TKey, TValue})"/>
    IKStream<TKey, TResult> Join<TTable, TResult>(IKTable<TKey, TTable> table, Func<TKey, TValue, TTable, TResult> joiner, StreamTableJoinProps<TKey, TValue>? props = null);

    /// <summary>As the inner join; a record whose key is missing or not in the table is joined with the type's default.</summary>
    IKStream<TKey, TResult> LeftJoin<TTable, TResult>(IKTable<TKey, TTable> table, Func<TValue, TTable?, TResult> joiner, StreamTableJoinProps<TKey, TValue>? props = null);

    /// <inheritdoc cref="LeftJoin{TTable, TResult}(IKTable{TKey, TTable}, Func{TValue, TTable, TResult}, StreamTableJoinProps{TKey, TValue})"/>
    IKStream<TKey, TResult> LeftJoin<TTable, TResult>(IKTable<TKey, TTable> table, Func<TKey, TValue, TTable?, TResult> joiner, StreamTableJoinProps<TKey, TValue>? props = null);

    /// <summary>
    /// Looks a key made of each record up in a table that every instance has whole, so that nothing need be partitioned alike. A record that finds nothing leads
    /// nowhere. What is found depends on how far this instance has read the table's topic: a replay may find something else.
    /// </summary>
    IKStream<TKey, TResult> Join<TTableKey, TTable, TResult>(
        IGlobalKTable<TTableKey, TTable> table, Func<TKey, TValue, TTableKey?> keySelector, Func<TValue, TTable, TResult> joiner, string? named = null);

    /// <summary>As the inner join; a record that finds nothing is joined with the type's default.</summary>
    IKStream<TKey, TResult> LeftJoin<TTableKey, TTable, TResult>(
        IGlobalKTable<TTableKey, TTable> table, Func<TKey, TValue, TTableKey?> keySelector, Func<TValue, TTable?, TResult> joiner, string? named = null);
}
