using System.Diagnostics;
using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

internal enum TaskState
{
    /// <summary>Assigned; its committed offsets are not known yet.</summary>
    Created,
    Restoring,

    /// <summary>Restored; its partitions wait to be set to the committed offsets.</summary>
    Restored,
    Running,
}

/// <summary>A task with its place in the source partitions.</summary>
internal sealed class ActiveTask
{
    public ActiveTask(SubTopology topology, StreamTask task)
    {
        Task = task;
        Inputs = [.. topology.SourceTopics.Select(t => new InputPartition(this, new TopicPartition(t, task.Partition), task.Entrance(t)))];
    }

    public StreamTask Task { get; }

    public TaskState State { get; set; }

    public IReadOnlyList<InputPartition> Inputs { get; }

    /// <summary>Changelog records applied.</summary>
    public long RestoredRecords { get; set; }

    /// <summary>No group offset was committed for any of its partitions.</summary>
    public bool NothingCommitted { get; set; }

    public long CreatedAt { get; } = Stopwatch.GetTimestamp();

    public bool HasProgress => Inputs.Any(i => i.Position != i.Committed);
}

/// <summary>A source partition of a task.</summary>
internal sealed class InputPartition(ActiveTask owner, TopicPartition partition, BytesNode[] entrance)
{
    public ActiveTask Owner { get; } = owner;

    public TopicPartition Partition { get; } = partition;

    public string Topic { get; } = partition.Topic;

    public BytesNode[] Entrance { get; } = entrance;

    /// <summary>The next offset to process: past the last record, or where the partition's end was met, which lies behind control records.</summary>
    public long Position { get; set; }

    public long Committed { get; set; }
}
