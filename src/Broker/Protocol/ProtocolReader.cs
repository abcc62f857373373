using System.Buffers.Binary;
using System.Text;

namespace Streams.Broker.Protocol;

/// <summary>
/// Reads the protocol's primitive types from one frame. In flexible versions strings and arrays have compact lengths and structures end with tagged fields.
/// Every length and count is checked against what is left of the frame before anything is allocated.
/// </summary>
internal ref struct ProtocolReader(ReadOnlySpan<byte> frame, bool flexible)
{
    private readonly ReadOnlySpan<byte> _frame = frame;
    private int _position;

    public bool Flexible { get; set; } = flexible;

    public readonly int Remaining => _frame.Length - _position;

    public readonly int Position => _position;

    public sbyte ReadInt8() => (sbyte)unchecked((sbyte)Take(1)[0]);

    public bool ReadBool() => Take(1)[0] != 0;

    public short ReadInt16() => BinaryPrimitives.ReadInt16BigEndian(Take(2));

    public int ReadInt32() => BinaryPrimitives.ReadInt32BigEndian(Take(4));

    public long ReadInt64() => BinaryPrimitives.ReadInt64BigEndian(Take(8));

    public Guid ReadUuid() => new(Take(16), bigEndian: true);

    public uint ReadVarUInt()
    {
        uint value = 0;
        for (var shift = 0; shift < 35; shift += 7)
        {
            var b = Take(1)[0];
            if (shift == 28 && b > 0x0F) throw new MalformedRequestException("variable-length integer above 32 bits");
            value |= (uint)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw new MalformedRequestException("variable-length integer without an end");
    }

    public string? ReadNullableString()
    {
        var length = Flexible ? ReadCompactLength() : ReadInt16();
        return length < 0 ? null : Encoding.UTF8.GetString(Take(length));
    }

    public string ReadString() => ReadNullableString() ?? throw new MalformedRequestException("null where a string is required");

    /// <summary>The bytes, or an empty span where they are null.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        var length = Flexible ? ReadCompactLength() : ReadInt32();
        return length < 0 ? default : Take(length);
    }

    /// <summary>The place of nullable bytes in the frame, for those that are written on as they are; length -1 where null.</summary>
    public (int Position, int Length) ReadBytesRange()
    {
        var length = Flexible ? ReadCompactLength() : ReadInt32();
        var start = _position;
        if (length > 0) Take(length);
        return (start, length);
    }

    /// <summary>The number of elements, -1 for a null array. <paramref name="elementSize"/> is the fewest bytes that one element takes.</summary>
    public int ReadArrayLength(int elementSize = 1)
    {
        var count = Flexible ? ReadCompactLength() : ReadInt32();
        if (count < -1 || (long)count * elementSize > Remaining)
            throw new MalformedRequestException($"an array of {count} elements in a frame with {Remaining} bytes left");
        return count;
    }

    public int[] ReadInt32Array()
    {
        var values = new int[Math.Max(0, ReadArrayLength(4))];
        for (var i = 0; i < values.Length; i++) values[i] = ReadInt32();
        return values;
    }

    public string[]? ReadNullableStringArray()
    {
        var count = ReadArrayLength();
        if (count < 0) return null;
        var values = new string[count];
        for (var i = 0; i < count; i++) values[i] = ReadString();
        return values;
    }

    /// <summary>Passes over the tagged fields that end a structure of a flexible version.</summary>
    public void SkipTags()
    {
        if (!Flexible) return;
        for (var left = ReadVarUInt(); left > 0; left--)
        {
            ReadVarUInt();
            var size = ReadVarUInt();
            if (size > Remaining) throw new MalformedRequestException("tagged field beyond the end of the frame");
            Take((int)size);
        }
    }

    private int ReadCompactLength()
    {
        var value = ReadVarUInt();
        if (value > int.MaxValue) throw new MalformedRequestException("length above 2 GiB");
        return (int)value - 1;
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > Remaining) throw new MalformedRequestException($"{count} bytes wanted, {Remaining} left in the frame");
        var slice = _frame.Slice(_position, count);
        _position += count;
        return slice;
    }
}
