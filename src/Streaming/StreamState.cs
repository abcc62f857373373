namespace Streams.Streaming;

/// <summary>The states of Kafka Streams' KafkaStreams.State.</summary>
public enum StreamState
{
    Created,

    /// <summary>Partitions are being assigned or their state restored.</summary>
    Rebalancing,
    Running,
    PendingShutdown,
    Error,
    NotRunning,
}
