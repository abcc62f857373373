using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

internal sealed class ProcessorContext(StreamTask task, NodeSpec spec, Node[] children) : IProcessorContext
{
    public string TaskId => task.Name;

    public int Partition => task.Partition;

    public T GetStateStore<T>(string name)
        where T : IStateStore
    {
        if (!spec.Stores.Contains(name))
            throw new TopologyException($"processor \"{spec.Name}\" is not connected with store \"{name}\"");
        return task.Store(name) is T store
            ? store
            : throw new TopologyException($"processor \"{spec.Name}\": store \"{name}\" is no {typeof(T).Name}");
    }

    public void Forward(string child, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestamp, Headers? headers = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(timestamp);
        Child(child).Process(new Record
        {
            Topic = task.CurrentTopic,
            Partition = task.Partition,
            Offset = task.CurrentOffset,
            Timestamp = timestamp,
            Key = key,
            HasKey = !Spans.IsNull(key),
            Value = value,
            HasValue = !Spans.IsNull(value),
            Headers = headers,
        });
    }

    public void SetAside(string topic, in Record record, string code, string stage, string message, Exception? exception = null) =>
        task.SetAside(topic, in record, code, stage, message, exception);

    private Node Child(string name)
    {
        foreach (var child in children)
        {
            if (ReferenceEquals(child.Name, name) || child.Name == name)
                return child;
        }
        throw new TopologyException($"processor \"{spec.Name}\" has no child \"{name}\"");
    }
}
