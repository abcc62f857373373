using System.Diagnostics;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Streams.Streaming.Native;

namespace Streams.Streaming.Runtime;

/// <summary>
/// Reads changelogs from their beginning to the high watermark, committed records only. The high watermark, not the last stable offset: a dead
/// predecessor's open transaction may hide committed state behind it, so the reader waits until that transaction has ended.
/// </summary>
internal sealed class ChangelogReader(string thread, StreamConfig config, BrokerAdmin admin, ILogger logger) : IDisposable
{
    private static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(30);
    private readonly List<Changelog> changelogs = [];
    private IConsumer<Ignore, Ignore>? consumer;
    private BatchReader? reader;

    public bool Idle => changelogs.Count == 0;

    /// <summary>Records by changelog partition that are still to be read.</summary>
    public IEnumerable<(TopicPartition Partition, long Position, long End)> Progress => changelogs.Select(c => (c.Partition, c.Position, c.End));

    /// <summary>Begins to restore a task's stores. To be called after its committed offsets were read, so that the end covers what they cover.</summary>
    public void Add(ActiveTask task)
    {
        var partitions = task.Task.Stores.ToDictionary(
            s => new TopicPartition(StreamTask.ChangelogTopic(config.ApplicationId, s.Name), task.Task.Partition), s => s);
        var starts = admin.Offsets(partitions.Keys, OffsetSpec.Earliest(), IsolationLevel.ReadUncommitted);
        var ends = admin.Offsets(partitions.Keys, OffsetSpec.Latest(), IsolationLevel.ReadUncommitted);
        task.State = TaskState.Restoring;
        foreach (var (partition, store) in partitions.Where(p => ends[p.Key] > starts[p.Key]))
        {
            changelogs.Add(new Changelog(task, store, partition, ends[partition]) { Position = starts[partition] });
            Telemetry.RestoreRemaining.Add(ends[partition] - starts[partition]);
        }
        Assign();
        FinishTasks([task]);
    }

    /// <summary>Forgets a task that was closed.</summary>
    public void Remove(ActiveTask task)
    {
        var closed = changelogs.FindAll(c => c.Task == task);
        if (closed.Count == 0)
            return;
        foreach (var changelog in closed)
            Telemetry.RestoreRemaining.Add(Math.Min(changelog.Position, changelog.End) - changelog.End);
        changelogs.RemoveAll(closed.Contains);
        Assign();
    }

    /// <summary>Applies one batch.</summary>
    public void Step(TimeSpan timeout)
    {
        if (reader is null || Idle)
            return;
        reader.Read(timeout);
        try
        {
            for (var i = 0; i < reader.Count; i++)
                Apply(i);
        }
        finally
        {
            reader.Release();
        }
        KillPoint.Reached("stream.during_restore");
        var done = changelogs.FindAll(IsDone);
        if (done.Count == 0)
            return;
        changelogs.RemoveAll(done.Contains);
        Assign();
        FinishTasks([.. done.Select(c => c.Task).Distinct()]);
    }

    public void Dispose()
    {
        changelogs.Clear();
        Assign();
    }

    private unsafe void Apply(int index)
    {
        var message = reader![index];
        var topic = Marshal.PtrToStringUTF8(LibRdKafka.rd_kafka_topic_name(message->Topic));
        var changelog = changelogs.Find(c => c.Partition.Partition.Value == message->Partition && c.Partition.Topic == topic);
        if (changelog is null || changelog.Position >= changelog.End)
            return;
        if (message->Error == BatchReader.EndOfPartition)
        {
            // Never back: an end reported around a reconnect may carry no offset, and the position is what a new assignment starts from.
            changelog.MoveTo(Math.Max(changelog.Position, message->Offset));
            return;
        }
        if (message->Error != 0)
            throw new StreamsException($"changelog {changelog.Partition} at {changelog.Position} of {changelog.End}: {(ErrorCode)message->Error} "
                + Marshal.PtrToStringUTF8((nint)message->Value, checked((int)message->ValueLength)));
        changelog.Store.Restore(
            new ReadOnlySpan<byte>(message->Key, checked((int)message->KeyLength)),
            new ReadOnlySpan<byte>(message->Value, checked((int)message->ValueLength)),
            message->Value is null);
        changelog.Task.RestoredRecords++;
        changelog.MoveTo(message->Offset + 1);
        Telemetry.Restored.Add(1);
    }

    private bool IsDone(Changelog changelog)
    {
        if (changelog.Position >= changelog.End)
            return true;
        var still = Stopwatch.GetElapsedTime(changelog.MovedAt);
        if (still < StallTimeout)
            return false;
        if (still > StallTimeout + config.TransactionTimeout + config.TaskTimeout)
            throw new StreamsException($"changelog {changelog.Partition}: a transaction at {changelog.Position} stays open, {changelog.End} is not reached");
        var stable = admin.Offsets([changelog.Partition], OffsetSpec.Latest(), IsolationLevel.ReadCommitted)[changelog.Partition];
        if (stable < changelog.End)
            return false;
        logger.RestoreStalled(changelog.Partition.ToString(), still.TotalSeconds, changelog.Position, changelog.End);
        return true;
    }

    private void FinishTasks(IReadOnlyList<ActiveTask> candidates)
    {
        foreach (var task in candidates.Where(t => !changelogs.Exists(c => c.Task == t)))
        {
            task.State = TaskState.Restored;
            logger.Restored(task.Task.Name, task.RestoredRecords, task.Inputs[0].Committed, thread);
        }
    }

    private void Assign()
    {
        if (Idle)
        {
            reader?.Dispose();
            consumer?.Dispose();
            (reader, consumer) = (null, null);
            return;
        }
        if (consumer is null)
        {
            consumer = new ConsumerBuilder<Ignore, Ignore>(ClientConfigs.Reader(config, $"{thread}-restore"))
                .SetLogHandler((_, message) => logger.ClientMessage(thread, message.Message))
                .Build();
            reader = new BatchReader(consumer);
        }
        consumer.Assign(changelogs.Select(c => new TopicPartitionOffset(c.Partition, c.Position)));
    }

    private sealed class Changelog(ActiveTask task, IStateStore store, TopicPartition partition, long end)
    {
        public ActiveTask Task { get; } = task;

        public IStateStore Store { get; } = store;

        public TopicPartition Partition { get; } = partition;

        public long End { get; } = end;

        public long Position { get; set; }

        public long MovedAt { get; private set; } = Stopwatch.GetTimestamp();

        public void MoveTo(long position)
        {
            if (position == Position)
                return;
            Telemetry.RestoreRemaining.Add(Math.Min(Position, End) - Math.Min(position, End));
            Position = position;
            MovedAt = Stopwatch.GetTimestamp();
        }
    }
}
