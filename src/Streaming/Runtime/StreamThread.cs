using System.Diagnostics;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;
using Streams.Streaming.Native;
using Streams.Streaming.State.Local;

namespace Streams.Streaming.Runtime;

/// <summary>
/// Owns tasks, one consumer and one producer. Polls, processes, commits; everything of it, rebalance callbacks included, happens on its one thread.
/// The group metadata is taken when partitions are assigned and used for every commit of that assignment: a zombie whose client has already
/// forgotten its membership would otherwise commit without a generation, which brokers accept.
/// </summary>
internal sealed class StreamThread : IDisposable
{
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(10);
    private readonly string name;
    private readonly StreamConfig config;
    private readonly IReadOnlyList<SubTopology> topologies;
    private readonly BrokerAdmin admin;
    private readonly ILogger logger;
    private readonly CommitProgress committed;
    private readonly Action changed;
    private readonly string transactionalId;
    private readonly IConsumer<Ignore, Ignore> consumer;
    private readonly BatchReader reader;
    private readonly ChangelogReader changelogs;
    private readonly Dictionary<(int SubTopology, int Partition), ActiveTask> tasks = [];
    private readonly Dictionary<(nint Topic, int Partition), InputPartition?> lookup = [];
    private readonly Dictionary<TopicPartitionOffset, Exception> poisoned = [];
    private RecordProducer? producer;
    private IConsumerGroupMetadata? generation;
    private Exception? broken;
    private Exception? fatal;
    private long lastCommit = Stopwatch.GetTimestamp();
    private long troubleSince;

    public StreamThread(
        string name, string? instanceId, StreamConfig config, IReadOnlyList<SubTopology> topologies, BrokerAdmin admin,
        LocalState? local, CommitProgress committed, Action changed, ILogger logger)
    {
        (this.name, this.config, this.topologies, this.admin) = (name, config, topologies, admin);
        (this.committed, this.changed, this.logger) = (committed, changed, logger);
        transactionalId = name;
        consumer = new ConsumerBuilder<Ignore, Ignore>(ClientConfigs.MainConsumer(config, name, instanceId))
            .SetPartitionsAssignedHandler((_, partitions) => OnAssigned(partitions))
            .SetPartitionsRevokedHandler((_, partitions) => Guard(() => OnRevoked(partitions)))
            .SetPartitionsLostHandler((_, partitions) => Guard(() => OnLost(partitions)))
            .SetLogHandler((_, message) => logger.ClientMessage(name, message.Message))
            .Build();
        reader = new BatchReader(consumer);
        changelogs = new ChangelogReader(name, config, admin, local, logger);
    }

    /// <summary>It has an assignment, perhaps an empty one, and every task of it runs.</summary>
    public bool IsRunning { get; private set; }

    /// <summary>Of tasks being restored: where each changelog partition stands.</summary>
    public IReadOnlyList<(TopicPartition Partition, long Position, long End)> Restoring { get; private set; } = [];

    public void Run(CancellationToken stopping)
    {
        try
        {
            NewProducer();
            consumer.Subscribe(topologies.SelectMany(t => t.SourceTopics));
            while (!stopping.IsCancellationRequested)
                Turn();
            CommitOrBreak();
        }
        catch
        {
            // Without a generation nothing is committed any more, when the consumer closes either.
            generation = null;
            throw;
        }
    }

    /// <summary>Leaves the group; what the last commit did not hold is processed again by whoever comes next.</summary>
    public void Dispose()
    {
        reader.Dispose();
        changelogs.Dispose();
        consumer.Close();
        consumer.Dispose();
        CloseTasks();
        producer?.Abort();
        producer?.Dispose();
        producer = null;
    }

    private void Turn()
    {
        Poll();
        if (fatal is not null)
            throw fatal;
        if (broken is not null)
            Recover();
        Prepare();
        if (Stopwatch.GetElapsedTime(lastCommit) >= config.CommitInterval)
            CommitOrBreak();
    }

    private void Poll()
    {
        var untilCommit = config.CommitInterval - Stopwatch.GetElapsedTime(lastCommit);
        var idle = IsRunning || tasks.Count == 0;
        reader.Read(idle && untilCommit > TimeSpan.Zero ? untilCommit : TimeSpan.Zero);
        try
        {
            if (reader.Count > 0)
                KillPoint.Reached("stream.after_poll");
            ProcessBatch();
        }
        catch (BrokenTransactionException e)
        {
            broken = e;
        }
        finally
        {
            reader.Release();
        }
    }

