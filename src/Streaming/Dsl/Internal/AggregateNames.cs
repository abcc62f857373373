using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>The names of an aggregate's node and store.</summary>
internal readonly record struct AggregateNames(string Node, string Store)
{
    public const string Aggregate = "KSTREAM-AGGREGATE-";
    public const string Reduce = "KSTREAM-REDUCE-";

    /// <exception cref="TopologyException">The store has a changelog and no name.</exception>
    public static AggregateNames For<TKey, TValue, TStore>(StreamBuilder builder, string kind, Materialized<TKey, TValue, TStore> materialized, string? named)
        where TStore : IStateStore
    {
        // The store's number comes before the node's, and is used up only where the store has no name of its own, as in Kafka Streams.
        var store = materialized.StoreName ?? builder.NameOf($"{kind}STATE-STORE-", named is null ? null : $"{named}-store");
        var node = builder.NameOf(kind, named);
        if (materialized.StoreName is null && named is null && materialized.LoggingEnabled)
            throw new TopologyException($"the store of \"{node}\" must be named, for its changelog is called after it: name the operator or its store (InMemory.As, InMemoryWindows.As, InMemorySessions.As)");
        return new(node, store);
    }

    public ISerDes<T> Require<T>(ISerDes<T>? serDes) =>
        serDes ?? throw new TopologyException($"\"{Store}\" needs a serializer of values of type {typeof(T).Name} (Materialized.WithValueSerdes)");
}
