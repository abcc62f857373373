using System.Diagnostics;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Streams.Streaming.Runtime;

/// <summary>
/// Owns tasks, one consumer and one producer. Polls, processes, commits; everything of it, rebalance callbacks included, happens on its one thread.
/// </summary>
internal sealed class StreamThread : IDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private bool closing;
    private readonly ThreadContext thread;
    private readonly IReadOnlyList<SubTopology> topologies;
    private readonly Action changed;
    private readonly IConsumer<Ignore, Ignore> consumer;
    private readonly GroupMembership membership;
    private readonly TaskSet tasks;
    private readonly Committer committer;
    private readonly FailedRecords failures;
    private readonly InputLoop inputs;
    private readonly ChangelogReader changelogs;
    private readonly TaskPreparation preparation;
    private readonly RepartitionPurge purge;
    private Exception? fatal;
    private bool polledAny;

    public StreamThread(
        ThreadContext thread, string? instanceId, IReadOnlyList<SubTopology> topologies, IReadOnlySet<string> repartitionTopics, CommitProgress progress, Action changed)
    {
        (this.thread, this.topologies, this.changed) = (thread, topologies, changed);
        consumer = new ConsumerBuilder<Ignore, Ignore>(ClientConfigs.MainConsumer(thread.Config, thread.Name, instanceId))
            .SetPartitionsAssignedHandler((_, partitions) => OnAssigned(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => Guard(() => OnRevoked([.. partitions.Select(p => p.TopicPartition)])))
            .SetPartitionsLostHandler((_, partitions) => Guard(() => OnLost([.. partitions.Select(p => p.TopicPartition)])))
            .SetLogHandler((_, message) => thread.Logger.ClientMessage(thread.Name, message.Message))
            .Build();
        membership = thread.Config.GroupProtocol == GroupProtocol.Consumer ? new ConsumerMembership(consumer) : new ClassicMembership(consumer);
        tasks = new TaskSet(thread, topologies);
        failures = new FailedRecords(thread);
        purge = new RepartitionPurge(thread, repartitionTopics);
        committer = new Committer(thread, tasks, membership, consumer, progress) { Committed = AfterCommit };
        inputs = new InputLoop(thread, tasks, membership, committer, failures, consumer);
        changelogs = new ChangelogReader(thread.Name, thread.Config, thread.Admin, thread.Local, thread.Logger);
        preparation = new TaskPreparation(thread, tasks, membership, consumer, changelogs, progress);
    }

    public string Name => thread.Name;

    /// <summary>It has an assignment, perhaps an empty one, and every task of it runs.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>The tasks that run, for readers on other threads; a new list whenever it changes.</summary>
    public IReadOnlyList<ActiveTask> RunningTasks { get; private set; } = [];

    /// <summary>Of tasks being restored: where each changelog partition stands.</summary>
    public IReadOnlyList<(TopicPartition Partition, long Position, long End)> Restoring => preparation.Restoring;

    public void Run(CancellationToken stopping)
    {
        try
        {
            consumer.Subscribe(topologies.SelectMany(t => t.SourceTopics));
            while (!stopping.IsCancellationRequested)
                Turn();
            committer.CommitOrBreak();
        }
        catch
        {
            membership.Abandon();
            throw;
        }
    }

    /// <summary>Leaves the group; what the last commit did not hold is processed again by whoever comes next.</summary>
    public void Dispose()
    {
        inputs.Dispose();
        changelogs.Dispose();
        closing = true;
        LeaveGroup();
        Close([.. tasks.All]);
        (membership as IDisposable)?.Dispose();
        consumer.Dispose();
        committer.Dispose();
    }

    /// <summary>A member that the group has shut out cannot leave it; that must not hide why the thread ends.</summary>
    private void LeaveGroup()
    {
        try
        {
            consumer.Close();
        }
        catch (KafkaException e)
        {
            thread.Logger.ClientMessage(thread.Name, $"leaving the group: {e.Message}");
        }
    }

    private void Turn()
    {
        polledAny = inputs.Turn(PollTimeout(), Budget());
        if (fatal is not null)
            throw fatal;
        if (thread.Broken is not null)
            GiveUp();
        if (HasProducer())
            Prepare();
        Punctuate();
        if (committer.UntilCommit == TimeSpan.Zero || tasks.Running.Any(t => t.Task.CommitRequested))
            committer.CommitOrBreak();
    }

    private TimeSpan PollTimeout()
    {
        if (committer.Producer is null || (!committer.IsReady && changelogs.Idle))
            return Pause;
        if (!IsRunning && tasks.Count > 0)
            return changelogs.Idle ? Pause : TimeSpan.Zero;
        var wait = committer.UntilCommit;
        var now = Now();
        foreach (var task in tasks.Running)
        {
            if (task.Task.NextWallClockPunctuation < long.MaxValue)
                wait = TimeSpan.FromMilliseconds(Math.Clamp(task.Task.NextWallClockPunctuation - now, 0, wait.TotalMilliseconds));
        }
        return wait;
    }

    private TimeSpan Budget() => TimeSpan.FromTicks(Math.Min(committer.UntilCommit.Ticks, thread.Config.MaxPollInterval.Ticks / 2));

    /// <summary>One attempt a turn, so that the group is served in between.</summary>
    private bool HasProducer()
    {
        try
        {
            committer.StartProducer();
            return true;
        }
        catch (KafkaException e)
        {
            // Tasks write to the producer that they were made with.
            Close([.. tasks.All]);
            committer.DropProducer();
            RequireTimeLeft(e);
            thread.Logger.Retrying(thread.Name, "starting transactions", e);
            return false;
        }
    }

    private void Prepare()
    {
        preparation.Step(committer.Producer!, committer.IsReady, polledAny || tasks.Running.Any() ? Pause : TimeSpan.FromMilliseconds(50));
        Publish(preparation.Done && committer.IsReady);
    }

    private void Publish(bool running)
    {
        if (running == IsRunning && RunningTasks.Count == tasks.Running.Count())
            return;
        RunningTasks = [.. tasks.Running];
        IsRunning = running;
        changed();
    }

    private void Punctuate()
    {
        var now = Now();
        foreach (var task in tasks.Running)
        {
            if (task.Task.NextWallClockPunctuation > now || thread.Broken is not null)
                continue;
            var since = Stopwatch.GetTimestamp();
            try
            {
                lock (task.Task.Gate)
                    task.Punctuated |= task.Task.PunctuateWallClock(now);
            }
            catch (BrokenTransactionException e)
            {
                thread.Break(e);
            }
            thread.Metrics.Punctuated(Stopwatch.GetElapsedTime(since));
        }
    }

    /// <summary>The one place for what follows a successful commit.</summary>
    private void AfterCommit(IReadOnlyList<ActiveTask> dirty)
    {
        foreach (var task in dirty)
            task.Local?.Committed(thread.Config.ProcessingGuarantee == ProcessingGuarantee.ExactlyOnce);
        KillPoint.Reached("stream.after_local_append");
        foreach (var task in dirty)
            task.Task.Committed();
        failures.ForgetCommitted(dirty);
        purge.Step(tasks.Running);
    }

    /// <summary>After any failed or unknown outcome: the producer goes with its transaction, and tasks are made anew as the broker has them.</summary>
    private void GiveUp()
    {
        var cause = thread.Broken!;
        thread.Logger.Recovering(thread.Name, cause);
        Telemetry.Recoveries.Add(1);
        if (FailedRecords.IsRefusal(cause))
            failures.Suspect(tasks.Running);
        Close([.. tasks.All]);
        committer.DropProducer();
        RequireTimeLeft(cause);
        membership.Stop(membership.Assigned);
        thread.Mend();
    }

    private void RequireTimeLeft(Exception cause)
    {
        if (Stopwatch.GetElapsedTime(committer.TroubleSince) > thread.Config.TaskTimeout)
            throw new StreamsException($"no commit succeeded for {thread.Config.TaskTimeout}", cause);
    }

    private void Close(IReadOnlyCollection<ActiveTask> closing)
    {
        foreach (var task in closing)
        {
            inputs.Forget(task);
            changelogs.Remove(task);
            tasks.Close(task);
        }
        Publish(running: false);
    }

    /// <returns>Where the consumer is to fetch the new partitions from.</returns>
    private IEnumerable<TopicPartitionOffset> OnAssigned(List<TopicPartition> partitions)
    {
        // A consumer that closes may still be told of an assignment; asked for the group's metadata it then ends the process by a null pointer.
        if (closing)
            return [];
        thread.Logger.Assigned(thread.Name, string.Join(", ", partitions));
        Publish(running: false);
        return membership.OnAssigned(partitions);
    }

    private void OnRevoked(IReadOnlyCollection<TopicPartition> partitions)
    {
        thread.Logger.Revoked(thread.Name, string.Join(", ", partitions));
        committer.CommitBeforeRevocation();
        CloseThoseOf(partitions);
    }

    private void OnLost(IReadOnlyCollection<TopicPartition> partitions)
    {
        thread.Logger.Lost(thread.Name, string.Join(", ", partitions));
        CloseThoseOf(partitions);
        thread.Break(new StreamsException("partitions lost"));
    }

    private void CloseThoseOf(IReadOnlyCollection<TopicPartition> partitions)
    {
        Close([.. tasks.All.Where(t => t.Inputs.Any(i => partitions.Contains(i.Partition)))]);
        membership.OnRevoked(partitions);
    }

    private long Now() => thread.Config.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>Exceptions must not pass through librdkafka's callbacks; they are thrown once it has returned.</summary>
    private void Guard(Action handler)
    {
        try
        {
            handler();
        }
        catch (Exception e)
        {
            fatal ??= e;
        }
    }
}
