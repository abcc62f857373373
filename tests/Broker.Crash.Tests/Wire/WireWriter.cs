using System.Buffers.Binary;
using System.Text;

namespace Streams.Broker.Crash.Tests.Wire;

/// <summary>Writes the plain (not the compact) encoding of the Kafka protocol.</summary>
internal sealed class WireWriter
{
    private readonly MemoryStream _stream = new();

    public byte[] ToArray() => _stream.ToArray();

    public WireWriter Int8(int value)
    {
        _stream.WriteByte((byte)value);
        return this;
    }

    public WireWriter Int16(int value)
    {
        Span<byte> bytes = stackalloc byte[2];
        BinaryPrimitives.WriteInt16BigEndian(bytes, (short)value);
        return Raw(bytes);
    }

    public WireWriter Int32(int value)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return Raw(bytes);
    }

    public WireWriter Int64(long value)
    {
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, value);
        return Raw(bytes);
    }

    public WireWriter Text(string? value) => value is null ? Int16(-1) : Int16(value.Length).Raw(Encoding.UTF8.GetBytes(value));

    public WireWriter Bytes(byte[] value) => Int32(value.Length).Raw(value);

    public WireWriter Array<T>(IReadOnlyCollection<T>? items, Action<WireWriter, T> write)
    {
        if (items is null) return Int32(-1);
        Int32(items.Count);
        foreach (var item in items) write(this, item);
        return this;
    }

    /// <summary>Topics, each with its partitions, as most requests hold them.</summary>
    public WireWriter Topics<T>(IEnumerable<T> items, Func<T, string> topic, Action<WireWriter, T> write) =>
        Array(items.GroupBy(topic, StringComparer.Ordinal).ToList(), (w, group) => w.Text(group.Key).Array(group.ToList(), write));

    /// <summary>An integer of variable length, zigzag.</summary>
    public WireWriter Varint(long value)
    {
        var bits = unchecked((ulong)((value << 1) ^ (value >> 63)));
        for (; bits >= 0x80; bits >>= 7) _stream.WriteByte((byte)(bits & 0x7F | 0x80));
        _stream.WriteByte((byte)bits);
        return this;
    }

    public WireWriter Raw(ReadOnlySpan<byte> bytes)
    {
        _stream.Write(bytes);
        return this;
    }
}
