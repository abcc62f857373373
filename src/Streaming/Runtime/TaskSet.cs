using System.Runtime.InteropServices;
using Confluent.Kafka;
using Streams.Streaming.Native;

namespace Streams.Streaming.Runtime;

/// <summary>The tasks of a thread, and the way from a fetched message to its input.</summary>
internal sealed unsafe class TaskSet(ThreadContext thread, IReadOnlyList<SubTopology> topologies)
{
    private readonly SortedDictionary<(int SubTopology, int Partition), ActiveTask> tasks = [];
    private readonly Dictionary<(nint Topic, int Partition), InputPartition?> lookup = [];

    public IEnumerable<ActiveTask> All => tasks.Values;

    public int Count => tasks.Count;

    public IEnumerable<ActiveTask> Running => tasks.Values.Where(t => t.State == TaskState.Running);

    /// <summary>No task waits to be restored.</summary>
    public bool AllRunning
    {
        get
        {
            foreach (var task in tasks.Values)
            {
                if (task.State != TaskState.Running)
                    return false;
            }
            return true;
        }
    }

    /// <summary>
    /// Makes the tasks that are missing: one for each sub-topology and partition number of which every source partition is assigned. Partitions of one
    /// task may arrive one after the other.
    /// </summary>
    public void Open(IReadOnlySet<TopicPartition> assigned, IRecordCollector collector)
    {
        var before = tasks.Count;
        foreach (var sub in topologies)
        {
            foreach (var partition in assigned.Where(p => p.Topic == sub.SourceTopics[0]).Select(p => p.Partition.Value))
            {
                if (!tasks.ContainsKey((sub.Id, partition)) && sub.SourceTopics.All(t => assigned.Contains(new TopicPartition(t, partition))))
                    tasks.Add((sub.Id, partition), New(sub, partition, collector));
            }
        }
        if (tasks.Count == before)
            return;
        lookup.Clear();
        thread.Metrics.TasksCreated(tasks.Count - before);
    }

    public void Close(ActiveTask task)
    {
        tasks.Remove((task.SubTopology, task.Task.Partition));
        lookup.Clear();
        if (task.State == TaskState.Running)
            Telemetry.Tasks.Add(-1);
        task.Close();
    }

    /// <summary>The input that a message belongs to; null when no task of this thread has it.</summary>
    public InputPartition? InputOf(NativeMessage* message)
    {
        if (message->Topic == 0)
            return null;
        if (lookup.TryGetValue((message->Topic, message->Partition), out var known))
            return known;
        var topic = TopicOf(message);
        var found = tasks.Values.SelectMany(t => t.Inputs).FirstOrDefault(i => i.Topic == topic && i.Partition.Partition.Value == message->Partition);
        lookup[(message->Topic, message->Partition)] = found;
        return found;
    }

    /// <summary>librdkafka may give a topic another handle after it was assigned anew.</summary>
    public void ForgetHandles() => lookup.Clear();

    public static string TopicOf(NativeMessage* message) => Marshal.PtrToStringUTF8(LibRdKafka.rd_kafka_topic_name(message->Topic)) ?? "";

    private ActiveTask New(SubTopology sub, int partition, IRecordCollector collector) => new(
        sub, new StreamTask(thread.Config.ApplicationId, sub, partition, collector, thread.Config.TimeProvider, thread.Config.DeadLetterTopic), thread.Config);
}
