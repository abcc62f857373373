using Streams.Streaming.Runtime;
using Streams.Streaming.SerDes;

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

    private readonly List<RepartitionTopic> repartitionTopics = [];

    internal IReadOnlyList<GlobalStoreSpec> GlobalStores => globalStores;

    /// <summary>Internal topics that the runtime creates, names without the application's id.</summary>
    internal IReadOnlyList<RepartitionTopic> RepartitionTopics => repartitionTopics;

    /// <summary>Adds a node that reads a topic as bytes.</summary>
    public Topology AddSource(string name, string topic) => AddSource(name, [new TopicName(topic)], null);

    /// <summary>Adds a node that reads topics as typed records.</summary>
    /// <param name="extractor">Null: the record's own timestamp.</param>
    public Topology AddSource<TKey, TValue>(
        string name, IReadOnlyList<string> topics, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, TimestampExtractor<TKey, TValue>? extractor = null) =>
        AddSource(name, [.. topics.Select(t => new TopicName(t))], (task, spec) => new SourceNode<TKey, TValue>(task, spec, keySerDes, valueSerDes, extractor));

    /// <summary>Adds a processor of bytes; the supplier is called once a task.</summary>
    public Topology AddProcessor(string name, Func<IProcessor> supplier, params string[] parents)
    {
        ArgumentNullException.ThrowIfNull(supplier);
        return Add(new NodeSpec(NodeKind.Processor, name, [], (task, spec) => new ProcessorNode(task, spec, Supplied(name, supplier())), ParentsOf(name, parents)));
    }

    /// <summary>Adds a processor of typed records; the supplier is called once a task.</summary>
    public Topology AddProcessor<TKeyIn, TValueIn, TKeyOut, TValueOut>(
        string name, Func<IProcessor<TKeyIn, TValueIn, TKeyOut, TValueOut>> supplier, params string[] parents)
    {
        ArgumentNullException.ThrowIfNull(supplier);
        return Add(new NodeSpec(
            NodeKind.Processor,
            name,
            [],
            (task, spec) => new ProcessorNode<TKeyIn, TValueIn, TKeyOut, TValueOut>(task, spec, Supplied(name, supplier())),
            ParentsOf(name, parents)));
    }

    /// <summary>Adds a node that writes bytes to a topic, partitioned by murmur2 of the key.</summary>
    public Topology AddSink(string name, string topic, params string[] parents)
    {
        RequireTopic(name, topic);
        return Add(new NodeSpec(NodeKind.Sink, name, [new TopicName(topic)], (task, spec) => new SinkNode(spec.Name, topic, task.Collector), ParentsOf(name, parents)));
    }

    /// <summary>Adds a node that writes typed records to a topic.</summary>
    /// <param name="partitioner">Null: murmur2 of the key's bytes, as Kafka's producer.</param>
    public Topology AddSink<TKey, TValue>(
        string name, string topic, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, StreamPartitioner<TKey, TValue>? partitioner, params string[] parents)
    {
        RequireTopic(name, topic);
        return AddSink(name, new TopicName(topic), keySerDes, valueSerDes, partitioner, parents);
    }

    /// <summary>Adds a node that writes each typed record to a topic of its own choice.</summary>
    public Topology AddSink<TKey, TValue>(
        string name, TopicNameExtractor<TKey, TValue> topicOf, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, StreamPartitioner<TKey, TValue>? partitioner, params string[] parents) =>
        Add(new NodeSpec(
            NodeKind.Sink, name, [], (task, spec) => new SinkNode<TKey, TValue>(task, spec.Name, topicOf, keySerDes, valueSerDes, partitioner), ParentsOf(name, parents)));

    /// <summary>Adds a store of a builder and connects it with processors.</summary>
    public Topology AddStateStore(IStoreBuilder builder, params string[] processors)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return AddStateStore(new StoreSpec(builder.Name, builder.Build, builder.LoggingEnabled, builder.LogConfig), processors);
    }

    /// <summary>Adds a store with a changelog and connects it with processors; the factory is called once a task, and again after each abort.</summary>
    public Topology AddStateStore(Func<IStateStore> factory, string storeName, params string[] processors)
    {
        ArgumentNullException.ThrowIfNull(factory);
        return AddStateStore(new StoreSpec(storeName, factory, LoggingEnabled: true, new Dictionary<string, string>()), processors);
    }

    /// <summary>Connects a store that was added before with further processors.</summary>
    public Topology ConnectProcessorAndStateStores(string processor, params string[] storeNames)
    {
        foreach (var store in storeNames)
        {
            if (!stores.Exists(s => s.Name == store))
                throw new TopologyException($"processor \"{processor}\": there is no store \"{store}\"");
            Connect(store, processor);
        }
        return this;
    }

    /// <summary>Adds a topic that every instance reads whole: to its end before tasks start, then followed.</summary>
    public Topology AddGlobalStore(string name, string topic, GlobalRecordHandler handler) => AddGlobalStore(name, topic, handler, $"{name}-source", name);

    /// <param name="source">The name of the source in the description.</param>
    /// <param name="processor">The name of the processor in the description.</param>
    internal Topology AddGlobalStore(string name, string topic, GlobalRecordHandler handler, string source, string processor)
    {
        ArgumentNullException.ThrowIfNull(handler);
        RequireTopic(name, topic);
        RequireNewStore(name);
        RequireNotGlobal(name, topic);
        if (nodes.Exists(n => n.Kind == NodeKind.Source && n.Topics.Contains(new TopicName(topic))))
            throw new TopologyException($"global store \"{name}\": topic \"{topic}\" is already read by a source");
        globalStores.Add(new GlobalStoreSpec(name, topic, handler, source, processor));
        return this;
    }

    /// <summary>The topology in Kafka Streams' text form (TopologyDescription).</summary>
    public string Describe() => TopologyText.Write(Build(""), globalStores);

    /// <summary>Declares an internal topic, which sinks may write and sources read by its name; the runtime creates it with the application's id in front.</summary>
    internal Topology AddRepartitionTopic(string name, int? partitions)
    {
        RequireTopic(name, name);
        if (repartitionTopics.Exists(t => t.Name == name))
            throw new TopologyException($"there is already a repartition topic \"{name}\"");
        repartitionTopics.Add(new RepartitionTopic(name, partitions));
        return this;
    }

    internal Topology AddSource<TKey, TValue>(string name, TopicName topic, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes) =>
        AddSource(name, [topic], (task, spec) => new SourceNode<TKey, TValue>(task, spec, keySerDes, valueSerDes, extractor: null));

    internal Topology AddSink<TKey, TValue>(
        string name, TopicName topic, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, StreamPartitioner<TKey, TValue>? partitioner, params string[] parents) =>
        Add(new NodeSpec(NodeKind.Sink, name, [topic], (task, spec) => NewSink(task, spec, topic, keySerDes, valueSerDes, partitioner), ParentsOf(name, parents)));

    /// <summary>Sets after how long without a record a source's task writes time markers, see <see cref="TimeMarkers"/>.</summary>
    internal void SetIdleTimeout(string source, TimeSpan timeout) => byName[source].IdleTimeout = timeout;

    /// <summary>
    /// Says that a node waits for stream time. The nearest sources above it then write time markers when they are idle: a repartition topic's, if an idle timeout
    /// is set for a source that the topic's records come from.
    /// </summary>
    /// <param name="horizonMs">How far stream time may pass a record until nothing waits any more.</param>
    internal void UsesStreamTime(string node, long horizonMs)
    {
        foreach (var source in SourcesAbove(byName[node]))
        {
            source.IdleTimeout ??= IdleTimeoutBehind(source);
            if (source.IdleTimeout is not null)
                source.TimeHorizonMs = Math.Max(source.TimeHorizonMs ?? 0, horizonMs);
        }
    }

    /// <summary>The names of a node's parents.</summary>
    internal IEnumerable<string> ParentsOf(string node) => byName[node].Parents.Select(p => p.Name);

    /// <param name="applicationId">What stands in front of internal topics' names; empty to describe the topology.</param>
    internal IReadOnlyList<SubTopology> Build(string applicationId)
    {
        if (!nodes.Exists(n => n.Kind == NodeKind.Source))
            throw new TopologyException("the topology has no source");
        foreach (var store in stores)
        {
            if (!nodes.Exists(n => n.Stores.Contains(store.Name)))
                throw new TopologyException($"store \"{store.Name}\" is connected with no processor");
        }
        foreach (var node in nodes)
        {
            if (node.Kind == NodeKind.Source && node.Children.Count == 0)
                throw new TopologyException($"source \"{node.Name}\" has no child");
        }
        return SubTopology.Split(nodes, stores, applicationId);
    }

    private static SinkNode<TKey, TValue> NewSink<TKey, TValue>(
        StreamTask task, NodeSpec spec, TopicName topic, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes, StreamPartitioner<TKey, TValue>? partitioner)
    {
        var name = topic.Of(task.ApplicationId);
        return new SinkNode<TKey, TValue>(task, spec.Name, (in _) => name, keySerDes, valueSerDes, partitioner);
    }

    private static T Supplied<T>(string name, T processor) => processor ?? throw new TopologyException($"the supplier of processor \"{name}\" returned null");

    private static IEnumerable<NodeSpec> SourcesAbove(NodeSpec node) => node.Kind == NodeKind.Source ? [node] : node.Parents.SelectMany(SourcesAbove).Distinct();

    /// <summary>The shortest idle timeout of the sources whose records come to an internal topic's source.</summary>
    private TimeSpan? IdleTimeoutBehind(NodeSpec source)
    {
        var writers = nodes.Where(n => n.Kind == NodeKind.Sink && n.Topics.Any(t => t.IsInternal && source.Topics.Contains(t)));
        return writers.SelectMany(SourcesAbove).Min(s => s.IdleTimeout ?? IdleTimeoutBehind(s));
    }

    private Topology AddSource(string name, IReadOnlyList<TopicName> topics, Func<StreamTask, NodeSpec, Node>? create)
    {
        if (topics.Count == 0)
            throw new TopologyException($"source \"{name}\" has no topic");
        foreach (var topic in topics)
        {
            RequireTopic(name, topic.Name);
            if (nodes.Find(n => n.Kind == NodeKind.Source && n.Topics.Contains(topic)) is { } other)
                throw new TopologyException($"source \"{name}\": topic \"{topic.Name}\" is already read by source \"{other.Name}\"");
            RequireNotGlobal(name, topic.Name);
        }
        return Add(new NodeSpec(NodeKind.Source, name, topics, create, []));
    }

    private Topology AddStateStore(StoreSpec store, string[] processors)
    {
        RequireTopic($"store {store.Name}", store.Name);
        RequireNewStore(store.Name);
        foreach (var name in processors)
            Connect(store.Name, name);
        stores.Add(store);
        return this;
    }

    private void Connect(string store, string processor)
    {
        if (!byName.TryGetValue(processor, out var node) || node.Kind != NodeKind.Processor)
            throw new TopologyException($"store \"{store}\": there is no processor \"{processor}\"");
        if (!node.Stores.Contains(store))
            node.Stores.Add(store);
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
