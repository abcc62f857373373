using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Streams.Streaming.Native;

/// <summary>
/// Takes messages in batches from a consumer's queue; they stay in librdkafka's memory until <see cref="Release"/>. Serves rebalance callbacks too.
/// </summary>
internal sealed unsafe class BatchReader : IDisposable
{
    public const int EndOfPartition = -191;
    private const int Capacity = 1000;
    private readonly SafeHandle handle;
    private readonly nint queue;
    private readonly NativeMessage** messages = (NativeMessage**)NativeMemory.Alloc(Capacity, (nuint)sizeof(NativeMessage*));
    private bool disposed;

    public BatchReader(IClient consumer)
    {
        handle = LibRdKafka.Acquire(consumer);
        queue = LibRdKafka.rd_kafka_queue_get_consumer(handle.DangerousGetHandle());
    }

    public int Count { get; private set; }

    public NativeMessage* this[int index] => messages[index];

    /// <summary>
    /// Waits for the first message only, then takes what is there: a batch call that waits for more would wait its whole time-out. New messages come
    /// behind those that were kept; with a full reader nothing is taken and nothing served.
    /// </summary>
    public int Read(TimeSpan timeout)
    {
        var kept = Count;
        Count += Take((int)timeout.TotalMilliseconds, Math.Min(1, Capacity - kept));
        if (Count == kept + 1)
            Count += Take(0, Capacity - Count);
        return Count;
    }

    /// <summary>Frees the messages that were not taken over.</summary>
    public void Release()
    {
        for (var i = 0; i < Count; i++)
            Free(i);
        Count = 0;
    }

    /// <summary>Frees those before an index and moves the others, without those freed, to the front.</summary>
    public void Keep(int from)
    {
        for (var i = 0; i < from; i++)
            Free(i);
        var kept = 0;
        for (var i = from; i < Count; i++)
        {
            if (messages[i] is not null)
                messages[kept++] = messages[i];
        }
        Count = kept;
    }

    /// <summary>Frees one message, whose place stays empty.</summary>
    public void Free(int index)
    {
        if (messages[index] is not null)
            LibRdKafka.rd_kafka_message_destroy(messages[index]);
        messages[index] = null;
    }

    /// <summary>Gives a message away; the taker frees it.</summary>
    public NativeMessage* TakeOver(int index)
    {
        var message = messages[index];
        messages[index] = null;
        return message;
    }

    public void Dispose()
    {
        if (disposed)
            return;
        disposed = true;
        Release();
        LibRdKafka.rd_kafka_queue_destroy(queue);
        handle.DangerousRelease();
        NativeMemory.Free(messages);
    }

    private int Take(int timeoutMs, int size) =>
        size == 0 ? 0 : (int)Math.Max(0, LibRdKafka.rd_kafka_consume_batch_queue(queue, timeoutMs, messages + Count, (nuint)size));
}
