using System.Diagnostics;
using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>
/// The thread's producer and its commits: what processors and stores still hold, outputs, and the inputs' positions, all tasks at once. After any failed or
/// unknown outcome the producer is thrown away; its successor ends on the broker what it left open.
/// </summary>
internal sealed class Committer(ThreadContext thread, TaskSet tasks, GroupMembership membership, IConsumer<Ignore, Ignore> consumer, CommitProgress progress) : IDisposable
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);
    private long lastCommit = Stopwatch.GetTimestamp();

    private Task? starting;

    /// <summary>Null until there is one. Tasks are made and restored with it while it still gets ready.</summary>
    public RecordProducer? Producer { get; private set; }

    /// <summary>A transaction can begin.</summary>
    public bool IsReady => starting is { IsCompletedSuccessfully: true };

    public TimeSpan UntilCommit
    {
        get
        {
            var left = thread.Config.CommitInterval - Stopwatch.GetElapsedTime(lastCommit);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>When the last commit succeeded, or the trouble since it began; see <see cref="Stopwatch"/>.</summary>
    public long TroubleSince { get; private set; }

    /// <summary>Called after each successful commit with the tasks that had something to commit.</summary>
    public Action<IReadOnlyList<ActiveTask>> Committed { get; set; } = _ => { };

    /// <summary>
    /// Makes the producer, which fences and ends what a predecessor of its transactional id left open: beside the loop, for that may take half a minute. Nothing
    /// that is read meanwhile can be overtaken by a predecessor: the group takes no offsets of a member that was replaced, and committed offsets are told only
    /// once no transaction is about to change them.
    /// </summary>
    /// <exception cref="KafkaException">It could not get ready; to be dropped and tried again.</exception>
    public void StartProducer()
    {
        if (starting is { IsFaulted: true })
            starting.GetAwaiter().GetResult();
        if (Producer is not null)
            return;
        var settings = ClientConfigs.Producer(thread.Config, $"{thread.Name}-producer", thread.Name);
        var made = new RecordProducer(thread.Config, settings, m => thread.Logger.ClientMessage(thread.Name, m));
        starting = Task.Run(() =>
        {
            KillPoint.Reached("stream.before_init_transactions");
            made.Init();
            KillPoint.Reached("stream.after_init_transactions");
        });
        Producer = made;
        lastCommit = Stopwatch.GetTimestamp();
    }

    /// <summary>Throws the producer away with what its transaction holds.</summary>
    public void DropProducer()
    {
        AwaitStart();
        Producer?.Dispose();
        Producer = null;
        if (TroubleSince == 0)
            TroubleSince = Stopwatch.GetTimestamp();
    }

    public void CommitOrBreak()
    {
        try
        {
            Commit();
        }
        catch (BrokenTransactionException e)
        {
            thread.Break(e);
        }
    }

    /// <summary>
    /// Commits before partitions are given back. Where it cannot be done the transaction is given up, since it would hold outputs of tasks that another
    /// member repeats.
    /// </summary>
    public void CommitBeforeRevocation()
    {
        CommitOrBreak();
        if (Dirty().Count > 0)
            thread.Break(new StreamsException("partitions were taken before their records could be committed"));
    }

    /// <exception cref="BrokenTransactionException">The outcome is failure or unknown.</exception>
    public void Commit()
    {
        lastCommit = Stopwatch.GetTimestamp();
        var dirty = Dirty();
        if (dirty.Count == 0 || thread.Broken is not null || !IsReady || membership.ForCommit() is null)
            return;
        KillPoint.Reached("stream.before_commit");
        foreach (var task in dirty)
        {
            lock (task.Task.Gate)
                task.Task.PrepareCommit();
        }
        KillPoint.Reached("stream.after_flush");
        var inputs = dirty.SelectMany(t => t.Inputs).ToList();
        Send(inputs.ConvertAll(i => new TopicPartitionOffset(i.Partition, i.Position)));
        KillPoint.Reached("stream.after_commit");
        foreach (var input in inputs)
            input.Committed = input.Position;
        foreach (var task in dirty)
            task.Punctuated = false;
        TroubleSince = 0;
        Committed(dirty);
        progress.Set(inputs);
        thread.Metrics.Committed(Stopwatch.GetElapsedTime(lastCommit));
    }

    public void Dispose()
    {
        AwaitStart();
        Producer?.Abort();
        Producer?.Dispose();
        Producer = null;
    }

    /// <summary>A client cannot be thrown away while a call of its runs.</summary>
    private void AwaitStart()
    {
        if (starting is null)
            return;
        // Whether it succeeded does not matter any more.
        Task.WaitAny([starting]);
        starting = null;
    }

    private List<ActiveTask> Dirty() => [.. tasks.Running.Where(t => t.NeedsCommit)];

    private void Send(List<TopicPartitionOffset> offsets)
    {
        if (thread.Config.ProcessingGuarantee != ProcessingGuarantee.ExactlyOnce)
        {
            Producer!.Flush();
            CommitOffsets(offsets);
            return;
        }
        // Read as late as can be, so that the epoch is the newest.
        var group = membership.ForCommit() ?? throw new BrokenTransactionException("commit", new StreamsException("the membership of the group is lost"));
        Producer!.Commit(offsets, group);
    }

    /// <summary>The client's own call would wait for a coordinator as long as there is none.</summary>
    private void CommitOffsets(List<TopicPartitionOffset> offsets)
    {
        try
        {
            Task.Run(() => consumer.Commit(offsets)).WaitAsync(CallTimeout).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is KafkaException or TimeoutException)
        {
            throw new BrokenTransactionException("commit offsets", e);
        }
    }
}
