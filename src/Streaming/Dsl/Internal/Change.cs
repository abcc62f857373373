namespace Streams.Streaming.Dsl.Internal;

/// <summary>What a table's node passes on: a key's value after and before an update. Missing: there is (was) none.</summary>
internal readonly record struct Change<TValue>(TValue? New, bool HasNew, TValue? Old, bool HasOld)
{
    public static Change<TValue> Of(TValue? value, bool has, TValue? old, bool hadOld) => new(value, has, old, hadOld);

    public Change<TValue> WithoutOld() => new(New, HasNew, default, false);
}

/// <summary>Looks up a table's present values, from the processor that it was made for.</summary>
internal interface ITableValueGetter<TKey, TValue>
{
    /// <summary>False when the key has no value. The timestamp is that of the record which gave the value.</summary>
    bool TryGet(TKey key, out TValue value, out long timestamp);
}

/// <summary>How a processor gets at a table's values: the stores to connect it with, and the getter once it has its context.</summary>
internal sealed record TableValues<TKey, TValue>(IReadOnlyList<string> Stores, Func<IProcessingContext, ITableValueGetter<TKey, TValue>> Getter);
