using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Streaming.Runtime;

/// <summary>
/// Brings new tasks on: committed offsets, restore, position. Each call is a short step, so that running tasks go on meanwhile; a step that fails is taken
/// again, up to the task time-out. No partition is fetched for a task before the task is restored and its position known.
/// </summary>
internal sealed class TaskPreparation(
    ThreadContext thread, TaskSet tasks, GroupMembership membership, IConsumer<Ignore, Ignore> consumer, ChangelogReader changelogs, CommitProgress progress)
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LookupTimeout = TimeSpan.FromSeconds(10);
    private Task<List<TopicPartitionOffset>>? lookup;
    private List<ActiveTask> lookedUp = [];
    private long failedAt;

    /// <summary>Of tasks being restored: where each changelog partition stands.</summary>
    public IReadOnlyList<(TopicPartition Partition, long Position, long End)> Restoring { get; private set; } = [];

    /// <summary>Every assigned partition belongs to a task that runs.</summary>
    public bool Done => membership.Joined && tasks.AllRunning && tasks.All.Sum(t => t.Inputs.Count) == membership.Assigned.Count;

    /// <param name="collector">Where tasks write to.</param>
    /// <param name="canStart">Whether it takes records yet.</param>
    /// <param name="wait">How long to wait for changelog records.</param>
    public void Step(IRecordCollector collector, bool canStart, TimeSpan wait)
    {
        tasks.Open(membership.Assigned, collector);
        if (tasks.AllRunning)
        {
            Restoring = [];
            return;
        }
        if (failedAt != 0 && Stopwatch.GetElapsedTime(failedAt) < RetryPause)
            return;
        try
        {
            LookUpCommitted();
            changelogs.Step(wait);
            if (canStart)
                StartRestored();
        }
        catch (KafkaException e) when (tasks.All.All(t => t.State == TaskState.Running || Stopwatch.GetElapsedTime(t.CreatedAt) < thread.Config.TaskTimeout))
        {
            thread.Logger.Retrying(thread.Name, "preparing tasks", e);
            failedAt = Stopwatch.GetTimestamp();
        }
        Restoring = [.. changelogs.Progress];
    }

    /// <summary>Asked beside the loop: the answer waits for transactions of predecessors that are still open.</summary>
    private void LookUpCommitted()
    {
        if (lookup is null)
        {
            lookedUp = [.. tasks.All.Where(t => t.State == TaskState.Created)];
            if (lookedUp.Count == 0)
                return;
            KillPoint.Reached("stream.before_restore");
            var partitions = lookedUp.SelectMany(t => t.Inputs).Select(i => i.Partition).ToList();
            lookup = Task.Run(() => consumer.Committed(partitions, LookupTimeout));
        }
        // Task.Wait would wrap what failed, and nobody would try again.
        if (Task.WaitAny([lookup], TimeSpan.FromMilliseconds(5)) < 0)
            return;
        var answer = lookup;
        lookup = null;
        var offsets = answer.GetAwaiter().GetResult().ToDictionary(a => a.TopicPartition, a => a.Offset);
        foreach (var task in lookedUp.Where(t => t.State == TaskState.Created))
            BeginRestore(task, offsets);
    }

    private void BeginRestore(ActiveTask task, Dictionary<TopicPartition, Offset> committed)
    {
        task.NothingCommitted = task.Inputs.All(i => committed[i.Partition] == Offset.Unset);
        var unset = task.Inputs.Where(i => committed[i.Partition] == Offset.Unset).Select(i => i.Partition);
        var starts = thread.Admin.Offsets(unset, OffsetSpec.Earliest(), IsolationLevel.ReadUncommitted);
        foreach (var input in task.Inputs)
        {
            var offset = committed[input.Partition];
            input.MoveTo(offset == Offset.Unset ? starts[input.Partition] : offset.Value);
            input.Committed = input.Position;
        }
        changelogs.Add(task);
    }

    private void StartRestored()
    {
        var restored = tasks.All.Where(t => t.State == TaskState.Restored && membership.CanStart(t)).ToList();
        if (restored.Count == 0)
            return;
        foreach (var task in restored)
            RequireOffsetForState(task);
        membership.Start(restored, tasks.Running.ToList());
        tasks.ForgetHandles();
        foreach (var task in restored)
        {
            task.Task.Init();
            KillPoint.Reached("stream.after_restore");
            task.State = TaskState.Running;
            progress.Set(task.Inputs);
        }
        Telemetry.Tasks.Add(restored.Count);
    }

    private void RequireOffsetForState(ActiveTask task)
    {
        if (task.NothingCommitted && task.RestoredRecords > 0 && thread.Config.ProcessingGuarantee == ProcessingGuarantee.ExactlyOnce)
            throw new StreamsException($"task {task.Task.Name}: its changelog holds {task.RestoredRecords} records, but the group "
                + $"\"{thread.Config.ApplicationId}\" has no committed offset (expired or deleted). Restore the offset, or delete the changelog topics to start anew.");
    }
}
