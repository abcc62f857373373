using System.Diagnostics;
using System.Runtime.InteropServices;
using Confluent.Kafka;
using Streams.Streaming.Native;

namespace Streams.Streaming.Runtime;

/// <summary>
/// Takes messages from the consumer and has the tasks process them, in runs of one partition. The length of a run follows from how long records take, so
/// that a turn ends in time for the commit and the next poll; what is left is processed in the next turn.
/// </summary>
internal sealed unsafe class InputLoop : IDisposable
{
    private const int LongestRun = 1000;
    private const int Ahead = 24;
    private static readonly TimeSpan LongRun = TimeSpan.FromMilliseconds(2);
    private readonly ThreadContext thread;
    private readonly TaskSet tasks;
    private readonly GroupMembership membership;
    private readonly Committer committer;
    private readonly FailedRecords failures;
    private readonly OrderedInputs ordered;
    private readonly BatchReader reader;
    private readonly LostPlaces lost;
    private int run = 1;
    private long lateness;

    public InputLoop(ThreadContext thread, TaskSet tasks, GroupMembership membership, Committer committer, FailedRecords failures, IConsumer<Ignore, Ignore> consumer)
    {
        (this.thread, this.tasks, this.membership, this.committer, this.failures) = (thread, tasks, membership, committer, failures);
        ordered = new OrderedInputs(thread, consumer);
        lost = new LostPlaces(thread, tasks, membership);
        reader = new BatchReader(consumer);
    }

    /// <summary>Polls, and processes for the given time at most, save for the last run.</summary>
    /// <returns>Whether there was anything.</returns>
    public bool Turn(TimeSpan timeout, TimeSpan budget)
    {
        var since = Stopwatch.GetTimestamp();
        reader.Read(reader.Count > 0 ? TimeSpan.Zero : timeout);
        thread.Metrics.Polled(Stopwatch.GetElapsedTime(since));
        var any = reader.Count > 0;
        if (any)
            KillPoint.Reached("stream.after_poll");
        try
        {
            var deadline = Stopwatch.GetTimestamp() + (long)(budget.TotalSeconds * Stopwatch.Frequency);
            var next = ProcessBatch(deadline);
            if (thread.Broken is null)
                KeepFrom(next);
            DrainGroups(deadline);
            lost.Find();
        }
        catch (BrokenTransactionException e)
        {
            thread.Break(e);
        }
        if (thread.Broken is not null)
            LetGo();
        return any;
    }

    /// <summary>Before a task closes: frees what was fetched for it.</summary>
    public void Forget(ActiveTask task)
    {
        for (var i = 0; i < reader.Count; i++)
        {
            if (reader[i] is not null && tasks.InputOf(reader[i])?.Owner == task)
                reader.Free(i);
        }
        ordered.Forget(task);
    }

    public void Dispose() => reader.Dispose();

    private int ProcessBatch(long deadline)
    {
        var next = 0;
        while (next < reader.Count && thread.Broken is null)
        {
            var end = RunFrom(next);
            if (reader[next] is not null)
                ProcessRun(next, end);
            next = end;
            if (Stopwatch.GetTimestamp() >= deadline)
                break;
        }
        return next;
    }

    /// <summary>The end of the messages of one partition that follow each other.</summary>
    private int RunFrom(int start)
    {
        var end = start + 1;
        var first = reader[start];
        var limit = Math.Min(reader.Count, start + run);
        while (end < limit && first is not null && reader[end] is not null && reader[end]->Topic == first->Topic && reader[end]->Partition == first->Partition)
            end++;
        return end;
    }

    private void ProcessRun(int start, int end)
    {
        var input = InputOf(start);
        if (input is null)
            return;
        if (input.Owner.Group is { } group)
        {
            for (var i = start; i < end; i++)
                Buffer(input, group, i);
            return;
        }
        var since = Stopwatch.GetTimestamp();
        var processed = 0;
        lock (input.Owner.Task.Gate)
        {
            for (var i = start; i < Math.Min(start + Ahead, end); i++)
                LookAhead(input, reader[i]);
            for (var i = start; i < end && thread.Broken is null && input.Owner.State == TaskState.Running; i++)
            {
                var message = reader[i];
                if (i + Ahead < end)
                    LookAhead(input, reader[i + Ahead]);
                if (message->Error != 0)
                    AtError(input, message);
                else if (message->Offset >= input.Position && Process(input, message))
                    processed++;
            }
        }
        input.Fetched = input.Position;
        Ran(input.Owner, processed, since);
    }

    private static void LookAhead(InputPartition input, NativeMessage* message)
    {
        if (input.LookAhead is not { } processor || message->Error != 0)
            return;
        var key = new ReadOnlySpan<byte>(message->Key, checked((int)message->KeyLength));
        processor.LookAhead(message->Offset, key, new ReadOnlySpan<byte>(message->Value, checked((int)message->ValueLength)));
    }

    /// <summary>The input of a message whose task runs; else the message is nobody's and comes again, to whoever has the partition.</summary>
    private InputPartition? InputOf(int index)
    {
        var message = reader[index];
        if (message->Error == (int)ErrorCode.Local_Fatal)
            throw new StreamsException($"the consumer cannot go on: {TextOf(message)}");
        var input = tasks.InputOf(message);
        if (input?.Owner.State == TaskState.Running)
            return input;
        if (message->Topic != 0)
            membership.OnIdleMessage(new TopicPartition(TaskSet.TopicOf(message), message->Partition));
        return null;
    }

