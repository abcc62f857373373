namespace Streams.Streaming.Runtime;

internal enum NodeKind
{
    Source,
    Processor,
    Sink,
}

/// <summary>A node as it was declared, before tasks make instances of it.</summary>
internal sealed class NodeSpec(NodeKind kind, string name, string? topic, Func<IProcessor>? supplier, IReadOnlyList<NodeSpec> parents)
{
    public NodeKind Kind { get; } = kind;

    public string Name { get; } = name;

    public IReadOnlyList<NodeSpec> Parents { get; } = parents;

    public List<NodeSpec> Children { get; } = [];

    public List<string> Stores { get; } = [];

    /// <summary>The topic of a source or sink.</summary>
    public string Topic => topic ?? throw new InvalidOperationException($"{Name} is a processor");

    public IProcessor NewProcessor() => (supplier ?? throw new InvalidOperationException($"{Name} is no processor"))()
        ?? throw new TopologyException($"the supplier of processor \"{Name}\" returned null");
}

internal sealed record StoreSpec(string Name, Func<IStateStore> Factory)
{
    public IStateStore New()
    {
        var store = Factory() ?? throw new TopologyException($"the factory of store \"{Name}\" returned null");
        return store.Name == Name ? store : throw new TopologyException($"the factory of store \"{Name}\" returned a store named \"{store.Name}\"");
    }
}

internal sealed record GlobalStoreSpec(string Name, string Topic, GlobalRecordHandler Handler);
