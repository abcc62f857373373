using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Streams.Streaming.Native;

internal static unsafe class NativeHeaders
{
    /// <summary>The headers of a fetched message, or null when it has none.</summary>
    public static Headers? Read(nint message)
    {
        nint list;
        if (LibRdKafka.rd_kafka_message_headers((NativeMessage*)message, &list) != 0)
            return null;
        var headers = new Headers();
        byte* name;
        byte* value;
        nuint size;
        for (nuint i = 0; LibRdKafka.rd_kafka_header_get_all(list, i, &name, &value, &size) == 0; i++)
            headers.Add(Marshal.PtrToStringUTF8((nint)name) ?? "", value is null ? null : new ReadOnlySpan<byte>(value, checked((int)size)).ToArray());
        return headers;
    }
}
