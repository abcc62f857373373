using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>Where a task's output goes: the thread's producer, or memory in tests. Everything sent belongs to the transaction that is committed next.</summary>
internal interface IRecordCollector
{
    /// <summary>Partition to be chosen by murmur2 of the key.</summary>
    const int ByKey = -1;

    /// <summary>A number that stands for the topic in <see cref="Send"/>, so that no name is looked up for each record.</summary>
    int Register(string topic);

    /// <summary>How many partitions a registered topic has.</summary>
    int PartitionCount(int topic);

    /// <summary>Copies and sends. A span without reference (default) means no key or no value.</summary>
    void Send(int topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestamp, Headers? headers);
}