    private unsafe void ProcessBatch()
    {
        var processed = 0;
        NativeMessage* last = null;
        InputPartition? input = null;
        for (var i = 0; i < reader.Count && broken is null; i++)
        {
            var message = reader[i];
            if (last is null || last->Topic != message->Topic || last->Partition != message->Partition)
                input = InputOf(message);
            last = message;
            if (message->Error == (int)ErrorCode.Local_Fatal)
                throw new StreamsException($"the consumer cannot go on: {Marshal.PtrToStringUTF8((nint)message->Value, checked((int)message->ValueLength))}");
            if (input is null || input.Owner.State != TaskState.Running)
            {
                Telemetry.Dropped.Add(message->Error == 0 ? 1 : 0);
                continue;
            }
            if (message->Error != 0)
                AtError(input, message);
            else if (message->Offset >= input.Position && Process(input, message))
                processed++;
        }
        Telemetry.Process.Add(processed);
    }

    private unsafe bool Process(InputPartition input, NativeMessage* message)
    {
        var record = new Record
        {
            Topic = input.Topic,
            Partition = message->Partition,
            Offset = message->Offset,
            Timestamp = LibRdKafka.rd_kafka_message_timestamp(message, null),
            Key = new ReadOnlySpan<byte>(message->Key, checked((int)message->KeyLength)),
            HasKey = message->Key is not null,
            Value = new ReadOnlySpan<byte>(message->Value, checked((int)message->ValueLength)),
            HasValue = message->Value is not null,
            Native = (nint)message,
        };
        if (poisoned.Count > 0 && SetPoisonAside(input, in record))
            return true;
        try
        {
            input.Owner.Task.Process(input.Entrance, in record);
            input.Position = message->Offset + 1;
            return true;
        }
        catch (Exception e) when (e is not BrokenTransactionException)
        {
            AtProcessingError(input, message->Offset, e);
            return false;
        }
    }

    /// <summary>A half-processed record may have written: the transaction is given up, and the second time the record only goes to the dead letters.</summary>
    private void AtProcessingError(InputPartition input, long offset, Exception cause)
    {
        logger.ProcessingFailed(name, input.Topic, input.Partition.Partition.Value, offset, cause);
        var failure = new StreamsException($"processing failed at {input.Topic}[{input.Partition.Partition.Value}]@{offset}: {cause.Message}", cause);
        if (config.ProcessingExceptionDeadLetterTopic is null)
            throw failure;
        poisoned[new TopicPartitionOffset(input.Partition, offset)] = cause;
        broken = failure;
    }

    private bool SetPoisonAside(InputPartition input, in Record record)
    {
        if (!poisoned.TryGetValue(new TopicPartitionOffset(input.Partition, record.Offset), out var cause))
            return false;
        input.Owner.Task.SetAside(config.ProcessingExceptionDeadLetterTopic!, in record, "PROCESSING_FAILED", "processing", cause.Message, cause);
        input.Position = record.Offset + 1;
        // At once, so that the next failure does not undo this one.
        Commit();
        return true;
    }

    private static unsafe void AtError(InputPartition input, NativeMessage* message)
    {
        if (message->Error == BatchReader.EndOfPartition)
        {
            input.Position = Math.Max(input.Position, message->Offset);
            return;
        }
        var text = Marshal.PtrToStringUTF8((nint)message->Value, checked((int)message->ValueLength));
        throw new StreamsException($"{input.Partition} at offset {message->Offset}: {(ErrorCode)message->Error} {text}");
    }

    private unsafe InputPartition? InputOf(NativeMessage* message)
    {
        if (message->Topic == 0)
            return null;
        if (lookup.TryGetValue((message->Topic, message->Partition), out var known))
            return known;
        var topic = Marshal.PtrToStringUTF8(LibRdKafka.rd_kafka_topic_name(message->Topic));
        var found = tasks.Values.SelectMany(t => t.Inputs).FirstOrDefault(i => i.Topic == topic && i.Partition.Partition.Value == message->Partition);
        lookup[(message->Topic, message->Partition)] = found;
        return found;
    }

