using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Streams.Streaming.State.Local;

namespace Streams.Streaming.Runtime;

/// <summary>
/// Restores tasks: from local state, on threads of its own, then from the changelogs up to the high watermark, committed records only. The high
/// watermark, not the last stable offset: a dead predecessor's open transaction may hide committed state behind it, so the reader waits until that
/// transaction has ended.
/// </summary>
internal sealed class ChangelogReader(string thread, StreamConfig config, BrokerAdmin admin, LocalState? local, ILogger logger) : IDisposable
{
    private static readonly TimeSpan StallTimeout = TimeSpan.FromSeconds(30);
    private readonly List<TaskRestore> restores = [];
    private readonly ChangelogConsumer consumer = new($"{thread}-restore", config, logger);
    private long remaining;

    public bool Idle => restores.Count == 0;

    /// <summary>Changelog partitions that are still to be read.</summary>
    public IEnumerable<(TopicPartition Partition, long Position, long End)> Progress => restores.SelectMany(r => r.Progress);

    /// <summary>Begins to restore a task's stores. To be called after its committed offsets were read, so that the end covers what they cover.</summary>
    public void Add(ActiveTask task)
    {
        var startedAt = config.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();
        List<string> stores = [.. task.Task.Stores.Select(s => s.Name)];
        var changelogs = TaskChangelogs.Of(config.ApplicationId, task.Task.Name, stores, task.Task.Partition, admin);
        if (local is not null && stores.Count > 0)
            task.Local = local.Load(task.Task, changelogs.Identity(admin), changelogs.Starts, changelogs.Ends);
        task.State = TaskState.Restoring;
        restores.Add(new TaskRestore(task, changelogs, startedAt));
        BeginAndFinish();
    }

    /// <summary>Forgets a task that was closed.</summary>
    public void Remove(ActiveTask task)
    {
        if (restores.Find(r => r.Task == task) is not { } closed)
            return;
        restores.Remove(closed);
        consumer.Remove([.. closed.Reading.Where(consumer.Partitions.Contains)]);
        CountRemaining();
    }

    /// <summary>Reads on for about the given time.</summary>
    public void Step(TimeSpan time)
    {
        if (Idle)
            return;
        var since = Stopwatch.GetTimestamp();
        if (consumer.Partitions.Count == 0)
            Task.WaitAny([.. restores.Select(r => r.Loading).OfType<Task>()], time);
        while (consumer.Partitions.Count > 0 && time - Stopwatch.GetElapsedTime(since) is { Ticks: > 0 } left && consumer.Read(left) > 0)
        {
            KillPoint.Reached("stream.during_restore");
            foreach (var restore in restores)
                restore.LogRead();
            if (consumer.Partitions.Any(c => c.Position >= c.End))
                break;
        }
        BeginAndFinish();
    }

    public void Dispose()
    {
        restores.Clear();
        consumer.Dispose();
        CountRemaining();
    }

    private void BeginAndFinish()
    {
        foreach (var restore in restores.Where(r => !r.HasBegun && r.Loading?.IsCompleted != false))
        {
            restore.Begin();
            consumer.Add([.. restore.Reading.Where(c => c.Position < c.End)]);
        }
        consumer.Remove([.. consumer.Partitions.Where(IsDone)]);
        foreach (var done in restores.Where(r => r.HasBegun && !r.Reading.Any(consumer.Partitions.Contains)).ToList())
        {
            done.Finish();
            restores.Remove(done);
            logger.Restored(done.Task.Task.Name, done.Records, done.Task.Local?.Entries ?? 0, done.Task.Inputs[0].Committed, thread);
        }
        CountRemaining();
    }

    private bool IsDone(ChangelogPartition changelog)
    {
        if (changelog.Position >= changelog.End)
            return true;
        // Only what was waited counts: whoever had no time to read has not seen a stall.
        var still = consumer.Idle;
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

    private void CountRemaining()
    {
        var now = restores.Sum(r => r.Remaining);
        Telemetry.RestoreRemaining.Add(now - remaining);
        remaining = now;
    }
}
