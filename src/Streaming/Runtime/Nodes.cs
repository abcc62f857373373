namespace Streams.Streaming.Runtime;

/// <summary>A node of one task.</summary>
internal abstract class Node(string name)
{
    public string Name { get; } = name;

    public abstract void Process(in Record record);
}

internal sealed class ProcessorNode(string name, IProcessor processor) : Node(name)
{
    public IProcessor Processor { get; } = processor;

    public override void Process(in Record record) => Processor.Process(in record);
}

internal sealed class SinkNode(string name, string topic, IRecordCollector collector) : Node(name)
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
