namespace Streams.Streaming.Dsl.Internal;

/// <summary>How records become an aggregate.</summary>
/// <param name="First">The aggregate of one record.</param>
/// <param name="Next">An aggregate with one more record.</param>
/// <param name="ReadsValues">Records without a value are refused where the type of values cannot say that one is missing.</param>
internal sealed record Aggregation<TKey, TValue, TAggregate>(Func<TKey, TValue, TAggregate> First, Func<TKey, TValue, TAggregate, TAggregate> Next, bool ReadsValues)
{
    /// <summary>The aggregate of the first of several sessions to be merged.</summary>
    public Func<TKey, TAggregate, TAggregate> Seed { get; init; } = (_, aggregate) => aggregate;

    /// <summary>The aggregate of two sessions.</summary>
    public Func<TKey, TAggregate, TAggregate, TAggregate>? Merge { get; init; }

    public bool Refuses(in Record<TKey, TValue> record) => ReadsValues && !record.HasValue && default(TValue) is not null;
}

internal static class Aggregations
{
    public static Aggregation<TKey, TValue, long> Count<TKey, TValue>() => new((_, _) => 1, (_, _, count) => count + 1, ReadsValues: false) { Merge = (_, one, other) => one + other };

    public static Aggregation<TKey, TValue, TValue> Reduce<TKey, TValue>(Func<TValue, TValue, TValue> reducer)
    {
        ArgumentNullException.ThrowIfNull(reducer);
        // A session may hold null where sessions were merged into none: it counts as no aggregate yet.
        return new((_, value) => value, (_, value, aggregate) => aggregate is null ? value : reducer(aggregate, value), ReadsValues: true)
        {
            Merge = (_, one, other) => one is null ? other : reducer(one, other),
        };
    }

    public static Aggregation<TKey, TValue, TAggregate> Of<TKey, TValue, TAggregate>(
        Func<TAggregate> initializer, Func<TKey, TValue, TAggregate, TAggregate> aggregator, Func<TKey, TAggregate, TAggregate, TAggregate>? merger = null)
    {
        ArgumentNullException.ThrowIfNull(initializer);
        ArgumentNullException.ThrowIfNull(aggregator);
        var aggregation = new Aggregation<TKey, TValue, TAggregate>((key, value) => aggregator(key, value, initializer()), aggregator, ReadsValues: true) { Merge = merger };
        return merger is null ? aggregation : aggregation with { Seed = (key, aggregate) => merger(key, initializer(), aggregate) };
    }
}
