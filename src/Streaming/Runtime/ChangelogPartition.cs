using System.Diagnostics;
using Confluent.Kafka;
using Streams.Streaming.Native;
using Streams.Streaming.State.Local;

namespace Streams.Streaming.Runtime;

/// <summary>A changelog partition that is read: into a store, into a local log, or into both.</summary>
internal sealed class ChangelogPartition(TopicPartition partition, int index, long position, long end, IStateStore? store)
{
    public TopicPartition Partition { get; } = partition;

    /// <summary>The store's place among its task's logged stores.</summary>
    public int Index { get; } = index;

    /// <summary>Reading ends here; <see cref="long.MaxValue"/> when it does not end.</summary>
    public long End { get; } = end;

    /// <summary>The next offset to be read.</summary>
    public long Position { get; private set; } = position;

    /// <summary>Records read.</summary>
    public long Records { get; private set; }

    /// <summary>When a batch last moved the position, <see cref="Stopwatch"/> ticks.</summary>
    public long MovedAt { get; private set; } = Stopwatch.GetTimestamp();

    /// <summary>Time stamp of the record last read, Unix milliseconds.</summary>
    public long LastTimestamp { get; set; }

    /// <summary>The end of the partition was the last thing met.</summary>
    public bool AtEnd { get; private set; }

    /// <summary>Takes what is read too; null for none.</summary>
    public TaskStateLog? Log { get; set; }

    /// <summary>Takes records that follow on each other, the last of them at the given offset.</summary>
    public void Apply(ReadOnlySpan<ChangelogRecord> records, long lastOffset)
    {
        store?.Restore(records);
        if (Log is { } log)
        {
            foreach (ref readonly var record in records)
                log.Buffer.Add(Index, record.Key, record.Value, record.IsDeleted);
        }
        Position = lastOffset + 1;
        Records += records.Length;
    }

    /// <summary>Never back: an end reported around a reconnect may carry no offset, and the position is what a new assignment starts from.</summary>
    public void ReachEnd(long offset)
    {
        Position = Math.Max(Position, offset);
        AtEnd = true;
    }

    /// <summary>Once a batch, after records of this partition.</summary>
    public unsafe void Moved(NativeMessage* last, bool atEnd)
    {
        MovedAt = Stopwatch.GetTimestamp();
        AtEnd = atEnd;
        if (!atEnd)
            LastTimestamp = LibRdKafka.rd_kafka_message_timestamp(last, null);
    }
}
