using System.Globalization;
using Streams.Streaming.State.Local;

namespace Streams.Streaming.Runtime;

/// <summary>
/// One sub-topology for one partition: its nodes and stores. Knows nothing of consumers and transactions; the same class runs in
/// <see cref="StreamThread"/> and in <see cref="TopologyTestDriver"/>. Not thread-safe: whoever reads its stores from elsewhere holds <see cref="Gate"/>,
/// as the stream thread does while it processes.
/// </summary>
internal sealed class StreamTask
{
    private readonly List<(IStateStore Store, StoreChangelog? Changelog)> stores = [];
    private readonly Dictionary<string, Node> nodes = new(StringComparer.Ordinal);
    private readonly List<Node> inOrder = [];
    private readonly Dictionary<string, BytesNode[]> entrances = new(StringComparer.Ordinal);
    private readonly Punctuations byStreamTime = new();
    private readonly Punctuations byWallClock = new();
    private readonly Dictionary<NodeSpec, Node[]> below = [];
    private readonly string deadLetterTopic;
    private unsafe void* current;

    /// <param name="deadLetterTopic">Where dropped records go; null: "&lt;application.id&gt;-dead-letters".</param>
    public StreamTask(string applicationId, SubTopology topology, int partition, IRecordCollector collector, TimeProvider clock, string? deadLetterTopic = null)
    {
        (ApplicationId, Collector, Clock, Partition) = (applicationId, collector, clock, partition);
        this.deadLetterTopic = deadLetterTopic ?? DefaultDeadLetterTopic(applicationId);
        Name = NameOf(topology, partition);
        foreach (var spec in topology.Stores)
            stores.Add((spec.New(), spec.LoggingEnabled ? new StoreChangelog(collector, ChangelogTopic(applicationId, spec.Name), partition, clock) : null));
        foreach (var spec in topology.Nodes)
            AddNode(spec);
        foreach (var spec in topology.Nodes)
            Connect(spec);
        foreach (var source in topology.Nodes.Where(n => n.TimeHorizonMs is not null))
            below.Add(source, Below(source, topology.Nodes));
    }

    public string ApplicationId { get; }

    public string Name { get; }

    public int Partition { get; }

    public IRecordCollector Collector { get; }

    public TimeProvider Clock { get; }

    public object Gate { get; } = new();

    /// <summary>The highest record time processed; -1 before the first.</summary>
    public long StreamTime { get; private set; } = -1;

    /// <summary>A processor asked for a commit; whoever commits takes it back.</summary>
    public bool CommitRequested { get; set; }

    /// <summary>Topic of the record being processed; empty outside of processing.</summary>
    public string CurrentTopic { get; private set; } = "";

    /// <summary>Offset of the record being processed; -1 outside of processing.</summary>
    public long CurrentOffset { get; private set; } = -1;

    /// <summary>Every store, logged or not.</summary>
    public IEnumerable<IStateStore> AllStores => stores.Select(s => s.Store);

    /// <summary>The stores that are restored from changelogs.</summary>
    public IEnumerable<IStateStore> Stores => stores.Where(s => s.Changelog is not null).Select(s => s.Store);

    /// <summary>What the logged stores write to their changelogs goes into the buffer too, by their place in <see cref="Stores"/>.</summary>
    public void LogLocally(CommitBuffer buffer)
    {
        var index = 0;
        foreach (var changelog in stores.Select(s => s.Changelog).OfType<StoreChangelog>())
            changelog.LogLocally(buffer, index++);
    }

    /// <summary>The earliest wall-clock punctuation, milliseconds since the epoch.</summary>
    public long NextWallClockPunctuation => byWallClock.NextDue;

    public static string NameOf(SubTopology topology, int partition) => string.Create(CultureInfo.InvariantCulture, $"{topology.Id}_{partition}");

    public static string ChangelogTopic(string applicationId, string store) => $"{applicationId}-{store}-changelog";

    public static string DefaultDeadLetterTopic(string applicationId) => $"{applicationId}-dead-letters";

    public IStateStore Store(string name) => stores.Find(s => s.Store.Name == name).Store
        ?? throw new TopologyException($"task {Name} has no store \"{name}\"");

    /// <summary>The nodes that take a source topic's records.</summary>
    public BytesNode[] Entrance(string topic) => entrances[topic];

    /// <summary>Readies every processor; called after the stores were restored.</summary>
    public void Init() => inOrder.ForEach(n => n.Init());

    /// <exception cref="DeserializationException">A source could not read the record; nothing was written for it.</exception>
    public unsafe void Process(BytesNode[] entrance, in Record record)
    {
        CurrentTopic = record.Topic;
        CurrentOffset = record.Offset;
#pragma warning disable CS8500 // The record stands on the stack for the whole call, and the collector knows its spans there.
        fixed (Record* place = &record)
            current = place;
#pragma warning restore CS8500
        try
        {
            foreach (var node in entrance)
            {
                StreamTime = Math.Max(StreamTime, node.TimestampOf(in record));
                node.Process(in record);
            }
        }
        finally
        {
            current = null;
        }
        if (StreamTime >= byStreamTime.NextDue)
            Punctuate(byStreamTime, StreamTime);
    }

