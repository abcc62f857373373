using System.Buffers.Binary;
using System.Text;

namespace Streams.Broker.Crash.Tests.Wire;

/// <summary>Reads the plain (not the compact) encoding of the Kafka protocol.</summary>
internal sealed class WireReader(byte[] bytes)
{
    private int _position;

    public int Int8() => Take(1)[0];

    public short Int16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    public int Int32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public long Int64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public string? Text()
    {
        var length = Int16();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    public byte[] Bytes()
    {
        var length = Int32();
        return length <= 0 ? [] : Take(length).ToArray();
    }

    public List<T> Array<T>(Func<WireReader, T> read)
    {
        var items = new List<T>();
        for (var left = Int32(); left > 0; left--) items.Add(read(this));
        return items;
    }

    /// <summary>The partitions of all topics.</summary>
    public List<T> Topics<T>(Func<WireReader, string, T> read)
    {
        var items = new List<T>();
        for (var topics = Int32(); topics > 0; topics--)
        {
            var topic = Text()!;
            items.AddRange(Array(r => read(r, topic)));
        }
        return items;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        var taken = bytes.AsSpan(_position, count);
        _position += count;
        return taken;
    }
}
