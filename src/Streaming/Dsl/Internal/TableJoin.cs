namespace Streams.Streaming.Dsl.Internal;

/// <summary>How two tables' values become one.</summary>
/// <param name="OnlyThis">A value without a partner gives a result.</param>
/// <param name="OnlyOther">The other side's value without one gives a result.</param>
internal sealed record TableJoiner<TKey, TThis, TOther, TResult>(Func<TKey, TThis?, TOther?, TResult> Join, bool OnlyThis, bool OnlyOther)
{
    /// <summary>False where the tables' values give none.</summary>
    public bool TryJoin(TKey key, TThis? mine, bool hasMine, TOther? others, bool hasOthers, out TResult result)
    {
        var gives = hasMine ? hasOthers || OnlyThis : hasOthers && OnlyOther;
        result = gives ? Join(key, mine, others) : default!;
        return gives && result is not null;
    }
}

/// <summary>Joins one table's changes with what the other holds (Kafka Streams' KTableKTable*Join).</summary>
internal sealed class TableJoin<TKey, TThis, TOther, TResult>(TableJoiner<TKey, TThis, TOther, TResult> joiner, TableValues<TKey, TOther> other)
    : IProcessor<TKey, Change<TThis>, TKey, Change<TResult>>
{
    private IProcessorContext<TKey, Change<TResult>> context = null!;
    private ITableValueGetter<TKey, TOther> others = null!;

    public void Init(IProcessorContext<TKey, Change<TResult>> context)
    {
        this.context = context;
        others = other.Getter(context);
    }

    public void Process(in Record<TKey, Change<TThis>> record)
    {
        if (!record.HasKey)
        {
            context.Drop("NULL_KEY", "the record has no key to join by");
            return;
        }
        var change = record.Value;
        var found = others.TryGet(record.Key, out var value, out var time);
        if (!found && (!joiner.OnlyThis || (!change.HasNew && !change.HasOld)))
            return;
        var hasNew = joiner.TryJoin(record.Key, change.New, change.HasNew, value, found, out var joined);
        var hasOld = joiner.TryJoin(record.Key, change.Old, change.HasOld, value, found, out var before);
        context.Forward(record
            .WithValue(new Change<TResult>(joined, hasNew, before, hasOld))
            .WithTimestamp(found ? Math.Max(record.Timestamp, time) : record.Timestamp));
    }
}

/// <summary>A join's value looked up in both tables.</summary>
internal sealed class JoinedValues<TKey, TLeft, TRight, TResult>(
    TableJoiner<TKey, TLeft, TRight, TResult> joiner, ITableValueGetter<TKey, TLeft> lefts, ITableValueGetter<TKey, TRight> rights) : ITableValueGetter<TKey, TResult>
{
    public bool TryGet(TKey key, out TResult value, out long timestamp)
    {
        var hasLeft = lefts.TryGet(key, out var left, out var leftTime);
        var hasRight = rights.TryGet(key, out var right, out var rightTime);
        timestamp = Math.Max(hasLeft ? leftTime : -1, hasRight ? rightTime : -1);
        return joiner.TryJoin(key, left, hasLeft, right, hasRight, out value);
    }
}
