using Confluent.Kafka;

namespace Streams.Streaming;

/// <summary>What a processor may do (Kafka Streams' ProcessorContext).</summary>
public interface IProcessorContext
{
    /// <summary>The task: sub-topology and partition, e.g. "0_3".</summary>
    string TaskId { get; }

    int Partition { get; }

    /// <summary>A store that the topology connects with this processor.</summary>
    T GetStateStore<T>(string name) where T : IStateStore;

    /// <summary>
    /// Passes a record on to a child processor or a sink by its name. Bytes are copied before the call returns. A sink partitions by murmur2 of the key.
    /// A default span is no key, or no value (a tombstone); an empty one is empty bytes. The timestamp may not be negative.
    /// </summary>
    void Forward(string child, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestamp, Headers? headers = null);

    /// <summary>
    /// Writes the record, unchanged, to a topic with headers that say where it stood and why it is there (KIP-1034's names, code, stage), in the task's
    /// transaction. The key's partitioning is kept.
    /// </summary>
    void SetAside(string topic, in Record record, string code, string stage, string message, Exception? exception = null);
}
