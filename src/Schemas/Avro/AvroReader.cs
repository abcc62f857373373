using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Text;

namespace Streams.Schemas.Avro;

/// <summary>
/// Reads Avro binary (specification 1.12, "Binary Encoding") in place. Every length and count is checked against what is left
/// before anything is allocated, so that a hostile message costs no more than its own size.
/// </summary>
public ref struct AvroReader(ReadOnlySpan<byte> data)
{
    static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>How many items of no bytes at all (null, empty records) a message may claim, over all its blocks; the data cannot bound them.</summary>
    public const int MaxZeroByteItems = 100_000;

    readonly ReadOnlySpan<byte> _data = data;
    int _zeroByteItems;
    int _emptyRecords;

    /// <summary>Bytes read so far.</summary>
    public int Position { get; private set; }

    /// <summary>Bytes not yet read.</summary>
    public readonly int Remaining => _data.Length - Position;

    /// <summary>The bytes between an earlier <see cref="Position"/> and the present one.</summary>
    public readonly ReadOnlySpan<byte> Since(int position) => _data[position..Position];

    public bool ReadBoolean() => Take(1)[0] switch
    {
        0 => false,
        1 => true,
        var other => throw new AvroException($"A boolean is 0 or 1, found {other} at byte {Position - 1}"),
    };

    public int ReadInt()
    {
        var value = ReadLong();
        return value is >= int.MinValue and <= int.MaxValue ? (int)value : throw new AvroException($"{value} does not fit an int, before byte {Position}");
    }

    /// <summary>A zig-zag variable-length long, at most 10 bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public long ReadLong()
    {
        // Lengths and counts are nearly always one byte.
        if ((uint)Position >= (uint)_data.Length || _data[Position] >= 0x80) return ReadLongSlowly();
        var b = (long)_data[Position++];
        return (b >> 1) ^ -(b & 1);
    }

    long ReadLongSlowly()
    {
        ulong value = 0;
        var data = _data;
        var position = Position;
        for (var shift = 0; shift < 70; shift += 7)
        {
            if ((uint)position >= (uint)data.Length) throw new AvroException($"The data ends inside a number at byte {position}");
            var b = data[position++];
            if (shift == 63 && b > 1) break;
            value |= (ulong)(b & 0x7F) << shift;
            if ((b & 0x80) != 0) continue;
            Position = position;
            return unchecked((long)(value >> 1) ^ -(long)(value & 1));
        }
        throw new AvroException($"A number of more than 64 bits at byte {Position}");
    }

    public float ReadFloat() => BinaryPrimitives.ReadSingleLittleEndian(Take(4));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(8));

    /// <summary>Length-prefixed bytes, in place.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        var length = ReadLong();
        if (length < 0 || length > Remaining) throw new AvroException($"A length of {length} with {Remaining} bytes left, at byte {Position}");
        return Take((int)length);
    }

    /// <summary>Fixed-size bytes, in place.</summary>
    public ReadOnlySpan<byte> ReadFixed(int size) => Take(size);

    /// <summary>A string; invalid UTF-8 is an error, never replaced.</summary>
    public string ReadString()
    {
        var bytes = ReadBytes();
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new AvroException($"Invalid UTF-8 in the string that ends at byte {Position}", e);
        }
    }

    /// <summary>
    /// The number of items in the next block of an array or map; 0 ends it. A negative count on the wire is followed by the block's size
    /// in bytes, which is read here. The count is bounded by the bytes left divided by <paramref name="minimumItemSize"/>.
    /// </summary>
    public int ReadBlockCount(int minimumItemSize)
    {
        var count = ReadLong();
        if (count < 0)
        {
            if (count == long.MinValue) throw new AvroException($"A block count out of range at byte {Position}");
            count = -count;
            var size = ReadLong();
            if (size < 0 || size > Remaining) throw new AvroException($"A block of {size} bytes with {Remaining} left, at byte {Position}");
        }
        var most = minimumItemSize == 0 ? MaxZeroByteItems - _zeroByteItems : Remaining / minimumItemSize;
        if (minimumItemSize == 0 && count <= most) _zeroByteItems += (int)count;
        return count <= most ? (int)count : throw new AvroException($"A block of {count} items where {most} at most can follow, at byte {Position}");
    }

    /// <summary>Counts a record that took no byte: a schema of such records within records can ask for any number of them.</summary>
    internal void CountEmptyRecord()
    {
        if (++_emptyRecords > MaxZeroByteItems) throw new AvroException($"More than {MaxZeroByteItems} records of no bytes, at byte {Position}");
    }

    /// <summary>The branch of a union of <paramref name="branches"/> branches.</summary>
    public int ReadUnionIndex(int branches)
    {
        var index = ReadLong();
        return index >= 0 && index < branches ? (int)index : throw new AvroException($"Union branch {index} of {branches}, before byte {Position}");
    }

    /// <summary>An error unless everything was read.</summary>
    public readonly void ExpectEnd()
    {
        if (Remaining != 0) throw new AvroException($"{Remaining} bytes are left behind the value that ends at byte {Position}");
    }

    ReadOnlySpan<byte> Take(int length)
    {
        if ((uint)length > (uint)Remaining) throw new AvroException($"{length} bytes are needed and {Remaining} are left, at byte {Position}");
        var slice = _data.Slice(Position, length);
        Position += length;
        return slice;
    }
}
