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
        // What is said to be missing may still be there, such as a value that a filter has taken away.
        result = gives ? Join(key, hasMine ? mine : default, hasOthers ? others : default) : default!;
        return gives && result is not null;
    }
}

/// <summary>Joins one table's changes with what the other holds (Kafka Streams' KTableKTable*Join).</summary>
/// <param name="result">What the joined changes carry.</param>
internal sealed class TableJoin<TKey, TThis, TOther, TResult>(
    TableJoiner<TKey, TThis, TOther, TResult> joiner, TableValues<TKey, TOther> other, ITableChanges result)
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
        var before = default(TResult);
        var hasOld = result.SendsOldValues && joiner.TryJoin(record.Key, change.Old, change.HasOld, value, found, out before);
        context.Forward(record
            .WithValue(new Change<TResult>(joined, hasNew, before, hasOld))
            .WithTimestamp(found ? Math.Max(record.Timestamp, time) : record.Timestamp));
    }
}

/// <summary>Whether a table's changes carry old values, known when all operators after it are.</summary>
internal interface ITableChanges
{
    bool SendsOldValues { get; }
}

/// <summary>A join of tables that is not kept: looked up in both.</summary>
internal sealed class JoinedTable<TKey, TLeft, TRight, TResult>(
    KTable<TKey, TLeft> left, KTable<TKey, TRight> right, TableJoiner<TKey, TLeft, TRight, TResult> joiner) : ITableNode<TKey, TResult>, ITableChanges
{
    public bool SendsOldValues { get; private set; }

    public string? QueryableStoreName => null;

    public TableValues<TKey, TResult> Values
    {
        get
        {
            var (lefts, rights) = (left.LookedUp, right.LookedUp);
            return new TableValues<TKey, TResult>(
                [.. lefts.Stores.Union(rights.Stores)], context => new JoinedValues<TKey, TLeft, TRight, TResult>(joiner, lefts.Getter(context), rights.Getter(context)));
        }
    }

    public bool SendOldValues(bool keepIfNeeded)
    {
        var leftSends = left.SendOldValues(keepIfNeeded);
        return SendsOldValues = right.SendOldValues(keepIfNeeded) && leftSends;
    }
}

/// <summary>A table that is kept in a store once something asks for its values or for what they were before.</summary>
/// <param name="keep">Adds the store to the topology.</param>
internal sealed class TableKeptOnDemand<TKey, TValue>(string store, Action keep, bool now) : ITableNode<TKey, TValue>, ITableChanges
{
    private bool kept;

    /// <summary>Null: not kept.</summary>
    public string? StoreName => kept ? store : null;

    public string? QueryableStoreName => now ? Kept() : null;

    public bool SendsOldValues => kept;

    public TableValues<TKey, TValue> Values => KeptValues<TKey, TValue>.In(Kept());

    public bool SendOldValues(bool keepIfNeeded)
    {
        if (keepIfNeeded)
            Kept();
        return kept;
    }

    public string Kept()
    {
        if (!kept)
        {
            kept = true;
            keep();
        }
        return store;
    }
}

/// <summary>Where a join's changes come out, and are kept if the table is.</summary>
internal sealed class JoinResult<TKey, TValue>(TableKeptOnDemand<TKey, TValue>? table) : IProcessor<TKey, Change<TValue>, TKey, Change<TValue>>
{
    private IProcessorContext<TKey, Change<TValue>> context = null!;
    private KeptTable<TKey, TValue>? kept;

    public void Init(IProcessorContext<TKey, Change<TValue>> context)
    {
        this.context = context;
        if (table?.StoreName is { } store)
            kept = new KeptTable<TKey, TValue>(context, store, sendsOldValues: true, cacheKeys: null);
    }

    public void Process(in Record<TKey, Change<TValue>> record)
    {
        if (kept is null)
            context.Forward(in record);
        else
            kept.Update(record.WithValue(record.Value.New!) with { HasValue = record.Value.HasNew });
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
