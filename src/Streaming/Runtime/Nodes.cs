namespace Streams.Streaming.Runtime;

/// <summary>A node of one task.</summary>
internal abstract class Node(string name)
{
    public string Name { get; } = name;

    /// <summary>Called once all nodes of the task exist.</summary>
    public virtual void Connect(IReadOnlyList<Node> children)
    {
    }

    /// <summary>Called after the task's stores were restored.</summary>
    public virtual void Init()
    {
    }

    /// <summary>Stream time moved without a record.</summary>
    public virtual void OnStreamTime(long streamTime)
    {
    }

    public virtual void BeforeCommit()
    {
    }

    public virtual void Close()
    {
    }
}

/// <summary>A node that takes records as bytes.</summary>
internal abstract class BytesNode(string name) : Node(name)
{
    /// <summary>The time of a record, by the source's extractor. Called right before <see cref="Process"/> of the same record.</summary>
    public virtual long TimestampOf(in Record record) => record.Timestamp;

    public abstract void Process(in Record record);

    /// <summary>Wants to see records before their turn; null where it does not.</summary>
    public virtual ILookAhead? LookAhead => null;
}

/// <summary>A node that takes typed records.</summary>
internal abstract class Node<TKey, TValue>(string name) : Node(name)
{
    public abstract void Process(in Record<TKey, TValue> record);
}

internal sealed class ProcessorNode(StreamTask task, NodeSpec spec, IProcessor processor) : BytesNode(spec.Name)
{
    private BytesNode[] children = [];

    public override void Connect(IReadOnlyList<Node> children) => this.children = [.. children.Select(c => Typed.Cast<BytesNode>(this, c, "bytes"))];

    public override void Init() => processor.Init(new ProcessorContext(task, spec, children));

    public override void Process(in Record record) => processor.Process(in record);

    public override ILookAhead? LookAhead => processor as ILookAhead;

    public override void BeforeCommit() => processor.BeforeCommit();
}

internal sealed class ProcessorNode<TKeyIn, TValueIn, TKeyOut, TValueOut>(StreamTask task, NodeSpec spec, IProcessor<TKeyIn, TValueIn, TKeyOut, TValueOut> processor)
    : Node<TKeyIn, TValueIn>(spec.Name)
{
    private IReadOnlyList<Node> children = [];

    public override void Connect(IReadOnlyList<Node> children) => this.children = children;

    public override void Init() => processor.Init(new ProcessorContext<TKeyOut, TValueOut>(task, spec, this, children));

    public override void Process(in Record<TKeyIn, TValueIn> record) => processor.Process(in record);

    public override void OnStreamTime(long streamTime) => processor.OnStreamTime(streamTime);

    public override void BeforeCommit() => processor.BeforeCommit();

    public override void Close() => processor.Close();
}

internal static class Typed
{
    public static T Cast<T>(Node parent, Node child, string what)
        where T : Node =>
        child as T ?? throw new TopologyException($"node \"{parent.Name}\" gives {what} to node \"{child.Name}\", which takes something else");

    public static Node<TKey, TValue> Cast<TKey, TValue>(Node parent, Node child) =>
        Cast<Node<TKey, TValue>>(parent, child, $"<{typeof(TKey).Name}, {typeof(TValue).Name}>");
}
