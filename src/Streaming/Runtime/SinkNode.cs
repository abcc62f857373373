using System.Buffers;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.Runtime;

/// <summary>Writes bytes to a topic, partitioned by murmur2 of the key.</summary>
internal sealed class SinkNode(string name, string topic, IRecordCollector collector) : BytesNode(name)
{
    private readonly int topicId = collector.Register(topic);

    public override void Process(in Record record) =>
        collector.Send(
            topicId,
            IRecordCollector.ByKey,
            Spans.OrNull(record.HasKey, record.Key),
            Spans.OrNull(record.HasValue, record.Value),
            record.Timestamp,
            record.Headers);
}

/// <summary>Writes typed records. The partition is the partitioner's, or by murmur2 of the key's bytes.</summary>
internal sealed class SinkNode<TKey, TValue>(
    StreamTask task, string name, TopicNameExtractor<TKey, TValue> topicOf, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, StreamPartitioner<TKey, TValue>? partitioner)
    : Node<TKey, TValue>(name)
{
    private readonly ArrayBufferWriter<byte> keyBytes = new();
    private readonly ArrayBufferWriter<byte> valueBytes = new();
    private readonly int suffixLength = keySerDes is ISuffixedKeySerDes suffixed ? suffixed.SuffixLength : 0;
    private string lastTopic = "";
    private int lastTopicId = -1;

    public override void Process(in Record<TKey, TValue> record)
    {
        var topicId = TopicId(topicOf(in record));
        var key = Write(keySerDes, record.Key, record.HasKey, keyBytes);
        var partition = partitioner is not null ? partitioner(in record, task.Collector.PartitionCount(topicId))
            : suffixLength > 0 && record.HasKey ? Murmur2.Partition(key[..^suffixLength], task.Collector.PartitionCount(topicId))
            : IRecordCollector.ByKey;
        var value = Write(valueSerDes, record.Value, record.HasValue, valueBytes);
        task.Collector.Send(topicId, partition, key, value, record.Timestamp, record.Headers);
    }

    private int TopicId(string topic)
    {
        if (!ReferenceEquals(topic, lastTopic))
            (lastTopic, lastTopicId) = (topic, task.Collector.Register(topic));
        return lastTopicId;
    }

    private static ReadOnlySpan<byte> Write<T>(ISerDes<T> serDes, T part, bool present, ArrayBufferWriter<byte> buffer)
    {
        if (!present)
            return default;
        buffer.ResetWrittenCount();
        serDes.Serialize(part, buffer);
        return Spans.OrNull(true, buffer.WrittenSpan);
    }
}
