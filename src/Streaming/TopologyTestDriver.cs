using Confluent.Kafka;
using Streams.Streaming.Runtime;

namespace Streams.Streaming;

/// <summary>
/// Runs a topology without a broker (Kafka Streams' class of that name): the production processors, stores and tasks, under the times that the
/// piped records carry. Single-threaded; tasks come to be with the first record of their partition.
/// </summary>
public sealed class TopologyTestDriver : IDisposable
{
    private readonly Topology topology;
    private readonly string applicationId;
    private readonly int partitions;
    private readonly IReadOnlyList<SubTopology> subTopologies;
    private readonly CapturingCollector output;
    private readonly SortedDictionary<(int SubTopology, int Partition), StreamTask> tasks = [];
    private readonly Dictionary<(string Topic, int Partition), long> positions = [];
    private readonly List<TestInput> uncommitted = [];

    /// <param name="partitions">Partitions of every topic.</param>
    public TopologyTestDriver(Topology topology, int partitions = 4, string applicationId = "test")
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        this.topology = topology;
        this.partitions = partitions;
        this.applicationId = applicationId;
        subTopologies = topology.Build();
        output = new CapturingCollector(partitions);
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
        var offset = positions.GetValueOrDefault((topic, partition));
        positions[(topic, partition)] = offset + 1;
        var input = new TestInput(topic, partition, offset, key, value, timestamp, headers);
        var task = TaskOf(topic, partition);
        uncommitted.Add(input);
        Process(task, input);
    }

    /// <summary>The records written to a topic since this was last asked, committed or not, in order of writing. Changelog topics can be read too.</summary>
    public IReadOnlyList<TestOutput> ReadOutput(string topic) => output.Read(topic);

    /// <summary>The store of a partition's task.</summary>
    public T GetStateStore<T>(string name, int partition)
        where T : IStateStore
    {
        var sub = subTopologies.FirstOrDefault(s => s.Stores.Any(store => store.Name == name))
            ?? throw new TopologyException($"there is no store \"{name}\"");
        return (T)TaskOf(sub, partition).Store(name);
    }

    /// <summary>Commits as the runtime does: processors' BeforeCommit, then the stores' Flush into their changelogs, of every task with new input.</summary>
    public void Commit()
    {
        foreach (var ((sub, partition), task) in tasks)
        {
            if (uncommitted.Exists(i => i.Partition == partition && subTopologies[sub].SourceTopics.Contains(i.Topic)))
                task.PrepareCommit();
        }
        output.Commit();
        uncommitted.Clear();
    }

    /// <summary>
    /// A crash and a new start: outputs since the last commit are taken back, every store is made anew and restored from its compacted changelog,
    /// and the input since the last commit is processed again.
    /// </summary>
    public void Restart()
    {
        tasks.Clear();
        output.Abort();
        foreach (var input in uncommitted)
            Process(TaskOf(input.Topic, input.Partition), input);
    }

    public void Dispose() => tasks.Clear();

    private static void Process(StreamTask task, TestInput input)
    {
        var record = new Record
        {
            Topic = input.Topic,
            Partition = input.Partition,
            Offset = input.Offset,
            Timestamp = input.Timestamp,
            Key = input.Key,
            HasKey = input.Key is not null,
            Value = input.Value,
            HasValue = input.Value is not null,
            Headers = input.Headers,
        };
        task.Process(task.Entrance(input.Topic), in record);
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
        var task = new StreamTask(applicationId, sub, partition, output, TimeProvider.System);
        foreach (var store in task.Stores)
        {
            foreach (var record in output.Compacted(StreamTask.ChangelogTopic(applicationId, store.Name), partition))
                store.Restore(record.Key, record.Value, record.Value is null);
        }
        task.Init();
        tasks.Add((sub.Id, partition), task);
        return task;
    }

    private sealed record TestInput(string Topic, int Partition, long Offset, byte[]? Key, byte[]? Value, long Timestamp, Headers? Headers);
}
