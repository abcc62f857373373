using System.Globalization;

namespace Streams.Streaming.Runtime;

/// <summary>
/// One sub-topology for one partition: its nodes and stores. Knows nothing of consumers and transactions; the same class runs in
/// <see cref="StreamThread"/> and in <see cref="TopologyTestDriver"/>. Not thread-safe.
/// </summary>
internal sealed class StreamTask
{
    private readonly IRecordCollector collector;
    private readonly List<(IStateStore Store, StoreChangelog Changelog)> stores = [];
    private readonly Dictionary<string, Node> nodes = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Node[]> entrances = new(StringComparer.Ordinal);
    private readonly List<(NodeSpec Spec, ProcessorNode Node)> processors = [];

    public StreamTask(string applicationId, SubTopology topology, int partition, IRecordCollector collector, TimeProvider clock)
    {
        this.collector = collector;
        Partition = partition;
        Name = string.Create(CultureInfo.InvariantCulture, $"{topology.Id}_{partition}");
        foreach (var spec in topology.Stores)
            stores.Add((spec.New(), new StoreChangelog(collector, ChangelogTopic(applicationId, spec.Name), partition, clock)));
        foreach (var spec in topology.Nodes)
            AddNode(spec);
        foreach (var spec in topology.Nodes.Where(n => n.Kind == NodeKind.Source))
            entrances[spec.Topic] = Children(spec);
    }

    public string Name { get; }

    public int Partition { get; }

    /// <summary>Topic of the record being processed; empty outside of processing.</summary>
    public string CurrentTopic { get; private set; } = "";

    /// <summary>Offset of the record being processed; -1 outside of processing.</summary>
    public long CurrentOffset { get; private set; } = -1;

    public IEnumerable<IStateStore> Stores => stores.Select(s => s.Store);

    public static string ChangelogTopic(string applicationId, string store) => $"{applicationId}-{store}-changelog";

    public IStateStore Store(string name) => stores.Find(s => s.Store.Name == name).Store
        ?? throw new TopologyException($"task {Name} has no store \"{name}\"");

    /// <summary>The nodes that take a source topic's records.</summary>
    public Node[] Entrance(string topic) => entrances[topic];

    /// <summary>Gives every processor its context; called after the stores were restored.</summary>
    public void Init()
    {
        foreach (var (spec, node) in processors)
            node.Processor.Init(new ProcessorContext(this, spec, Children(spec)));
    }

    public void Process(Node[] entrance, in Record record)
    {
        CurrentTopic = record.Topic;
        CurrentOffset = record.Offset;
        foreach (var node in entrance)
            node.Process(in record);
    }

    /// <summary>Lets the processors finish and the stores write what changed, into the open transaction.</summary>
    public void PrepareCommit()
    {
        CurrentTopic = "";
        CurrentOffset = -1;
        foreach (var (_, node) in processors)
            node.Processor.BeforeCommit();
        foreach (var (store, changelog) in stores)
            store.Flush(changelog);
    }

    public void SetAside(string topic, in Record record, string code, string stage, string message, Exception? exception)
    {
        var headers = ErrorHeaders.Describe(in record, code, stage, message, attempt: 1, exception);
        collector.Send(
            collector.Register(topic),
            IRecordCollector.ByKey,
            Spans.OrNull(record.HasKey, record.Key),
            Spans.OrNull(record.HasValue, record.Value),
            record.Timestamp,
            headers);
        Telemetry.SetAside.Add(1);
    }

    private Node[] Children(NodeSpec spec) => [.. spec.Children.Select(c => nodes[c.Name])];

    private void AddNode(NodeSpec spec)
    {
        switch (spec.Kind)
        {
            case NodeKind.Processor:
                var node = new ProcessorNode(spec.Name, spec.NewProcessor());
                nodes.Add(spec.Name, node);
                processors.Add((spec, node));
                break;
            case NodeKind.Sink:
                nodes.Add(spec.Name, new SinkNode(spec.Name, spec.Topic, collector));
                break;
            default:
                break;
        }
    }
}
