using Confluent.Kafka;

namespace Streams.Streaming;

/// <summary>What every processor may ask and do (Kafka Streams' ProcessingContext). Valid on the task's thread, inside calls of the processor only.</summary>
public interface IProcessingContext
{
    string ApplicationId { get; }

    /// <summary>The task: sub-topology and partition, e.g. "0_3".</summary>
    string TaskId { get; }

    int Partition { get; }

    /// <summary>Where the record being processed stood; null in punctuators and before commits.</summary>
    RecordMetadata? RecordMetadata { get; }

    /// <summary>The highest record time that the task has processed, this record included; -1 before the first. Kept in memory only: what decides about records keeps its own time in its store.</summary>
    long CurrentStreamTimeMs { get; }

    /// <summary>The configured clock, milliseconds since the epoch. Nothing that must be reproducible may depend on it.</summary>
    long CurrentSystemTimeMs { get; }

    /// <summary>A store that the topology connects with this processor.</summary>
    T GetStateStore<T>(string name) where T : IStateStore;

    /// <summary>
    /// Calls back each interval of stream time (first with the first record; intervals that were jumped over are made up by one call) or of the wall
    /// clock (between records, as soon as it can). The argument is that time, in milliseconds.
    /// </summary>
    TaskScheduled Schedule(TimeSpan interval, PunctuationType type, Action<long> punctuator);

    /// <summary>Asks for a commit soon, before the commit interval ends.</summary>
    void Commit();

    /// <summary>
    /// The exit of a record that will not be processed (late, null key, expired …): the record as it came from its topic goes to the application's dead-letter
    /// topic, in the task's transaction, with headers that say where it stood and why, and is counted in dropped-records under the code.
    /// </summary>
    /// <param name="code">Upper case, e.g. LATE_RECORD.</param>
    void Drop(string code, string message);
}

/// <summary>The context of a processor of bytes.</summary>
public interface IProcessorContext : IProcessingContext
{
    /// <summary>
    /// Passes a record on to a child processor or a sink by its name. Bytes are copied before the call returns. A sink partitions by murmur2 of the key.
    /// A default span is no key, or no value (a tombstone); an empty one is empty bytes. The timestamp may not be negative.
    /// </summary>
    void Forward(string child, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestamp, Headers? headers = null);

    /// <summary>The partition of a topic that a key belongs to by murmur2, as producers and sinks choose it.</summary>
    int PartitionOf(string topic, ReadOnlySpan<byte> key);

    /// <summary>
    /// Writes the record, unchanged, to a topic with headers that say where it stood and why it is there (KIP-1034's names, code, stage), in the task's
    /// transaction. The key's partitioning is kept.
    /// </summary>
    void SetAside(string topic, in Record record, string code, string stage, string message, Exception? exception = null);
}

/// <summary>The context of a processor of typed records (Kafka Streams' ProcessorContext).</summary>
public interface IProcessorContext<TKeyOut, TValueOut> : IProcessingContext
{
    /// <summary>Passes a record to every child, in the order in which they were added.</summary>
    void Forward(in Record<TKeyOut, TValueOut> record);

    /// <summary>Passes a record to one child; it may be of other types than the processor's own output.</summary>
    void Forward<TKey, TValue>(in Record<TKey, TValue> record, string child);
}

/// <summary>Topic, partition and offset of the record being processed.</summary>
public readonly record struct RecordMetadata(string Topic, int Partition, long Offset);

public enum PunctuationType
{
    /// <summary>By the highest record time: reproducible.</summary>
    StreamTime,

    /// <summary>By the clock.</summary>
    WallClockTime,
}

/// <summary>A punctuation; it goes on until cancelled or until the task closes (Streamiz' TaskScheduled).</summary>
public sealed class TaskScheduled
{
    public bool IsCancelled { get; private set; }

    public void Cancel() => IsCancelled = true;
}