    /// <summary>Brings new tasks on: committed offsets, restore, position. A step that fails is taken again at the next turn, up to the task time-out.</summary>
    private void Prepare()
    {
        if (IsRunning)
            return;
        try
        {
            foreach (var task in tasks.Values.Where(t => t.State == TaskState.Created).ToList())
                BeginRestore(task);
            changelogs.Step(TimeSpan.FromMilliseconds(50));
            StartRestored();
        }
        catch (KafkaException e) when (tasks.Values.All(t => Stopwatch.GetElapsedTime(t.CreatedAt) < config.TaskTimeout))
        {
            logger.Retrying(name, "preparing tasks", e);
        }
        Restoring = [.. changelogs.Progress];
        IsRunning = generation is not null && tasks.Values.All(t => t.State == TaskState.Running);
        if (IsRunning)
            changed();
    }

    private void BeginRestore(ActiveTask task)
    {
        KillPoint.Reached("stream.before_restore");
        var answers = consumer.Committed(task.Inputs.Select(i => i.Partition), CallTimeout)
            .ToDictionary(a => a.TopicPartition, a => a.Offset);
        task.NothingCommitted = answers.Values.All(o => o == Offset.Unset);
        var unset = task.Inputs.Where(i => answers[i.Partition] == Offset.Unset).Select(i => i.Partition);
        var starts = admin.Offsets(unset, OffsetSpec.Earliest(), IsolationLevel.ReadUncommitted);
        foreach (var input in task.Inputs)
        {
            var offset = answers[input.Partition];
            input.Position = input.Committed = offset == Offset.Unset ? starts[input.Partition] : offset.Value;
        }
        changelogs.Add(task);
    }

    /// <summary>
    /// Assigns exactly the partitions of tasks that can process, each at its position. A partition is never fetched before that: a seek while a
    /// logical start offset was still being looked up could be undone by the answer, and skip records.
    /// </summary>
    private void StartRestored()
    {
        var restored = tasks.Values.Where(t => t.State == TaskState.Restored).ToList();
        if (restored.Count == 0)
            return;
        foreach (var task in restored)
            RequireOffsetForState(task);
        var ready = tasks.Values.Where(t => t.State is TaskState.Restored or TaskState.Running);
        consumer.Assign(ready.SelectMany(t => t.Inputs).Select(i => new TopicPartitionOffset(i.Partition, i.Position)));
        lookup.Clear();
        foreach (var task in restored)
        {
            task.Task.Init();
            KillPoint.Reached("stream.after_restore");
            task.State = TaskState.Running;
            committed.Set(task.Inputs);
        }
        Telemetry.Tasks.Add(restored.Count);
    }

    private void RequireOffsetForState(ActiveTask task)
    {
        if (task.NothingCommitted && task.RestoredRecords > 0 && config.ProcessingGuarantee == ProcessingGuarantee.ExactlyOnce)
            throw new StreamsException($"task {task.Task.Name}: its changelog holds {task.RestoredRecords} records, but the group "
                + $"\"{config.ApplicationId}\" has no committed offset (expired or deleted). Restore the offset, or delete the changelog topics to start anew.");
    }

    private void CommitOrBreak()
    {
        try
        {
            Commit();
        }
        catch (BrokenTransactionException e)
        {
            broken = e;
        }
    }

    private void Commit()
    {
        lastCommit = Stopwatch.GetTimestamp();
        var dirty = tasks.Values.Where(t => t.State == TaskState.Running && t.HasProgress).ToList();
        if (dirty.Count == 0 || broken is not null || generation is null || producer is null)
            return;
        KillPoint.Reached("stream.before_commit");
        foreach (var task in dirty)
            task.Task.PrepareCommit();
        KillPoint.Reached("stream.after_flush");
        var inputs = dirty.SelectMany(t => t.Inputs).ToList();
        var offsets = inputs.ConvertAll(i => new TopicPartitionOffset(i.Partition, i.Position));
        if (config.ProcessingGuarantee == ProcessingGuarantee.ExactlyOnce)
            producer.Commit(offsets, generation);
        else
            CommitAfterFlush(offsets);
        KillPoint.Reached("stream.after_commit");
        foreach (var task in dirty)
            task.Local?.Committed(config.ProcessingGuarantee == ProcessingGuarantee.ExactlyOnce);
        KillPoint.Reached("stream.after_local_append");
        foreach (var input in inputs)
            input.Committed = input.Position;
        troubleSince = 0;
        if (poisoned.Count > 0)
            ForgetCommittedPoison(inputs);
        committed.Set(inputs);
        Telemetry.CommitLatency.Record(Stopwatch.GetElapsedTime(lastCommit).TotalSeconds);
    }

