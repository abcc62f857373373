namespace Streams.Streaming.Runtime;

internal enum NodeKind
{
    Source,
    Processor,
    Sink,
}

/// <summary>A topic as the topology names it. Internal topics get the application's id in front.</summary>
internal readonly record struct TopicName(string Name, bool IsInternal = false)
{
    public string Of(string applicationId) => IsInternal ? $"{applicationId}-{Name}" : Name;
}

/// <summary>A topic between two sub-topologies that the runtime creates. No count: as many partitions as the most that its writers read.</summary>
internal sealed record RepartitionTopic(string Name, int? Partitions);

/// <summary>A node as it was declared, before tasks make instances of it.</summary>
/// <param name="topics">Of a source, those it reads; of a sink, the one it writes, or none when the topic is chosen for each record.</param>
/// <param name="create">Makes a task's node; null for a source of bytes, whose children take the records themselves.</param>
internal sealed class NodeSpec(NodeKind kind, string name, IReadOnlyList<TopicName> topics, Func<StreamTask, NodeSpec, Node>? create, IReadOnlyList<NodeSpec> parents)
{
    public NodeKind Kind { get; } = kind;

    public string Name { get; } = name;

    public IReadOnlyList<TopicName> Topics { get; } = topics;

    public IReadOnlyList<NodeSpec> Parents { get; } = parents;

    public List<NodeSpec> Children { get; } = [];

    public List<string> Stores { get; } = [];

    /// <summary>Of a source: after how long without a record time markers are to be written where something below needs them.</summary>
    public TimeSpan? IdleTimeout { get; set; }

    /// <summary>Of a source: how far stream time may pass the last record until everything below that waits for time is done; null: nothing does.</summary>
    public long? TimeHorizonMs { get; set; }

    public Node? Create(StreamTask task) => create?.Invoke(task, this);
}

internal sealed record StoreSpec(string Name, Func<IStateStore> Factory, bool LoggingEnabled, IReadOnlyDictionary<string, string> LogConfig)
{
    public IStateStore New()
    {
        var store = Factory() ?? throw new TopologyException($"the factory of store \"{Name}\" returned null");
        return store.Name == Name ? store : throw new TopologyException($"the factory of store \"{Name}\" returned a store named \"{store.Name}\"");
    }
}

/// <param name="Source">The nodes' names in the description; nothing else knows them.</param>
internal sealed record GlobalStoreSpec(string Name, string Topic, GlobalRecordHandler Handler, string Source, string Processor);
