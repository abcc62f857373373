using System.Buffers;
using Confluent.Kafka;
using Streams.Streaming.Runtime;
using Streams.Streaming.SerDes;

namespace Streams.Streaming;

/// <summary>Pipes typed records into a <see cref="TopologyTestDriver"/> (Kafka Streams' TestInputTopic).</summary>
public sealed class TestInputTopic<TKey, TValue>(TopologyTestDriver driver, string topic, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, int partitions)
{
    /// <summary>A null key or value is none. Without a key the partition is 0.</summary>
    public void PipeInput(TKey key, TValue value, long timestamp, Headers? headers = null) =>
        PipeInput(new Record<TKey, TValue>(key, value, timestamp, headers));

    public void PipeInput(Record<TKey, TValue> record)
    {
        var key = record.HasKey ? Bytes(keySerDes, record.Key) : null;
        PipeInput(record, key, key is null ? 0 : Murmur2.Partition(key, partitions));
    }

    /// <summary>Into a partition of choice.</summary>
    public void PipeInput(Record<TKey, TValue> record, int partition) => PipeInput(record, record.HasKey ? Bytes(keySerDes, record.Key) : null, partition);

    private static byte[] Bytes<T>(ISerDes<T> serDes, T value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        serDes.Serialize(value, buffer);
        return buffer.WrittenSpan.ToArray();
    }

    private void PipeInput(Record<TKey, TValue> record, byte[]? key, int partition) =>
        driver.PipeInput(topic, partition, key, record.HasValue ? Bytes(valueSerDes, record.Value) : null, record.Timestamp, record.Headers);
}

/// <summary>Reads typed records that a topology under a <see cref="TopologyTestDriver"/> wrote (Kafka Streams' TestOutputTopic).</summary>
public sealed class TestOutputTopic<TKey, TValue>(TopologyTestDriver driver, string topic, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes)
{
    /// <summary>All that was written since this was last asked, in order of writing.</summary>
    public IReadOnlyList<Record<TKey, TValue>> ReadRecords() => [.. driver.ReadOutput(topic).Select(Read)];

    private Record<TKey, TValue> Read(TestOutput output) =>
        new(
            output.Key is null ? default! : keySerDes.Deserialize(output.Key),
            output.Value is null ? default! : valueSerDes.Deserialize(output.Value),
            output.Timestamp,
            output.Headers)
        {
            HasKey = output.Key is not null,
            HasValue = output.Value is not null,
        };
}
