using System.Buffers.Binary;
using System.Net.Sockets;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Streams.Perf.Broker;

/// <summary>The least that a client can do: bytes of one request out, one response in, nothing looked at. So what is measured is the broker.</summary>
sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private byte[] _response = new byte[64 << 10];

    public RawClient(BrokerProcess broker) => _socket.Connect(broker.Host, broker.Port);

    /// <summary>Sends a request and waits for its response, which is without length and correlation id.</summary>
    public ReadOnlySpan<byte> Call(byte[] request)
    {
        Send(request);
        return Receive();
    }

    public void Send(byte[] request)
    {
        for (var sent = 0; sent < request.Length;) sent += _socket.Send(request.AsSpan(sent));
    }

    public ReadOnlySpan<byte> Receive()
    {
        Fill(4);
        var length = BinaryPrimitives.ReadInt32BigEndian(_response);
        if (_response.Length < length) _response = new byte[length];
        Fill(length);
        return _response.AsSpan(4, length - 4);
    }

    public void Dispose() => _socket.Dispose();

    private void Fill(int length)
    {
        for (var read = 0; read < length;)
        {
            var n = _socket.Receive(_response.AsSpan(read, length - read));
            if (n == 0) throw new IOException("the broker closed the connection");
            read += n;
        }
    }

    public static byte[] ApiVersions() => Frame(18, 0, []);

    /// <summary>Fetch 4 of one partition.</summary>
    public static byte[] Fetch(string topic, int partition, long offset, int maxWaitMs, int minBytes, int maxBytes) => Frame(1, 4,
        [.. Int32(-1), .. Int32(maxWaitMs), .. Int32(minBytes), .. Int32(maxBytes), 0, .. Int32(1), .. Text(topic), .. Int32(1), .. Int32(partition), .. Int64(offset), .. Int32(maxBytes)]);

    /// <summary>Produce 3, acks=all, of one batch with one record.</summary>
    public static byte[] Produce(string topic, int partition, int valueBytes)
    {
        var batch = Batch(valueBytes);
        return Frame(0, 3, [.. Int16(-1), .. Int16(-1), .. Int32(10_000), .. Int32(1), .. Text(topic), .. Int32(1), .. Int32(partition), .. Int32(batch.Length), .. batch]);
    }

    /// <summary>Where the records of a fetch response begin, and how many bytes there are. Response 4: throttle, topics, name, partitions, partition, error, high watermark, stable offset, aborted, records.</summary>
    public static (int Error, ReadOnlyMemory<byte> Records) Records(ReadOnlySpan<byte> response, string topic)
    {
        var at = 4 + 4 + 2 + Encoding.UTF8.GetByteCount(topic) + 4 + 4;
        int error = BinaryPrimitives.ReadInt16BigEndian(response[at..]);
        at += 2 + 8 + 8;
        at += 4 + 16 * Math.Max(0, BinaryPrimitives.ReadInt32BigEndian(response[at..]));
        return (error, response.Slice(at + 4, BinaryPrimitives.ReadInt32BigEndian(response[at..])).ToArray());
    }

    /// <summary>The offset after the last whole batch.</summary>
    public static long NextOffset(ReadOnlySpan<byte> records, long from)
    {
        for (var at = 0; at + 61 <= records.Length;)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(records[(at + 8)..]) + 12;
            if (at + size > records.Length) break;
            from = BinaryPrimitives.ReadInt64BigEndian(records[at..]) + BinaryPrimitives.ReadInt32BigEndian(records[(at + 23)..]) + 1;
            at += size;
        }
        return from;
    }

    private static byte[] Frame(short key, short version, byte[] body)
    {
        byte[] content = [.. Int16(key), .. Int16(version), .. Int32(1), .. Text("perf"), .. body];
        return [.. Int32(content.Length), .. content];
    }

    private static byte[] Batch(int valueBytes)
    {
        byte[] record = [0, 0, 0, 1, .. Varint(valueBytes), .. new byte[valueBytes], 0];
        byte[] records = [.. Varint(record.Length), .. record];
        byte[] fromAttributes = [.. Int16(0), .. Int32(0), .. Int64(1_700_000_000_000), .. Int64(1_700_000_000_000), .. Int64(-1), .. Int16(-1), .. Int32(-1), .. Int32(1), .. records];
        return [.. Int64(0), .. Int32(fromAttributes.Length + 9), .. Int32(0), 2, .. Int32(unchecked((int)Crc32C(fromAttributes))), .. fromAttributes];
    }

    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    private static byte[] Varint(int value)
    {
        var zigzag = unchecked((uint)((value << 1) ^ (value >> 31)));
        var bytes = new List<byte>();
        for (; zigzag >= 0x80; zigzag >>= 7) bytes.Add((byte)((zigzag & 0x7F) | 0x80));
        bytes.Add((byte)zigzag);
        return [.. bytes];
    }

    private static byte[] Text(string text) => [.. Int16((short)text.Length), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Int16(short value) => [unchecked((byte)(value >> 8)), unchecked((byte)value)];

    private static byte[] Int32(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static byte[] Int64(long value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return bytes;
    }
}
