using Streams.Streaming.Runtime;

namespace Streams.Streaming;

/// <summary>
/// A graph of sources, processors, sinks and stores, in the terms of Kafka Streams' Processor API. Nodes are added from the sources down, so a parent
/// exists before its children and the graph has no cycles. Nodes that are connected, or share a store, form a sub-topology; each runs as one task a partition.
/// </summary>
public sealed class Topology
{
    private readonly List<NodeSpec> nodes = [];
    private readonly List<StoreSpec> stores = [];
    private readonly List<GlobalStoreSpec> globalStores = [];
    private readonly Dictionary<string, NodeSpec> byName = new(StringComparer.Ordinal);

    internal IReadOnlyList<GlobalStoreSpec> GlobalStores => globalStores;

    /// <summary>Adds a node that reads a topic.</summary>
    public Topology AddSource(string name, string topic)
    {
        RequireTopic(name, topic);
        if (nodes.Find(n => n.Kind == NodeKind.Source && n.Topic == topic) is { } other)
            throw new TopologyException($"source \"{name}\": topic \"{topic}\" is already read by source \"{other.Name}\"");
        RequireNotGlobal(name, topic);
        return Add(new NodeSpec(NodeKind.Source, name, topic, null, []));
    }

    /// <summary>Adds a processor; the supplier is called once a task.</summary>
    public Topology AddProcessor(string name, Func<IProcessor> supplier, params string[] parents)
    {
        ArgumentNullException.ThrowIfNull(supplier);
        return Add(new NodeSpec(NodeKind.Processor, name, null, supplier, ParentsOf(name, parents)));
    }

    /// <summary>Adds a node that writes to a topic, partitioned by murmur2 of the key.</summary>
    public Topology AddSink(string name, string topic, params string[] parents)
    {
        RequireTopic(name, topic);
        return Add(new NodeSpec(NodeKind.Sink, name, topic, null, ParentsOf(name, parents)));
    }

    /// <summary>Adds a store with a changelog and connects it with processors; the factory is called once a task, and again after each abort.</summary>
    public Topology AddStateStore(Func<IStateStore> factory, string storeName, params string[] processors)
    {
        ArgumentNullException.ThrowIfNull(factory);
        RequireTopic($"store {storeName}", storeName);
        RequireNewStore(storeName);
        if (processors.Length == 0)
            throw new TopologyException($"store \"{storeName}\" is connected with no processor");
        foreach (var name in processors)
        {
            if (!byName.TryGetValue(name, out var node) || node.Kind != NodeKind.Processor)
                throw new TopologyException($"store \"{storeName}\": there is no processor \"{name}\"");
            node.Stores.Add(storeName);
        }
        stores.Add(new StoreSpec(storeName, factory));
        return this;
    }

    /// <summary>Adds a topic that every instance reads whole: to its end before tasks start, then followed.</summary>
    public Topology AddGlobalStore(string name, string topic, GlobalRecordHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        RequireTopic(name, topic);
        RequireNewStore(name);
        RequireNotGlobal(name, topic);
        if (nodes.Exists(n => n.Kind == NodeKind.Source && n.Topic == topic))
            throw new TopologyException($"global store \"{name}\": topic \"{topic}\" is already read by a source");
        globalStores.Add(new GlobalStoreSpec(name, topic, handler));
        return this;
    }

    /// <summary>The topology in Kafka Streams' text form (TopologyDescription).</summary>
    public string Describe() => TopologyText.Write(Build(), globalStores);

    internal IReadOnlyList<SubTopology> Build()
    {
        if (!nodes.Exists(n => n.Kind == NodeKind.Source))
            throw new TopologyException("the topology has no source");
        foreach (var node in nodes)
        {
            if (node.Kind == NodeKind.Source && node.Children.Count == 0)
                throw new TopologyException($"source \"{node.Name}\" has no child");
        }
        return SubTopology.Split(nodes, stores);
    }

    private Topology Add(NodeSpec node)
    {
        if (string.IsNullOrWhiteSpace(node.Name))
            throw new TopologyException("a node needs a name");
        if (!byName.TryAdd(node.Name, node))
            throw new TopologyException($"there is already a node \"{node.Name}\"");
        nodes.Add(node);
        foreach (var parent in node.Parents)
            parent.Children.Add(node);
        return this;
    }

    private List<NodeSpec> ParentsOf(string name, string[] parents)
    {
        if (parents.Length == 0)
            throw new TopologyException($"node \"{name}\" has no parent");
        var found = new List<NodeSpec>();
        foreach (var parentName in parents)
        {
            if (!byName.TryGetValue(parentName, out var parent))
                throw new TopologyException($"node \"{name}\": there is no parent \"{parentName}\"");
            if (parent.Kind == NodeKind.Sink)
                throw new TopologyException($"node \"{name}\": the parent \"{parentName}\" is a sink");
            if (found.Contains(parent))
                throw new TopologyException($"node \"{name}\" names the parent \"{parentName}\" twice");
            found.Add(parent);
        }
        return found;
    }

    private void RequireNewStore(string name)
    {
        if (stores.Exists(s => s.Name == name) || globalStores.Exists(s => s.Name == name))
            throw new TopologyException($"there is already a store \"{name}\"");
    }

    private void RequireNotGlobal(string name, string topic)
    {
        if (globalStores.Find(s => s.Topic == topic) is { } store)
            throw new TopologyException($"node \"{name}\": topic \"{topic}\" is already read by global store \"{store.Name}\"");
    }

    /// <summary>Kafka's rule for topic names, which store names must keep too because they are part of one.</summary>
    private static void RequireTopic(string node, string topic)
    {
        if (string.IsNullOrEmpty(topic) || topic.Length > 249 || topic is "." or "..")
            throw new TopologyException($"node \"{node}\": \"{topic}\" is no topic name");
        foreach (var c in topic)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '_' or '-'))
                throw new TopologyException($"node \"{node}\": \"{topic}\" is no topic name, it holds '{c}'");
        }
    }
}
