namespace Streams.Streaming;

/// <summary>Makes a task's instance of a store (Kafka Streams' StoreBuilder).</summary>
public interface IStoreBuilder
{
    string Name { get; }

    /// <summary>Whether changes go to a changelog topic. Without one a store is empty after each restart.</summary>
    bool LoggingEnabled { get; }

    /// <summary>Settings of the changelog topic beside the runtime's own.</summary>
    IReadOnlyDictionary<string, string> LogConfig { get; }

    /// <summary>Called once a task, and again after each abort.</summary>
    IStateStore Build();
}
