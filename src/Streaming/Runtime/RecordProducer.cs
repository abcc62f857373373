using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;
using Streams.Streaming.Native;

namespace Streams.Streaming.Runtime;

/// <summary>
/// A thread's producer. Under exactly once a transaction begins with the first record; after any error the instance is of no more use and is
/// replaced: a new one with the same transactional id ends on the broker what this one left open.
/// </summary>
internal sealed unsafe class RecordProducer : IRecordCollector, IDisposable
{
    private const int CopyFlag = 2, QueueFull = -184;
    private const int MaxHeaders = 64;
    private static readonly TimeSpan FlushQuantum = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(30);
    private readonly IProducer<byte[]?, byte[]?> producer;
    private readonly SafeHandle handle;
    private readonly nint client;
    private readonly List<string> topics = [];
    private readonly List<nint> topicHandles = [];
    private readonly Dictionary<int, int> partitionCounts = [];
    private readonly bool transactional;
    private readonly Action<string> log;
    private volatile Error? deliveryError;
    private bool inTransaction;

    public RecordProducer(StreamConfig config, ProducerConfig settings, Action<string> log)
    {
        this.log = log;
        transactional = config.ProcessingGuarantee == ProcessingGuarantee.ExactlyOnce;
        producer = new ProducerBuilder<byte[]?, byte[]?>(settings)
            .SetErrorHandler((_, error) => log(error.Reason))
            .SetLogHandler((_, message) => log(message.Message))
            .Build();
        handle = LibRdKafka.Acquire(producer);
        client = handle.DangerousGetHandle();
    }

    /// <summary>Ends what a predecessor of the same transactional id left open, and fences it.</summary>
    public void Init()
    {
        if (transactional)
            producer.InitTransactions(CallTimeout);
    }

    public int Register(string topic)
    {
        var id = topics.IndexOf(topic);
        if (id >= 0)
            return id;
        topics.Add(topic);
        topicHandles.Add(LibRdKafka.rd_kafka_topic_new(client, topic, 0));
        return topics.Count - 1;
    }

    public int PartitionCount(int topic)
    {
        if (partitionCounts.TryGetValue(topic, out var known))
            return known;
        var found = new TopicMetadata(topics[topic], [], new Error(ErrorCode.Local_Fail));
        using var admin = new DependentAdminClientBuilder(producer.Handle).Build();
        Call("metadata", () => found = admin.GetMetadata(topics[topic], CallTimeout).Topics.Single());
        if (found.Error.IsError || found.Partitions.Count == 0)
            throw new StreamsException($"topic \"{topics[topic]}\": {(found.Error.IsError ? found.Error.Reason : "it has no partitions")}");
        return partitionCounts[topic] = found.Partitions.Count;
    }

    public void Send(int topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestamp, Headers? headers)
    {
        if (!transactional)
        {
            SendReported(topic, partition, key, value, timestamp, headers);
            return;
        }
        Begin();
        if (headers is { Count: > MaxHeaders })
            throw new ArgumentException($"a record may carry at most {MaxHeaders} headers, not {headers.Count}");
        SendNative(topic, partition, key, value, timestamp, headers);
    }

    /// <summary>Ends the transaction with the offsets of the group's generation that the metadata names.</summary>
    public void Commit(IReadOnlyList<TopicPartitionOffset> offsets, IConsumerGroupMetadata group)
    {
        Begin();
        // librdkafka looks only every 10 ms whether a flush is done, when nobody asks for delivery reports: asked again every millisecond, it is told
        // soon. The first call sends what lingers; it is on its way while the offsets are sent.
        producer.Flush(FlushQuantum);
        Call("send offsets", () => producer.SendOffsetsToTransaction(offsets, group, CallTimeout));
        KillPoint.Reached("stream.after_send_offsets");
        AwaitFlush();
        Call("commit", () => producer.CommitTransaction(CallTimeout));
        inTransaction = false;
    }

    /// <summary>At least once: waits until everything sent is acknowledged.</summary>
    public void Flush()
    {
        Call("flush", () =>
        {
            if (producer.Flush(CallTimeout) > 0)
                throw new KafkaException(ErrorCode.Local_MsgTimedOut);
        });
        if (deliveryError is { } error)
            throw new BrokenTransactionException("delivery", new KafkaException(error));
    }

    /// <summary>
    /// Ends the open transaction, so that readers need not wait for its time-out. Its failure changes nothing: the broker, or the next producer of
    /// the transactional id, aborts what is left.
    /// </summary>
    public void Abort()
    {
        if (!inTransaction)
            return;
        try
        {
            producer.AbortTransaction(TimeSpan.FromSeconds(5));
        }
        catch (KafkaException e)
        {
            log($"abort: {e.Message}");
        }
        inTransaction = false;
    }

    public void Dispose()
    {
        foreach (var topic in topicHandles)
            LibRdKafka.rd_kafka_topic_destroy(topic);
        handle.DangerousRelease();
        producer.Dispose();
    }

