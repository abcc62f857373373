using System.Diagnostics;
using System.Runtime.CompilerServices;
using Confluent.Kafka;
using Streams.Streaming.Native;
using Streams.Streaming.State.Local;

namespace Streams.Streaming.Runtime;

internal enum TaskState
{
    /// <summary>Assigned; its committed offsets are not known yet.</summary>
    Created,
    Restoring,

    /// <summary>Restored; its partitions wait to be set to the committed offsets.</summary>
    Restored,
    Running,
    Closed,
}

/// <summary>A task with its place in the source partitions.</summary>
internal sealed class ActiveTask
{
    private int queries;

    public ActiveTask(SubTopology topology, StreamTask task, StreamConfig config)
    {
        Task = task;
        SubTopology = topology.Id;
        Tag = new("task-id", task.Name);
        Inputs = [.. topology.SourceTopics.Select(t => new InputPartition(this, new TopicPartition(t, task.Partition), task.Entrance(t)))];
        Group = Inputs.Count > 1 ? new PartitionGroup(Inputs, config.MaxTaskIdle, config.TimeProvider) : null;
    }

    public StreamTask Task { get; }

    /// <summary>For metrics.</summary>
    public KeyValuePair<string, object?> Tag { get; }

    public int SubTopology { get; }

    public TaskState State { get; set; }

    public IReadOnlyList<InputPartition> Inputs { get; }

    /// <summary>Puts the records of several inputs in order; null where there is one input only, whose records go the short way.</summary>
    public PartitionGroup? Group { get; }

    /// <summary>Changelog records applied.</summary>
    public long RestoredRecords { get; set; }

    /// <summary>Its local state; null without a state directory.</summary>
    public LocalTask? Local { get; set; }

    /// <summary>No group offset was committed for any of its partitions.</summary>
    public bool NothingCommitted { get; set; }

    public long CreatedAt { get; } = Stopwatch.GetTimestamp();

    /// <summary>A punctuation ran since the last commit: it may have written without any input.</summary>
    public bool Punctuated { get; set; }

    public bool NeedsCommit => Punctuated || Inputs.Any(i => i.Position != i.Committed);

    /// <summary>Whoever reads the task's stores from another thread. The stream thread lets go of the gate between batches as long as there is one.</summary>
    public ref int Queries => ref queries;

    public void Close()
    {
        // First, since it may still be feeding the stores.
        Local?.Dispose();
        lock (Task.Gate)
        {
            var ready = State == TaskState.Running;
            State = TaskState.Closed;
            Group?.Dispose();
            if (ready)
                Task.Close();
        }
    }
}

/// <summary>A source partition of a task.</summary>
internal sealed unsafe class InputPartition(ActiveTask owner, TopicPartition partition, BytesNode[] entrance)
{
    public ActiveTask Owner { get; } = owner;

    public TopicPartition Partition { get; } = partition;

    public string Topic { get; } = partition.Topic;

    public BytesNode[] Entrance { get; } = entrance;

    public ILookAhead? LookAhead { get; } = entrance is [var only] ? only.LookAhead : null;

    /// <summary>The next offset to process: past the last record, or where the partition's end was met, which lies behind control records.</summary>
    public long Position { get; set; }

    /// <summary>The next offset to take from the consumer; ahead of <see cref="Position"/> by what stands in the queue.</summary>
    public long Fetched { get; set; }

    public long Committed { get; set; }

    /// <summary>The consumer fetches nothing of it until the queue is shorter.</summary>
    public bool Paused { get; set; }

    /// <summary>Where its place in the log was last lost, and since when (see <see cref="Stopwatch"/>).</summary>
    public (long Position, long Since) Lost { get; set; }

    /// <summary>Sets the offset to process and to fetch next.</summary>
    public void MoveTo(long offset) => Position = Fetched = offset;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Record RecordOf(NativeMessage* message) => new()
    {
        Topic = Topic,
        Partition = message->Partition,
        Offset = message->Offset,
        Timestamp = LibRdKafka.rd_kafka_message_timestamp(message, null),
        Key = new ReadOnlySpan<byte>(message->Key, checked((int)message->KeyLength)),
        HasKey = message->Key is not null,
        Value = new ReadOnlySpan<byte>(message->Value, checked((int)message->ValueLength)),
        HasValue = message->Value is not null,
        Native = (nint)message,
    };

    /// <summary>The time that the record is ordered by.</summary>
    public long TimeOf(NativeMessage* message)
    {
        var record = RecordOf(message);
        try
        {
            return Entrance[0].TimestampOf(in record);
        }
        catch (Exception)
        {
            // When its turn comes the record fails again, and is dealt with then; until then the time it is stamped with must do.
            return record.Timestamp;
        }
    }
}