    private void Buffer(InputPartition input, PartitionGroup group, int index)
    {
        var message = reader[index];
        if (message->Error != 0)
            AtError(input, message);
        else if (message->Offset >= input.Fetched)
            group.Add(input, reader.TakeOver(index));
    }

    /// <summary>Of what is left of a batch only those messages may stay whose task runs now: after a rebalance they would be old.</summary>
    private void KeepFrom(int next)
    {
        for (var i = next; i < reader.Count; i++)
        {
            if (reader[i] is null)
                continue;
            var input = InputOf(i);
            if (input?.Owner.Group is { } group)
                Buffer(input, group, i);
            if (input is null || input.Owner.Group is not null)
                reader.Free(i);
        }
        reader.Keep(next);
    }

    /// <summary>Every task is made anew: all messages come again. That they came at all is remembered, for the membership waits for a first one.</summary>
    private void LetGo()
    {
        for (var i = 0; i < reader.Count; i = RunFrom(i))
        {
            if (reader[i] is not null && reader[i]->Topic != 0)
                membership.OnIdleMessage(new TopicPartition(TaskSet.TopicOf(reader[i]), reader[i]->Partition));
        }
        reader.Release();
    }

    private void DrainGroups(long deadline)
    {
        foreach (var task in ordered.WithGroups(tasks))
        {
            while (thread.Broken is null && task.State == TaskState.Running && DrainRun(task) && Stopwatch.GetTimestamp() < deadline)
                continue;
            ordered.Balance(task);
        }
    }

    /// <returns>Whether there may be more.</returns>
    private bool DrainRun(ActiveTask task)
    {
        var since = Stopwatch.GetTimestamp();
        var processed = 0;
        lock (task.Task.Gate)
        {
            while (processed < run && thread.Broken is null && task.State == TaskState.Running)
            {
                var message = task.Group!.Next(out var input);
                if (message is null || !Process(input!, message))
                    break;
                processed++;
                task.Group.Remove(input!);
            }
        }
        var more = processed == run;
        Ran(task, processed, since);
        return more;
    }

    private void Ran(ActiveTask task, int processed, long since)
    {
        var elapsed = Stopwatch.GetElapsedTime(since);
        thread.Metrics.Processed(task, processed, elapsed, lateness);
        lateness = 0;
        if (elapsed > LongRun)
            run = Math.Max(1, run / 2);
        else if (elapsed < LongRun / 2)
            run = Math.Min(LongestRun, run * 2);
        ReadersFirst(task);
    }

    /// <summary>A lock may be taken again by the thread that has just let it go, over and over, while others wait.</summary>
    private static void ReadersFirst(ActiveTask task)
    {
        var since = Stopwatch.GetTimestamp();
        while (Volatile.Read(ref task.Queries) > 0 && Stopwatch.GetElapsedTime(since) < LongRun)
            Thread.Yield();
    }

    private bool Process(InputPartition input, NativeMessage* message)
    {
        var record = input.RecordOf(message);
        if (!failures.None)
            return ProcessCarefully(input, in record);
        try
        {
            input.Owner.Task.Process(input.Entrance, in record);
            input.Position = record.Offset + 1;
            lateness = Math.Max(lateness, input.Owner.Task.StreamTime - record.Timestamp);
        }
        catch (Exception e) when (e is not BrokenTransactionException || FailedRecords.IsRefusal(e))
        {
            failures.Add(input, in record, e);
        }
        return thread.Broken is null;
    }

    /// <summary>Some record of this thread has failed: each that may be it has a transaction of its own.</summary>
    private bool ProcessCarefully(InputPartition input, in Record record)
    {
        var alone = failures.IsSuspect(input, record.Offset);
        if (alone)
            committer.Commit();
        try
        {
            var aside = failures.SetAside(input, in record);
            if (!aside)
                input.Owner.Task.Process(input.Entrance, in record);
            input.Position = record.Offset + 1;
            // At once, so that the next failure does not undo this one.
            if (alone || aside)
                committer.Commit();
        }
        catch (Exception e) when (e is not BrokenTransactionException || FailedRecords.IsRefusal(e))
        {
            failures.Add(input, in record, e);
        }
        return thread.Broken is null;
    }

    private void AtError(InputPartition input, NativeMessage* message)
    {
        switch (message->Error)
        {
            case BatchReader.EndOfPartition when input.Owner.Group is { } group:
                group.AtEnd(input, message->Offset);
                break;
            case BatchReader.EndOfPartition:
                input.Position = Math.Max(input.Position, message->Offset);
                break;
            case (int)ErrorCode.Local_AutoOffsetReset or (int)ErrorCode.Local_LogTruncation:
                lost.Add(input, TextOf(message));
                break;
            default:
                throw new StreamsException($"{input.Partition} at offset {message->Offset}: {(ErrorCode)message->Error} {TextOf(message)}");
        }
    }

    private static string TextOf(NativeMessage* message) => Marshal.PtrToStringUTF8((nint)message->Value, checked((int)message->ValueLength));
}
