using System.Buffers.Binary;

namespace Streams.Broker.Compression;

/// <summary>LZ4 frames, as clients write them: blocks linked or not, checksums verified where there are any. Dictionaries are not used in Kafka.</summary>
internal static class Lz4Frame
{
    private const uint Magic = 0x184D2204;
    private const int VersionBits = 0x40, Independent = 0x20, BlockChecksum = 0x10, ContentSize = 0x08, ContentChecksum = 0x04, Reserved = 0x02, Dictionary = 0x01;
    private const uint Uncompressed = 0x80000000;
    private const int BlockSize = 64 << 10;

    public static void Decompress(ReadOnlySpan<byte> bytes, BoundedBuffer into)
    {
        if (bytes.IsEmpty) throw Malformed("no frame");
        while (!bytes.IsEmpty)
        {
            var magic = ReadUInt32(ref bytes);
            if ((magic & 0xFFFFFFF0) == 0x184D2A50) Skip(ref bytes, ReadUInt32(ref bytes));
            else if (magic == Magic) ReadFrame(ref bytes, into);
            else throw Malformed("no frame where one should start");
        }
    }

    /// <summary>One frame of independent blocks of 64 KiB without checksums, as the Java client writes it.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> bytes)
    {
        var target = new byte[15 + bytes.Length + (bytes.Length / BlockSize + 1) * 4];
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        target[4] = VersionBits | Independent;
        target[5] = 4 << 4;
        target[6] = (byte)(XxHash.Hash32(target.AsSpan(4, 2)) >> 8 & 0xFF);
        var written = 7;
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(bytes.Length, BlockSize)..])
        {
            var block = bytes[..Math.Min(bytes.Length, BlockSize)];
            var body = target.AsSpan(written + 4);
            var smaller = Lz4Block.TryEncode(block, body[..block.Length], out var size);
            if (!smaller) block.CopyTo(body);
            if (!smaller) size = block.Length;
            BinaryPrimitives.WriteUInt32LittleEndian(target.AsSpan(written), smaller ? (uint)size : (uint)size | Uncompressed);
            written += 4 + size;
        }
        return target[..(written + 4)];
    }

    private static void ReadFrame(ref ReadOnlySpan<byte> bytes, BoundedBuffer into)
    {
        var start = into.Length;
        var (flags, maxBlock, contentSize) = ReadDescriptor(ref bytes);
        if (contentSize is { } expected) into.Expect(expected);
        for (var size = ReadUInt32(ref bytes); size != 0; size = ReadUInt32(ref bytes))
        {
            var length = size & ~Uncompressed;
            if (length > maxBlock || length > bytes.Length) throw Malformed("a block is too long");
            var block = bytes[..(int)length];
            bytes = bytes[(int)length..];
            if ((flags & BlockChecksum) != 0 && ReadUInt32(ref bytes) != XxHash.Hash32(block)) throw Malformed("checksum of a block");
            if ((size & Uncompressed) != 0) into.Append(block);
            else Lz4Block.Decode(block, into, (flags & Independent) != 0 ? into.Length : start, maxBlock);
        }
        var content = into.Written[start..];
        if (contentSize is { } told && told != (ulong)content.Length) throw Malformed("the frame's size is not as told");
        if ((flags & ContentChecksum) != 0 && ReadUInt32(ref bytes) != XxHash.Hash32(content)) throw Malformed("checksum of the frame");
    }

    private static (int Flags, int MaxBlock, ulong? ContentSize) ReadDescriptor(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 3) throw Malformed("the frame's header is cut off");
        int flags = bytes[0], sizes = bytes[1];
        if ((flags & 0xC0) != VersionBits || (flags & Reserved) != 0) throw Malformed("unknown version of the frame");
        if ((flags & Dictionary) != 0) throw Malformed("dictionaries are not used");
        if ((sizes & 0x8F) != 0 || sizes >> 4 < 4) throw Malformed("unknown size of blocks");
        var length = (flags & ContentSize) != 0 ? 10 : 2;
        if (bytes.Length <= length) throw Malformed("the frame's header is cut off");
        if (bytes[length] != (XxHash.Hash32(bytes[..length]) >> 8 & 0xFF)) throw Malformed("checksum of the frame's header");
        ulong? contentSize = length == 10 ? BinaryPrimitives.ReadUInt64LittleEndian(bytes[2..]) : null;
        bytes = bytes[(length + 1)..];
        return (flags, 1 << (8 + 2 * (sizes >> 4)), contentSize);
    }

    private static uint ReadUInt32(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4) throw Malformed("ends early");
        var value = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        bytes = bytes[4..];
        return value;
    }

    private static void Skip(ref ReadOnlySpan<byte> bytes, uint count)
    {
        if (count > bytes.Length) throw Malformed("ends early");
        bytes = bytes[(int)count..];
    }

    private static CompressionException Malformed(string what) => new($"lz4: {what}");
}
