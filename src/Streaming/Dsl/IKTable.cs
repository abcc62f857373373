namespace Streams.Streaming.Dsl;

/// <summary>A changelog stream: the latest value of each key (Kafka Streams' KTable).</summary>
public partial interface IKTable<TKey, TValue>
{
    /// <summary>The store that keeps the table and can be queried; null when it has none of its own.</summary>
    string? QueryableStoreName { get; }
}