    private void AwaitFlush()
    {
        var deadline = Environment.TickCount64 + (long)CallTimeout.TotalMilliseconds;
        while (producer.Flush(FlushQuantum) > 0 && Environment.TickCount64 < deadline)
        {
            // The commit itself flushes too and reports what does not get through.
        }
    }

    private void Call(string step, Action call)
    {
        try
        {
            call();
        }
        catch (KafkaException e)
        {
            throw Broken(step, e);
        }
    }

    private BrokenTransactionException Broken(string step, KafkaException e) => new(step, e.Error.Code == ErrorCode.Local_State ? CauseOf(e) : e);

    /// <summary>A call that meets a failed transaction may say no more than that its state is wrong; a new transaction is refused with the cause.</summary>
    private KafkaException CauseOf(KafkaException state)
    {
        if (!inTransaction)
            return state;
        try
        {
            producer.BeginTransaction();
            return state;
        }
        catch (KafkaException cause)
        {
            return cause;
        }
    }

    private void Begin()
    {
        if (inTransaction)
            return;
        Call("begin", producer.BeginTransaction);
        inTransaction = true;
    }

    private void SendReported(int topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestamp, Headers? headers)
    {
        var message = new Message<byte[]?, byte[]?>
        {
            Key = Spans.IsNull(key) ? null : key.ToArray(),
            Value = Spans.IsNull(value) ? null : value.ToArray(),
            Timestamp = new Timestamp(timestamp, TimestampType.CreateTime),
            Headers = headers,
        };
        var target = new TopicPartition(topics[topic], partition == IRecordCollector.ByKey ? Partition.Any : partition);
        Call("send", () => producer.Produce(target, message, report =>
        {
            if (report.Error.IsError)
                deliveryError = report.Error;
        }));
    }

    private void SendNative(int topic, int partition, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, long timestamp, Headers? headers)
    {
        var count = 4;
        var arguments = stackalloc NativeArgument[6 + (headers?.Count ?? 0)];
        arguments[0] = new NativeArgument { Kind = NativeArgument.Topic, Pointer = topicHandles[topic] };
        arguments[1] = new NativeArgument { Kind = NativeArgument.Partition, Number = unchecked((uint)partition) };
        arguments[2] = new NativeArgument { Kind = NativeArgument.Flags, Number = CopyFlag };
        arguments[3] = new NativeArgument { Kind = NativeArgument.Timestamp, Number = timestamp };
        fixed (byte* keyBytes = &MemoryMarshal.GetReference(key), valueBytes = &MemoryMarshal.GetReference(value))
        {
            if (keyBytes is not null)
                arguments[count++] = new NativeArgument { Kind = NativeArgument.Key, Pointer = (nint)keyBytes, Second = key.Length };
            if (valueBytes is not null)
                arguments[count++] = new NativeArgument { Kind = NativeArgument.Value, Pointer = (nint)valueBytes, Second = value.Length };
            if (headers is null)
                Produce(arguments, count);
            else
                SendWithHeaders(arguments, count, headers);
        }
    }

    private void SendWithHeaders(NativeArgument* arguments, int count, Headers headers)
    {
        var pins = new List<GCHandle>();
        try
        {
            foreach (var header in headers)
            {
                var name = GCHandle.Alloc(Encoding.UTF8.GetBytes(header.Key + "\0"), GCHandleType.Pinned);
                pins.Add(name);
                var bytes = header.GetValueBytes();
                var value = bytes is null ? default : GCHandle.Alloc(bytes, GCHandleType.Pinned);
                if (bytes is not null)
                    pins.Add(value);
                arguments[count++] = new NativeArgument
                {
                    Kind = NativeArgument.Header,
                    Pointer = name.AddrOfPinnedObject(),
                    Second = bytes is null ? 0 : value.AddrOfPinnedObject(),
                    Third = bytes?.Length ?? 0,
                };
            }
            Produce(arguments, count);
        }
        finally
        {
            foreach (var pin in pins)
                pin.Free();
        }
    }

    private void Produce(NativeArgument* arguments, int count)
    {
        var deadline = Environment.TickCount64 + (long)CallTimeout.TotalMilliseconds;
        while (true)
        {
            var error = LibRdKafka.rd_kafka_produceva(client, arguments, (nuint)count);
            if (error == 0)
                return;
            var code = LibRdKafka.rd_kafka_error_code(error);
            var text = Marshal.PtrToStringUTF8(LibRdKafka.rd_kafka_error_string(error)) ?? "";
            LibRdKafka.rd_kafka_error_destroy(error);
            if (code != QueueFull || Environment.TickCount64 > deadline)
                throw Broken("send", new KafkaException(new Error((ErrorCode)code, text)));
            producer.Poll(TimeSpan.FromMilliseconds(10));
        }
    }
}
