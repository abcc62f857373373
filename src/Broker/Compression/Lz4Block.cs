using System.Buffers.Binary;

namespace Streams.Broker.Compression;

/// <summary>One block of LZ4: sequences of literals and matches, the last of literals alone.</summary>
internal static class Lz4Block
{
    private const int MinMatch = 4;
    /// <summary>The format's rules for writers: no match starts in the last 12 bytes, and the last 5 are literals.</summary>
    private const int NoMatchIn = 12, LastLiterals = 5;
    private const int HashBits = 13;

    /// <param name="windowStart">Matches may reach back to here in what was written.</param>
    /// <param name="maxSize">Bytes that the block may hold.</param>
    public static void Decode(ReadOnlySpan<byte> block, BoundedBuffer into, int windowStart, int maxSize)
    {
        var i = 0;
        var left = maxSize;
        while (i < block.Length)
        {
            var token = block[i++];
            var literals = ReadLength(block, ref i, token >> 4);
            if (literals > block.Length - i || literals > left) throw Malformed("literals behind the end of a block");
            into.Append(block.Slice(i, (int)literals));
            i += (int)literals;
            left -= (int)literals;
            if (i == block.Length) return;
            if (block.Length - i < 2) throw Malformed("a match is cut off");
            var distance = BinaryPrimitives.ReadUInt16LittleEndian(block[i..]);
            i += 2;
            var match = ReadLength(block, ref i, token & 15) + MinMatch;
            if (match > left) throw Malformed("a block longer than its frame allows");
            if (distance == 0 || distance > into.Length - windowStart) throw Malformed("a match before the start");
            into.CopyBack(distance, (int)match);
            left -= (int)match;
        }
        throw Malformed("a block without its last literals");
    }

    /// <summary>Compresses a block, or says false where that makes it no smaller.</summary>
    public static bool TryEncode(ReadOnlySpan<byte> block, Span<byte> target, out int written)
    {
        Span<int> table = stackalloc int[1 << HashBits];
        table.Fill(-1);
        written = 0;
        int start = 0, i = 0;
        while (i <= block.Length - NoMatchIn - 1)
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(block[i..]);
            ref var slot = ref table[(int)(unchecked(word * 2654435761) >> (32 - HashBits))];
            var candidate = slot;
            slot = i;
            if (candidate < 0 || i - candidate > ushort.MaxValue || BinaryPrimitives.ReadUInt32LittleEndian(block[candidate..]) != word)
            {
                i++;
                continue;
            }
            var most = block.Length - LastLiterals - i;
            var length = block.Slice(candidate, most).CommonPrefixLength(block.Slice(i, most));
            if (!TryWrite(block[start..i], i - candidate, length, target, ref written)) return false;
            i += length;
            start = i;
        }
        return TryWrite(block[start..], 0, 0, target, ref written);
    }

    private static bool TryWrite(ReadOnlySpan<byte> literals, int distance, int match, Span<byte> target, ref int written)
    {
        if (written + literals.Length + literals.Length / 255 + match / 255 + 8 > target.Length) return false;
        var extra = match - MinMatch;
        target[written++] = (byte)((Math.Min(literals.Length, 15) << 4) | (match == 0 ? 0 : Math.Min(extra, 15)));
        WriteLength(literals.Length, target, ref written);
        literals.CopyTo(target[written..]);
        written += literals.Length;
        if (match == 0) return true;
        BinaryPrimitives.WriteUInt16LittleEndian(target[written..], (ushort)distance);
        written += 2;
        WriteLength(extra, target, ref written);
        return true;
    }

    private static void WriteLength(int length, Span<byte> target, ref int written)
    {
        if (length < 15) return;
        for (length -= 15; length >= 255; length -= 255) target[written++] = 255;
        target[written++] = (byte)length;
    }

    private static long ReadLength(ReadOnlySpan<byte> block, ref int i, int nibble)
    {
        long length = nibble;
        if (nibble < 15) return length;
        while (i < block.Length)
        {
            var more = block[i++];
            length += more;
            if (more < 255) return length;
        }
        throw Malformed("a length is cut off");
    }

    private static CompressionException Malformed(string what) => new($"lz4: {what}");
}
