using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Streams.Streaming.Native;

/// <summary>Takes messages in batches from a consumer's queue; they stay in librdkafka's memory until <see cref="Release"/>. Serves rebalance callbacks too.</summary>
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

    /// <summary>Waits for the first message only, then takes what is there: a batch call that waits for more would wait its whole time-out.</summary>
    public int Read(TimeSpan timeout)
    {
        Count = Take(messages, (int)timeout.TotalMilliseconds, 1);
        if (Count == 1)
            Count += Take(messages + 1, 0, Capacity - 1);
        return Count;
    }

    public void Release()
    {
        for (var i = 0; i < Count; i++)
            LibRdKafka.rd_kafka_message_destroy(messages[i]);
        Count = 0;
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

    private int Take(NativeMessage** into, int timeoutMs, int size) =>
        (int)Math.Max(0, LibRdKafka.rd_kafka_consume_batch_queue(queue, timeoutMs, into, (nuint)size));
}
