using Streams.Streaming.State;

namespace Streams.Streaming.Dsl;

/// <summary>A table that every instance has whole (Kafka Streams' GlobalKTable). Safe to read from any thread.</summary>
public interface IGlobalKTable<TKey, TValue>
{
    string QueryableStoreName { get; }

    /// <summary>The table as this process has it at the moment.</summary>
    IReadOnlyKeyValueStore<TKey, TValue> Store { get; }
}
