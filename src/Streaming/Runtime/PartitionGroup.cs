using Streams.Streaming.Native;

namespace Streams.Streaming.Runtime;

/// <summary>
/// Gives the records of a task's inputs in the order of their times (Kafka Streams' PartitionGroup): always the earliest of the heads, the input declared
/// first where they are equal. As long as an input that may have earlier records has none here, there is no next record.
/// </summary>
internal sealed unsafe class PartitionGroup : IDisposable
{
    private readonly RecordQueue[] queues;
    private readonly TimeSpan maxIdle;
    private readonly TimeProvider clock;

    /// <param name="maxIdle">max.task.idle.ms: negative for no waiting at all, zero to wait for what the broker is known to have, else to wait so long beyond it.</param>
    public PartitionGroup(IReadOnlyList<InputPartition> inputs, TimeSpan maxIdle, TimeProvider clock)
    {
        queues = [.. inputs.Select(i => new RecordQueue(i))];
        (this.maxIdle, this.clock) = (maxIdle, clock);
    }

    /// <summary>Takes the message over: the group frees it.</summary>
    public void Add(InputPartition input, NativeMessage* message)
    {
        var queue = QueueOf(input);
        queue.Enqueue(message);
        input.Fetched = message->Offset + 1;
    }

    /// <summary>The consumer has met the end of the partition at an offset.</summary>
    public void AtEnd(InputPartition input, long offset)
    {
        var queue = QueueOf(input);
        if (offset < input.Fetched)
            return;
        input.Fetched = offset;
        queue.End = offset;
        SettlePosition(queue);
    }

    public int Buffered(InputPartition input) => QueueOf(input).Count;

    /// <summary>The next record, which stays in its queue until <see cref="Remove"/>; null when there is none, or when one must be waited for.</summary>
    public NativeMessage* Next(out InputPartition? input)
    {
        input = null;
        RecordQueue? first = null;
        var complete = true;
        foreach (var queue in queues)
        {
            if (queue.Count == 0)
                complete = false;
            else if (first is null || queue.HeadTime < first.HeadTime)
                first = queue;
        }
        if (first is null || (!complete && !MayGoOn()))
            return null;
        input = first.Input;
        return first.Head;
    }

    /// <summary>Frees the head of an input's queue after it was processed.</summary>
    public void Remove(InputPartition input)
    {
        var queue = QueueOf(input);
        queue.Dequeue();
        SettlePosition(queue);
    }

    public void Dispose()
    {
        foreach (var queue in queues)
            queue.Clear();
    }

    /// <summary>The end lies behind control records; the position may go there once all before it is processed.</summary>
    private static void SettlePosition(RecordQueue queue)
    {
        if (queue.Count == 0 && queue.End == queue.Input.Fetched)
            queue.Input.Position = Math.Max(queue.Input.Position, queue.End);
    }

    private bool MayGoOn()
    {
        if (maxIdle < TimeSpan.Zero)
            return true;
        foreach (var queue in queues)
        {
            if (queue.Count == 0 && (queue.End != queue.Input.Fetched || !IdleLongEnough(queue)))
                return false;
        }
        return true;
    }

    private bool IdleLongEnough(RecordQueue queue)
    {
        if (maxIdle == TimeSpan.Zero)
            return true;
        if (queue.IdleSince == 0)
            queue.IdleSince = clock.GetTimestamp();
        return clock.GetElapsedTime(queue.IdleSince) >= maxIdle;
    }

    private RecordQueue QueueOf(InputPartition input)
    {
        foreach (var queue in queues)
        {
            if (ReferenceEquals(queue.Input, input))
                return queue;
        }
        throw new InvalidOperationException($"{input.Partition} is no input of this task");
    }

    private sealed class RecordQueue(InputPartition input)
    {
        private readonly Queue<nint> messages = new();

        public InputPartition Input { get; } = input;

        /// <summary>Where the log was last seen to end; -1 when it was not seen yet.</summary>
        public long End { get; set; } = -1;

        /// <summary>Since when the others wait for it; 0 when they do not.</summary>
        public long IdleSince { get; set; }

        public int Count => messages.Count;

        /// <summary>By the source's extractor, asked once for each record, when it has come to the head.</summary>
        public long HeadTime { get; private set; }

        public NativeMessage* Head => (NativeMessage*)messages.Peek();

        public void Enqueue(NativeMessage* message)
        {
            messages.Enqueue((nint)message);
            IdleSince = 0;
            if (messages.Count == 1)
                HeadTime = Input.TimeOf(message);
        }

        public void Clear()
        {
            while (messages.TryDequeue(out var message))
                LibRdKafka.rd_kafka_message_destroy((NativeMessage*)message);
        }

        public void Dequeue()
        {
            LibRdKafka.rd_kafka_message_destroy((NativeMessage*)messages.Dequeue());
            if (messages.Count > 0)
                HeadTime = Input.TimeOf(Head);
        }
    }
}
