using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Streams.Broker.Clients.Tests;

/// <summary>What no client tells: how the batches are stored that it hands out record by record, and which requests a broker serves.</summary>
static class Wire
{
    private const int AttributesAt = 21;

    /// <summary>The codec of the first batch of partition 0, by one Fetch (key 1, version 4).</summary>
    public static async Task<int> CodecAsync(string bootstrapServers, string topic)
    {
        var answer = await AskAsync(bootstrapServers, Fetch(topic));
        // Throttle time, one topic with its name, one partition: index, error, high watermark, last stable offset, aborted (-1), bytes.
        var partition = 4 + 4 + 2 + Encoding.UTF8.GetByteCount(topic) + 4;
        Assert.Equal(0, BinaryPrimitives.ReadInt16BigEndian(answer.AsSpan(partition + 4)));
        var batch = partition + 4 + 2 + 8 + 8 + 4 + 4;
        return BinaryPrimitives.ReadInt16BigEndian(answer.AsSpan(batch + AttributesAt)) & 7;
    }

    /// <summary>Whether the broker advertises a request type, by one ApiVersions (key 18, version 0).</summary>
    public static async Task<bool> ServesAsync(string bootstrapServers, short key)
    {
        var frame = new Frame(18, 0);
        var answer = await AskAsync(bootstrapServers, frame);
        var count = BinaryPrimitives.ReadInt32BigEndian(answer.AsSpan(2));
        return Enumerable.Range(0, count).Any(i => BinaryPrimitives.ReadInt16BigEndian(answer.AsSpan(6 + 6 * i)) == key);
    }

    /// <summary>The answer to one request, behind its correlation id.</summary>
    private static async Task<byte[]> AskAsync(string bootstrapServers, Frame request)
    {
        var address = bootstrapServers.Split(':');
        using var client = new TcpClient();
        await client.ConnectAsync(address[0], int.Parse(address[1], System.Globalization.CultureInfo.InvariantCulture));
        var stream = client.GetStream();
        await stream.WriteAsync(request.ToArray());
        var size = new byte[4];
        await stream.ReadExactlyAsync(size);
        var answer = new byte[BinaryPrimitives.ReadInt32BigEndian(size)];
        await stream.ReadExactlyAsync(answer);
        return answer[4..];
    }

    private static Frame Fetch(string topic)
    {
        var frame = new Frame(1, 4);
        frame.Int32(-1); // no replica
        frame.Int32(0); // no wait
        frame.Int32(1);
        frame.Int32(1 << 20);
        frame.Byte(0); // read_uncommitted
        frame.Int32(1);
        frame.Text(topic);
        frame.Int32(1);
        frame.Int32(0); // partition
        frame.Int64(0); // offset
        frame.Int32(1 << 20);
        return frame;
    }

    private sealed class Frame
    {
        private readonly List<byte> _bytes = [0, 0, 0, 0];

        public Frame(short key, short version)
        {
            Int16(key);
            Int16(version);
            Int32(1);
            Text("test");
        }

        public byte[] ToArray()
        {
            var bytes = _bytes.ToArray();
            BinaryPrimitives.WriteInt32BigEndian(bytes, bytes.Length - 4);
            return bytes;
        }

        public void Byte(byte value) => _bytes.Add(value);

        public void Int16(short value) => _bytes.AddRange([unchecked((byte)(value >> 8)), unchecked((byte)value)]);

        public void Int32(int value)
        {
            Int16((short)(value >> 16));
            Int16(unchecked((short)value));
        }

        public void Int64(long value)
        {
            Int32((int)(value >> 32));
            Int32(unchecked((int)value));
        }

        public void Text(string value)
        {
            Int16((short)Encoding.UTF8.GetByteCount(value));
            _bytes.AddRange(Encoding.UTF8.GetBytes(value));
        }
    }
}
