using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>What a task lends to the processors of one node.</summary>
internal abstract class ProcessingContext(StreamTask task, NodeSpec spec) : IProcessingContext
{
    protected StreamTask Task { get; } = task;

    protected NodeSpec Spec { get; } = spec;

    public string ApplicationId => Task.ApplicationId;

    public string TaskId => Task.Name;

    public int Partition => Task.Partition;

    public RecordMetadata? RecordMetadata => Task.CurrentOffset < 0 ? null : new RecordMetadata(Task.CurrentTopic, Task.Partition, Task.CurrentOffset);

    public long CurrentStreamTimeMs => Task.StreamTime;

    public long CurrentSystemTimeMs => Task.Clock.GetUtcNow().ToUnixTimeMilliseconds();

    public T GetStateStore<T>(string name)
        where T : IStateStore
    {
        if (!Spec.Stores.Contains(name))
            throw new TopologyException($"processor \"{Spec.Name}\" is not connected with store \"{name}\"");
        return Task.Store(name) is T store
            ? store
            : throw new TopologyException($"processor \"{Spec.Name}\": store \"{name}\" is no {typeof(T).Name}");
    }

    public TaskScheduled Schedule(TimeSpan interval, PunctuationType type, Action<long> punctuator) => Task.Schedule(interval, type, punctuator);

    public void Commit() => Task.CommitRequested = true;

    public void Drop(string code, string message) => Task.Drop(code, message);
}

internal sealed class ProcessorContext(StreamTask task, NodeSpec spec, BytesNode[] children) : ProcessingContext(task, spec), IProcessorContext
{
    public void Forward(string child, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestamp, Headers? headers = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(timestamp);
        Child(child).Process(new Record
        {
            Topic = Task.CurrentTopic,
            Partition = Task.Partition,
            Offset = Task.CurrentOffset,
            Timestamp = timestamp,
            Key = key,
            HasKey = !Spans.IsNull(key),
            Value = value,
            HasValue = !Spans.IsNull(value),
            Headers = headers,
        });
    }

    public int PartitionOf(string topic, ReadOnlySpan<byte> key) => Murmur2.Partition(key, Task.Collector.PartitionCount(Task.Collector.Register(topic)));

    public void SetAside(string topic, in Record record, string code, string stage, string message, Exception? exception = null) =>
        Task.SetAside(topic, in record, code, stage, message, exception);

    private BytesNode Child(string name)
    {
        foreach (var child in children)
        {
            if (ReferenceEquals(child.Name, name) || child.Name == name)
                return child;
        }
        throw new TopologyException($"processor \"{Spec.Name}\" has no child \"{name}\"");
    }
}

internal sealed class ProcessorContext<TKeyOut, TValueOut> : ProcessingContext, IProcessorContext<TKeyOut, TValueOut>
{
    private readonly Node parent;
    private readonly IReadOnlyList<Node> children;
    private readonly Node<TKeyOut, TValueOut>[] ofOutput;

    public ProcessorContext(StreamTask task, NodeSpec spec, Node parent, IReadOnlyList<Node> children)
        : base(task, spec)
    {
        (this.parent, this.children) = (parent, children);
        ofOutput = [.. children.OfType<Node<TKeyOut, TValueOut>>()];
    }

    public void Forward(in Record<TKeyOut, TValueOut> record)
    {
        // A child of other types takes records by its name only; then it has to be chosen for each record.
        if (ofOutput.Length != children.Count)
            throw new TopologyException($"node \"{parent.Name}\" has children of several types: name the one that a record goes to");
        foreach (var child in ofOutput)
            child.Process(in record);
    }

    public void Forward<TKey, TValue>(in Record<TKey, TValue> record, string child)
    {
        foreach (var node in children)
        {
            if (!ReferenceEquals(node.Name, child) && node.Name != child)
                continue;
            Typed.Cast<TKey, TValue>(parent, node).Process(in record);
            return;
        }
        throw new TopologyException($"processor \"{Spec.Name}\" has no child \"{child}\"");
    }
}
