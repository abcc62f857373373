using System.Buffers.Binary;

namespace Streams.Broker.Compression;

/// <summary>Snappy's own format: the length, then literals and copies.</summary>
internal static class SnappyBlock
{
    private const int HashBits = 13;
    private const int LongestCopy = 64;

    public static void Decode(ReadOnlySpan<byte> block, BoundedBuffer into)
    {
        var i = 0;
        var size = ReadSize(block, ref i);
        into.Expect(size);
        var start = into.Length;
        var left = (int)size;
        while (i < block.Length)
        {
            var tag = block[i++];
            if ((tag & 3) == 0)
            {
                var length = LiteralLength(block, ref i, tag);
                if (length > left || length > block.Length - i) throw Malformed("literals behind the end");
                into.Append(block.Slice(i, (int)length));
                i += (int)length;
                left -= (int)length;
            }
            else
            {
                var (distance, length) = ReadCopy(block, ref i, tag);
                if (distance == 0 || distance > (uint)(into.Length - start)) throw Malformed("a copy before the start");
                if (length > left) throw Malformed("a copy behind the end");
                into.CopyBack((int)distance, length);
                left -= length;
            }
        }
        if (left != 0) throw Malformed("ends early");
    }

    /// <summary>Compresses up to 64 KiB.</summary>
    public static int Encode(ReadOnlySpan<byte> block, Span<byte> target)
    {
        Span<int> table = stackalloc int[1 << HashBits];
        table.Fill(-1);
        var written = 0;
        for (var rest = (uint)block.Length; ; rest >>= 7)
        {
            target[written++] = (byte)(rest < 0x80 ? rest : rest & 0x7F | 0x80);
            if (rest < 0x80) break;
        }
        int start = 0, i = 0;
        while (i <= block.Length - 4)
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(block[i..]);
            ref var slot = ref table[(int)(unchecked(word * 0x1E35A7BD) >> (32 - HashBits))];
            var candidate = slot;
            slot = i;
            if (candidate < 0 || BinaryPrimitives.ReadUInt32LittleEndian(block[candidate..]) != word)
            {
                i++;
                continue;
            }
            WriteLiterals(block[start..i], target, ref written);
            var length = block[candidate..].CommonPrefixLength(block[i..]);
            WriteCopies(i - candidate, length, target, ref written);
            i += length;
            start = i;
        }
        WriteLiterals(block[start..], target, ref written);
        return written;
    }

    /// <summary>Bytes that so many can take at most.</summary>
    public static int Bound(int length) => 32 + length + length / 6;

    private static void WriteLiterals(ReadOnlySpan<byte> literals, Span<byte> target, ref int written)
    {
        if (literals.IsEmpty) return;
        var last = literals.Length - 1;
        target[written++] = (byte)((last < 60 ? last : last < 256 ? 60 : 61) << 2);
        if (last >= 60) target[written++] = (byte)(last & 0xFF);
        if (last >= 256) target[written++] = (byte)(last >> 8);
        literals.CopyTo(target[written..]);
        written += literals.Length;
    }

    private static void WriteCopies(int distance, int length, Span<byte> target, ref int written)
    {
        for (; length > 0; length -= LongestCopy)
        {
            target[written++] = (byte)((Math.Min(length, LongestCopy) - 1) << 2 | 2);
            BinaryPrimitives.WriteUInt16LittleEndian(target[written..], (ushort)distance);
            written += 2;
        }
    }

    private static uint ReadSize(ReadOnlySpan<byte> block, ref int i)
    {
        ulong size = 0;
        for (var shift = 0; shift <= 28 && i < block.Length; shift += 7)
        {
            var b = block[i++];
            size |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return size <= uint.MaxValue ? (uint)size : throw Malformed("its length");
        }
        throw Malformed("its length");
    }

    private static long LiteralLength(ReadOnlySpan<byte> block, ref int i, byte tag)
    {
        var code = tag >> 2;
        if (code < 60) return code + 1;
        long length = 0;
        var bytes = code - 59;
        if (bytes > block.Length - i) throw Malformed("a length is cut off");
        for (var b = 0; b < bytes; b++) length |= (long)block[i++] << (8 * b);
        return length + 1;
    }

    private static (uint Distance, int Length) ReadCopy(ReadOnlySpan<byte> block, ref int i, byte tag)
    {
        var bytes = (tag & 3) switch { 1 => 1, 2 => 2, _ => 4 };
        if (bytes > block.Length - i) throw Malformed("a copy is cut off");
        var at = block[i..];
        i += bytes;
        return (tag & 3) switch
        {
            1 => ((uint)(tag >> 5 << 8 | at[0]), (tag >> 2 & 7) + 4),
            2 => (BinaryPrimitives.ReadUInt16LittleEndian(at), (tag >> 2) + 1),
            _ => (BinaryPrimitives.ReadUInt32LittleEndian(at), (tag >> 2) + 1),
        };
    }

    private static CompressionException Malformed(string what) => new($"snappy: {what}");
}
