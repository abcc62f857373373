using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Streams.Streaming.Native;

/// <summary>
/// The few functions of librdkafka that are called once a record. Everything else goes through Confluent.Kafka, whose loaded library this shares.
/// </summary>
internal static unsafe partial class LibRdKafka
{
    private const string Library = "librdkafka";

    static LibRdKafka() => NativeLibrary.SetDllImportResolver(
        typeof(LibRdKafka).Assembly,
        (name, _, _) => name == Library ? NativeLibrary.Load(name, typeof(IClient).Assembly, null) : 0);

    /// <summary>The client's rd_kafka_t, kept alive until <see cref="SafeHandle.DangerousRelease"/>.</summary>
    public static SafeHandle Acquire(IClient client)
    {
        var property = typeof(Handle).GetProperty("LibrdkafkaHandle", BindingFlags.NonPublic | BindingFlags.Instance);
        if (property?.GetValue(client.Handle) is not SafeHandle handle)
            throw new StreamsException("this version of Confluent.Kafka does not show librdkafka's handle");
        var taken = false;
        handle.DangerousAddRef(ref taken);
        return handle;
    }

    [LibraryImport(Library)]
    public static partial nint rd_kafka_queue_get_consumer(nint client);

    [LibraryImport(Library)]
    public static partial void rd_kafka_queue_destroy(nint queue);

    [LibraryImport(Library)]
    public static partial nint rd_kafka_consume_batch_queue(nint queue, int timeoutMs, NativeMessage** messages, nuint size);

    [LibraryImport(Library)]
    public static partial void rd_kafka_message_destroy(NativeMessage* message);

    // A short read of fields: cheaper without the switch of the collector's mode.
    [LibraryImport(Library)]
    [SuppressGCTransition]
    public static partial long rd_kafka_message_timestamp(NativeMessage* message, int* type);

    [LibraryImport(Library)]
    public static partial int rd_kafka_message_headers(NativeMessage* message, nint* headers);

    [LibraryImport(Library)]
    public static partial int rd_kafka_header_get_all(nint headers, nuint index, byte** name, byte** value, nuint* size);

    [LibraryImport(Library)]
    public static partial nint rd_kafka_topic_name(nint topic);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint rd_kafka_topic_new(nint client, string topic, nint conf);

    [LibraryImport(Library)]
    public static partial void rd_kafka_topic_destroy(nint topic);

    [LibraryImport(Library)]
    public static partial nint rd_kafka_produceva(nint client, NativeArgument* arguments, nuint count);

    [LibraryImport(Library)]
    public static partial int rd_kafka_error_code(nint error);

    [LibraryImport(Library)]
    public static partial nint rd_kafka_error_string(nint error);

    [LibraryImport(Library)]
    public static partial void rd_kafka_error_destroy(nint error);
}

/// <summary>rd_kafka_message_t.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeMessage
{
    public int Error;
    public nint Topic;
    public int Partition;
    public byte* Value;
    public nuint ValueLength;
    public byte* Key;
    public nuint KeyLength;
    public long Offset;
    public nint Private;
}

/// <summary>rd_kafka_vu_t: a tagged argument of rd_kafka_produceva.</summary>
[StructLayout(LayoutKind.Explicit, Size = 72)]
internal struct NativeArgument
{
    public const int Topic = 2, Partition = 3, Value = 4, Key = 5, Flags = 7, Timestamp = 8, Header = 9;

    [FieldOffset(0)]
    public int Kind;
    [FieldOffset(8)]
    public nint Pointer;
    [FieldOffset(8)]
    public long Number;
    [FieldOffset(16)]
    public nint Second;
    [FieldOffset(24)]
    public nint Third;
}