    private void ForgetCommittedPoison(List<InputPartition> inputs)
    {
        foreach (var poison in poisoned.Keys.Where(p => inputs.Exists(i => i.Partition == p.TopicPartition && i.Committed > p.Offset.Value)).ToList())
            poisoned.Remove(poison);
    }

    private void CommitAfterFlush(List<TopicPartitionOffset> offsets)
    {
        producer!.Flush();
        try
        {
            consumer.Commit(offsets);
        }
        catch (KafkaException e)
        {
            throw new BrokenTransactionException("commit offsets", e);
        }
    }

    /// <summary>After any failed or unknown outcome: a new producer (which ends the old transaction), and tasks as the broker has them.</summary>
    private void Recover()
    {
        logger.Recovering(name, broken!);
        Telemetry.Recoveries.Add(1);
        if (troubleSince == 0)
            troubleSince = Stopwatch.GetTimestamp();
        if (Stopwatch.GetElapsedTime(troubleSince) > config.TaskTimeout)
            throw new StreamsException($"no commit succeeded for {config.TaskTimeout}", broken!);
        var owned = tasks.Values.SelectMany(t => t.Inputs).Select(i => i.Partition).ToList();
        CloseTasks();
        NewProducer();
        broken = null;
        consumer.Assign(Array.Empty<TopicPartitionOffset>());
        Open(owned);
    }

    private void NewProducer()
    {
        var since = Stopwatch.GetTimestamp();
        while (true)
        {
            producer?.Dispose();
            producer = null;
            producer = new RecordProducer(config, ClientConfigs.Producer(config, $"{name}-producer", transactionalId), m => logger.ClientMessage(name, m));
            try
            {
                KillPoint.Reached("stream.before_init_transactions");
                producer.Init();
                KillPoint.Reached("stream.after_init_transactions");
                return;
            }
            catch (KafkaException e) when (Stopwatch.GetElapsedTime(since) < config.TaskTimeout)
            {
                logger.Retrying(name, "starting transactions", e);
            }
        }
    }

    /// <summary>Makes tasks for partitions; they are restored before the partitions are fetched.</summary>
    private void Open(IReadOnlyCollection<TopicPartition> partitions)
    {
        foreach (var sub in topologies)
        {
            foreach (var partition in partitions.Where(p => sub.SourceTopics.Contains(p.Topic)).Select(p => p.Partition.Value).Distinct())
                tasks[(sub.Id, partition)] = new ActiveTask(
                    sub, new StreamTask(config.ApplicationId, sub, partition, producer!, config.TimeProvider));
        }
        lookup.Clear();
        IsRunning = false;
        changed();
    }

    private void CloseTasks()
    {
        Telemetry.Tasks.Add(-tasks.Values.Count(t => t.State == TaskState.Running));
        foreach (var task in tasks.Values)
            task.Local?.Dispose();
        tasks.Clear();
        lookup.Clear();
        changelogs.Clear();
        IsRunning = false;
        changed();
    }

    /// <summary>Nothing is fetched yet: <see cref="StartRestored"/> assigns the partitions once their tasks are restored.</summary>
    private IEnumerable<TopicPartitionOffset> OnAssigned(List<TopicPartition> partitions)
    {
        Guard(() =>
        {
            logger.Assigned(name, string.Join(", ", partitions));
            generation = consumer.ConsumerGroupMetadata;
            Open(partitions);
        });
        return [];
    }

    private void OnRevoked(List<TopicPartitionOffset> partitions)
    {
        logger.Revoked(name, string.Join(", ", partitions.Select(p => p.TopicPartition)));
        CommitOrBreak();
        generation = null;
        CloseTasks();
    }

    private void OnLost(List<TopicPartitionOffset> partitions)
    {
        logger.Lost(name, string.Join(", ", partitions.Select(p => p.TopicPartition)));
        generation = null;
        CloseTasks();
        broken ??= new StreamsException("partitions lost");
    }

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
