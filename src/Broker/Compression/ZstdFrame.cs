namespace Streams.Broker.Compression;

/// <summary>Reads Zstandard frames (RFC 8878) of every level; frames with a dictionary are refused, as Kafka has none. Checksums are verified.</summary>
internal static class ZstdFrame
{
    private const uint Magic = 0xFD2FB528;
    private const int RawBlock = 0, RepeatedBlock = 1, CompressedBlock = 2;

    private readonly record struct Header(ulong? ContentSize, int MaxBlock, bool HasChecksum);

    public static void Decompress(ReadOnlySpan<byte> bytes, BoundedBuffer into)
    {
        if (bytes.IsEmpty) throw Malformed("no frame");
        while (!bytes.IsEmpty)
        {
            var magic = (uint)Read(ref bytes, 4);
            if ((magic & 0xFFFFFFF0) == 0x184D2A50) Take(ref bytes, (long)Read(ref bytes, 4));
            else if (magic == Magic) ReadFrame(ref bytes, into);
            else throw Malformed("no frame where one should start");
        }
    }

    private static void ReadFrame(ref ReadOnlySpan<byte> bytes, BoundedBuffer into)
    {
        var start = into.Length;
        var header = ReadHeader(ref bytes);
        if (header.ContentSize is { } expected) into.Expect(expected);
        var decoder = new ZstdBlock(into);
        while (!ReadBlock(ref bytes, into, decoder, header.MaxBlock)) ;
        var content = into.Written[start..];
        if (header.ContentSize is { } told && told != (ulong)content.Length) throw Malformed("the frame's size is not as told");
        if (header.HasChecksum && (uint)Read(ref bytes, 4) != (uint)(XxHash.Hash64(content) & uint.MaxValue)) throw Malformed("checksum of the frame");
    }

    /// <summary>Reads one block and tells whether it was the last.</summary>
    private static bool ReadBlock(ref ReadOnlySpan<byte> bytes, BoundedBuffer into, ZstdBlock decoder, int maxBlock)
    {
        var header = (int)Read(ref bytes, 3);
        var (kind, size) = (header >> 1 & 3, header >> 3);
        if (size > maxBlock) throw Malformed("a block is too long");
        switch (kind)
        {
            case RawBlock: into.Append(Take(ref bytes, size)); break;
            case RepeatedBlock:
                var value = (byte)Read(ref bytes, 1);
                into.Take(size).Fill(value);
                break;
            case CompressedBlock: decoder.Decode(Take(ref bytes, size), maxBlock); break;
            default: throw Malformed("an unknown kind of block");
        }
        return (header & 1) != 0;
    }

    private static Header ReadHeader(ref ReadOnlySpan<byte> bytes)
    {
        var descriptor = (int)Read(ref bytes, 1);
        if ((descriptor & 0x08) != 0) throw Malformed("unknown version of the frame");
        var singleSegment = (descriptor & 0x20) != 0;
        ulong? window = singleSegment ? null : Window((int)Read(ref bytes, 1));
        if (Read(ref bytes, (descriptor & 3) switch { 0 => 0, 1 => 1, 2 => 2, _ => 4 }) != 0) throw Malformed("dictionaries are not used");
        ulong? size = (descriptor >> 6) switch
        {
            0 => singleSegment ? Read(ref bytes, 1) : null,
            1 => Read(ref bytes, 2) + 256,
            2 => Read(ref bytes, 4),
            _ => Read(ref bytes, 8),
        };
        var maxBlock = (int)Math.Min(window ?? size ?? 0, ZstdBlock.MaxSize);
        return new Header(size, maxBlock, (descriptor & 0x04) != 0);
    }

    private static ulong Window(int descriptor)
    {
        var power = 1UL << (10 + (descriptor >> 3));
        return power + power / 8 * (ulong)(descriptor & 7);
    }

    private static ulong Read(ref ReadOnlySpan<byte> bytes, int count)
    {
        ulong value = 0;
        var taken = Take(ref bytes, count);
        for (var i = 0; i < count; i++) value |= (ulong)taken[i] << (8 * i);
        return value;
    }

    private static ReadOnlySpan<byte> Take(ref ReadOnlySpan<byte> bytes, long count)
    {
        if (count > bytes.Length) throw Malformed("ends early");
        var taken = bytes[..(int)count];
        bytes = bytes[(int)count..];
        return taken;
    }

    private static CompressionException Malformed(string what) => new($"zstd: {what}");
}