    /// <summary>Records of sources so far, time markers apart: what does not change is idle.</summary>
    public long Activity { get; set; }

    /// <summary>Moves stream time where no record does, and tells every node below the source, parents first.</summary>
    public void AdvanceStreamTime(NodeSpec source, long time)
    {
        StreamTime = Math.Max(StreamTime, time);
        foreach (var node in below[source])
            node.OnStreamTime(time);
    }

    /// <summary>Runs the wall-clock punctuations that are due.</summary>
    /// <returns>Whether there were any.</returns>
    public bool PunctuateWallClock(long now) => Punctuate(byWallClock, now);

    public TaskScheduled Schedule(TimeSpan interval, PunctuationType type, Action<long> punctuator)
    {
        var milliseconds = (long)interval.TotalMilliseconds;
        ArgumentOutOfRangeException.ThrowIfLessThan(milliseconds, 1, nameof(interval));
        return type == PunctuationType.StreamTime
            ? byStreamTime.Add(0, milliseconds, punctuator)
            : byWallClock.Add(Clock.GetUtcNow().ToUnixTimeMilliseconds() + milliseconds, milliseconds, punctuator);
    }

    /// <summary>Lets the processors finish and the stores write what changed, into the open transaction.</summary>
    public void PrepareCommit()
    {
        LeaveRecord();
        foreach (var node in inOrder)
            node.BeforeCommit();
        foreach (var (store, changelog) in stores)
            store.Flush((IChangelog?)changelog ?? NoChangelog.Instance);
        CommitRequested = false;
    }

    /// <summary>The transaction of the last <see cref="PrepareCommit"/> is committed.</summary>
    public void Committed() => stores.ForEach(s => s.Store.Committed());

    /// <summary>Closes the nodes, then the stores that hold something beside memory.</summary>
    public void Close()
    {
        inOrder.ForEach(n => n.Close());
        stores.ForEach(s => (s.Store as IDisposable)?.Dispose());
    }

    /// <summary>Sends the record being processed to the dead letters; outside of processing, a letter without key and value.</summary>
    public unsafe void Drop(string code, string message)
    {
        if (current is null)
        {
            // It came of a punctuation or a commit: there is no input record to set aside, but its end is told.
            var none = new Record { Topic = "", Partition = Partition, Offset = -1, Timestamp = Math.Max(StreamTime, 0), Key = default, HasKey = false, Value = default, HasValue = false };
            SetAside(deadLetterTopic, in none, code, "processing", message, null);
            return;
        }
#pragma warning disable CS8500
        SetAside(deadLetterTopic, in *(Record*)current, code, "processing", message, null);
#pragma warning restore CS8500
    }

    public void SetAside(string topic, in Record record, string code, string stage, string message, Exception? exception)
    {
        var headers = ErrorHeaders.Describe(in record, code, stage, message, attempt: 1, exception);
        Collector.Send(
            Collector.Register(topic),
            IRecordCollector.ByKey,
            Spans.OrNull(record.HasKey, record.Key),
            Spans.OrNull(record.HasValue, record.Value),
            record.Timestamp,
            headers);
        Telemetry.SetAside.Add(1, new KeyValuePair<string, object?>("code", code));
    }

    private bool Punctuate(Punctuations punctuations, long time)
    {
        LeaveRecord();
        return punctuations.Run(time);
    }

    private void LeaveRecord()
    {
        CurrentTopic = "";
        CurrentOffset = -1;
    }

    private void AddNode(NodeSpec spec)
    {
        if (spec.Create(this) is not { } node)
            return;
        nodes.Add(spec.Name, node);
        inOrder.Add(node);
    }

    private Node[] Below(NodeSpec source, IReadOnlyList<NodeSpec> specs)
    {
        HashSet<NodeSpec> reached = [source];
        foreach (var spec in specs)
        {
            if (spec.Parents.Any(reached.Contains))
                reached.Add(spec);
        }
        return [.. specs.Where(s => s != source && reached.Contains(s)).Select(s => nodes[s.Name])];
    }

    private void Connect(NodeSpec spec)
    {
        Node[] children = [.. spec.Children.Select(c => nodes[c.Name])];
        var node = nodes.GetValueOrDefault(spec.Name);
        node?.Connect(children);
        if (spec.Kind != NodeKind.Source)
            return;
        BytesNode[] entrance = node is BytesNode source ? [source] : [.. children.Cast<BytesNode>()];
        foreach (var topic in spec.Topics)
            entrances[topic.Of(ApplicationId)] = entrance;
    }

    /// <summary>Takes the changes of a store without a changelog.</summary>
    private sealed class NoChangelog : IChangelog
    {
        public static NoChangelog Instance { get; } = new();

        public void Put(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
        {
        }

        public void Delete(ReadOnlySpan<byte> key)
        {
        }
    }
}
