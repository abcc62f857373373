using Confluent.Kafka;
using Streams.Streaming.Runtime;
using Streams.Streaming.SerDes;

namespace Streams.Streaming;

/// <summary>
/// Runs a topology without a broker (Kafka Streams' class of that name): the production processors, stores and tasks, under the times that the
/// piped records carry and a wall clock that only the test moves. Single-threaded; tasks come to be with the first record of their partition. What is
/// written to a topic that the topology reads (a repartition topic, for example) is processed before <see cref="PipeInput"/> returns.
/// </summary>
public sealed class TopologyTestDriver : IDisposable
{
    private readonly Topology topology;
    private readonly string applicationId;
    private readonly int partitions;
    private readonly IReadOnlyList<SubTopology> subTopologies;
    private readonly CapturingCollector output;
    private readonly DriverClock clock;
    private readonly SortedDictionary<(int SubTopology, int Partition), StreamTask> tasks = [];
    private readonly Dictionary<string, OffsetsOf> positions = new(StringComparer.Ordinal);
    private readonly List<TestInput> uncommitted = [];

    /// <param name="partitions">Partitions of every topic.</param>
    /// <param name="initialWallClock">Null: the start of the year 2020, so that runs are alike.</param>
    public TopologyTestDriver(Topology topology, int partitions = 4, string applicationId = "test", DateTimeOffset? initialWallClock = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        this.topology = topology;
        this.partitions = partitions;
        this.applicationId = applicationId;
        subTopologies = topology.Build(applicationId);
        output = new CapturingCollector(partitions, subTopologies.SelectMany(s => s.SourceTopics));
        clock = new DriverClock(initialWallClock ?? new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero));
    }

    /// <summary>
    /// Appends a record to a source's or global store's topic and processes it. An exception of a processor passes through.
    /// A null key or value is none; use <see cref="Restart"/> to go on after an exception.
    /// </summary>
    public void PipeInput(string topic, int partition, byte[]? key, byte[]? value, long timestamp, Headers? headers = null)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(partition, partitions);
        ArgumentOutOfRangeException.ThrowIfNegative(partition);
        if (topology.GlobalStores.FirstOrDefault(s => s.Topic == topic) is { } store)
        {
            store.Handler(key, value, value is null);
            return;
        }
        var input = new TestInput(topic, partition, key, value, timestamp, headers);
        uncommitted.Add(input);
        ProcessWithLoops(input);
    }

    /// <summary>A source's topic as typed records; without a partition they go where Kafka's producer would send them.</summary>
    public TestInputTopic<TKey, TValue> CreateInputTopic<TKey, TValue>(string topic, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes) =>
        new(this, topic, keySerDes, valueSerDes, partitions);

    /// <summary>An output topic as typed records.</summary>
    public TestOutputTopic<TKey, TValue> CreateOutputTopic<TKey, TValue>(string topic, ISerDes<TKey> keySerDes, ISerDes<TValue> valueSerDes) =>
        new(this, topic, keySerDes, valueSerDes);

    /// <summary>The records written to a topic since this was last asked, committed or not, in order of writing. Changelog topics can be read too.</summary>
    public IReadOnlyList<TestOutput> ReadOutput(string topic) => output.Read(topic);

    /// <summary>Every topic that was written to, changelogs included, by name.</summary>
    public IReadOnlyList<string> ProducedTopicNames => output.Topics;

    /// <summary>The store of a partition's task.</summary>
    public T GetStateStore<T>(string name, int partition = 0)
        where T : IStateStore
    {
        var sub = subTopologies.FirstOrDefault(s => s.Stores.Any(store => store.Name == name))
            ?? throw new TopologyException($"there is no store \"{name}\"");
        return (T)TaskOf(sub, partition).Store(name);
    }

    /// <summary>Moves the wall clock and runs the wall-clock punctuations that are due then.</summary>
    public void AdvanceWallClockTime(TimeSpan by)
    {
        clock.Advance(by);
        foreach (var task in tasks.Values.ToList())
            task.PunctuateWallClock(clock.GetUtcNow().ToUnixTimeMilliseconds());
        DrainLoops();
    }

    /// <summary>Commits as the runtime does: processors' BeforeCommit, then the stores' Flush into their changelogs, of every task.</summary>
    public void Commit()
    {
        do
        {
            foreach (var task in tasks.Values.ToList())
                task.PrepareCommit();
        }
        while (DrainLoops());
        output.Commit();
        foreach (var task in tasks.Values)
            task.Committed();
        foreach (var offsets in positions.Values)
            offsets.Commit();
        uncommitted.Clear();
    }

    /// <summary>
    /// A crash and a new start: outputs since the last commit are taken back, every store is made anew and restored from its compacted changelog,
    /// and the input since the last commit is processed again.
    /// </summary>
    public void Restart()
    {
        CloseTasks();
        output.Abort();
        foreach (var offsets in positions.Values)
            offsets.Abort();
        foreach (var input in uncommitted)
            ProcessWithLoops(input);
    }

    public void Dispose() => CloseTasks();

    private void CloseTasks()
    {
        foreach (var task in tasks.Values)
            task.Close();
        tasks.Clear();
    }

    /// <summary>The task that reads a partition of a topic.</summary>
    internal StreamTask Task(string topic, int partition) => TaskOf(topic, partition);

    private void ProcessWithLoops(TestInput input)
    {
        Process(input);
        DrainLoops();
    }

    private bool DrainLoops()
    {
        var any = false;
        while (output.TakeLoop() is { } looped)
        {
            any = true;
            Process(new TestInput(looped.Topic, looped.Partition, looped.Key, looped.Value, looped.Timestamp, looped.Headers));
        }
        return any;
    }

    private void Process(TestInput input)
    {
        var task = TaskOf(input.Topic, input.Partition);
        var record = new Record
        {
            Topic = input.Topic,
            Partition = input.Partition,
            Offset = NextOffset(input.Topic, input.Partition),
            Timestamp = input.Timestamp,
            Key = input.Key,
            HasKey = input.Key is not null,
            Value = input.Value,
            HasValue = input.Value is not null,
            Headers = input.Headers,
        };
        var entrance = task.Entrance(input.Topic);
        if (entrance is [{ LookAhead: { } processor }])
            processor.LookAhead(record.Offset, record.Key, record.Value);
        task.Process(entrance, in record);
    }

    private long NextOffset(string topic, int partition)
    {
        if (!positions.TryGetValue(topic, out var offsets))
            positions[topic] = offsets = new OffsetsOf(partitions);
        return offsets.Next[partition]++;
    }

    private StreamTask TaskOf(string topic, int partition)
    {
        var sub = subTopologies.FirstOrDefault(s => s.SourceTopics.Contains(topic))
            ?? throw new TopologyException($"no source reads topic \"{topic}\"");
        return TaskOf(sub, partition);
    }

    private StreamTask TaskOf(SubTopology sub, int partition)
    {
        if (tasks.TryGetValue((sub.Id, partition), out var existing))
            return existing;
        var task = new StreamTask(applicationId, sub, partition, output, clock);
        foreach (var store in task.Stores)
        {
            foreach (var record in output.Compacted(StreamTask.ChangelogTopic(applicationId, store.Name), partition))
                store.Restore(record.Key, record.Value, record.Value is null);
        }
        task.Init();
        tasks.Add((sub.Id, partition), task);
        return task;
    }

    private sealed record TestInput(string Topic, int Partition, byte[]? Key, byte[]? Value, long Timestamp, Headers? Headers);

    /// <summary>The next offset of each partition of a topic.</summary>
    private sealed class OffsetsOf(int partitions)
    {
        private readonly long[] committed = new long[partitions];

        public long[] Next { get; } = new long[partitions];

        public void Commit() => Next.CopyTo(committed, 0);

        public void Abort() => committed.CopyTo(Next, 0);
    }

    private sealed class DriverClock(DateTimeOffset start) : TimeProvider
    {
        private DateTimeOffset now = start;

        public void Advance(TimeSpan by)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(by, TimeSpan.Zero);
            now += by;
        }

        public override DateTimeOffset GetUtcNow() => now;
    }
}
