using Streams.Streaming.SerDes;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>Computes a table's value of its parent's.</summary>
/// <param name="has">Whether the parent has a value.</param>
/// <returns>Whether the table has one.</returns>
internal delegate bool TableFunction<TKey, TValue, TValueOut>(TKey key, TValue? value, bool has, out TValueOut result);

/// <summary>What a derived table computes its values by, in one processor.</summary>
internal sealed record TableComputation<TKey, TValue, TValueOut>(TableFunction<TKey, TValue, TValueOut> Function, Action? Close = null);

/// <summary>A table computed row by row of another: filtered, mapped, transformed. Kept in a store of its own, or computed again at each look.</summary>
/// <param name="compute">Makes the computation for a processor.</param>
/// <param name="stores">What the computation looks into.</param>
/// <param name="storeName">Null: not kept.</param>
internal sealed class DerivedTable<TKey, TValue, TValueOut>(
    ITableNode<TKey, TValue> parent, Func<IProcessingContext, TableComputation<TKey, TValue, TValueOut>> compute, IReadOnlyList<string> stores, string? storeName, ISerDes<TKey>? cacheKeys)
    : ITableNode<TKey, TValueOut>
{
    public Func<IProcessingContext, TableComputation<TKey, TValue, TValueOut>> Compute => compute;

    public string? StoreName => storeName;

    /// <summary>Null: changes are passed on at once.</summary>
    public ISerDes<TKey>? CacheKeys => cacheKeys;

    public string? QueryableStoreName => storeName;

    public bool SendsOldValues { get; private set; }

    /// <summary>Updates that leave the table without the key, as it was before, are not passed on.</summary>
    public bool PassesOnNothing { get; init; } = true;

    public TableValues<TKey, TValueOut> Values => storeName is null ? Computed(parent.Values) : KeptValues<TKey, TValueOut>.In(storeName);

    public bool SendOldValues(bool keepIfNeeded)
    {
        SendsOldValues |= storeName is not null || parent.SendOldValues(keepIfNeeded);
        return SendsOldValues;
    }

    /// <summary>The parent's changes carry old values if they can be had for nothing.</summary>
    public void UseOldValues() => SendsOldValues = parent.SendOldValues(keepIfNeeded: false);

    private TableValues<TKey, TValueOut> Computed(TableValues<TKey, TValue> values) =>
        new([.. values.Stores.Union(stores)], context => new ComputedValues<TKey, TValue, TValueOut>(values.Getter(context), compute(context)));
}

/// <summary>Computes each change of the parent.</summary>
internal sealed class TableDeriving<TKey, TValue, TValueOut>(DerivedTable<TKey, TValue, TValueOut> table) : IProcessor<TKey, Change<TValue>, TKey, Change<TValueOut>>
{
    private IProcessorContext<TKey, Change<TValueOut>> context = null!;
    private TableComputation<TKey, TValue, TValueOut> computation = null!;
    private KeptTable<TKey, TValueOut>? kept;

    public void Init(IProcessorContext<TKey, Change<TValueOut>> context)
    {
        this.context = context;
        computation = table.Compute(context);
        if (table.StoreName is { } store)
            kept = new KeptTable<TKey, TValueOut>(context, store, table.SendsOldValues, table.CacheKeys);
    }

    public void Process(in Record<TKey, Change<TValue>> record)
    {
        var change = record.Value;
        var has = computation.Function(record.Key, change.New, change.HasNew, out var value);
        var had = TryGetOld(record.Key, in change, out var old);
        if (table is { SendsOldValues: true, PassesOnNothing: false } && !has && !had)
            return;
        if (kept is null)
            context.Forward(record.WithValue(new Change<TValueOut>(value, has, old, had)));
        else
            kept.Update(record.WithValue(value) with { HasValue = has }, old, had);
    }

    public void BeforeCommit() => kept?.PassOn();

    public void Close() => computation?.Close?.Invoke();

    private bool TryGetOld(TKey key, in Change<TValue> change, out TValueOut? old)
    {
        old = default;
        if (kept is not null)
        {
            var had = kept.TryGet(key, out var stored);
            old = stored.Value;
            return had;
        }
        return table.SendsOldValues && computation.Function(key, change.Old, change.HasOld, out old);
    }
}

/// <summary>A derived table's values, computed of its parent's.</summary>
internal sealed class ComputedValues<TKey, TValue, TValueOut>(ITableValueGetter<TKey, TValue> parent, TableComputation<TKey, TValue, TValueOut> computation)
    : ITableValueGetter<TKey, TValueOut>
{
    public bool TryGet(TKey key, out TValueOut value, out long timestamp)
    {
        var has = parent.TryGet(key, out var of, out timestamp);
        return computation.Function(key, of, has, out value);
    }
}
