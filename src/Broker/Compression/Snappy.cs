using System.Buffers.Binary;

namespace Streams.Broker.Compression;

/// <summary>Snappy as clients write it: bare (librdkafka), or in the framing of the Java library (magic, two versions, then blocks with their lengths).</summary>
internal static class Snappy
{
    private const int HeaderSize = 16;
    private const int BlockSize = 32 << 10;

    private static ReadOnlySpan<byte> Magic => [0x82, (byte)'S', (byte)'N', (byte)'A', (byte)'P', (byte)'P', (byte)'Y', 0];

    public static void Decompress(ReadOnlySpan<byte> bytes, BoundedBuffer into)
    {
        if (!bytes.StartsWith(Magic))
        {
            SnappyBlock.Decode(bytes, into);
            return;
        }
        while (!bytes.IsEmpty)
        {
            if (bytes.StartsWith(Magic))
            {
                if (bytes.Length < HeaderSize) throw Malformed("the header is cut off");
                bytes = bytes[HeaderSize..];
                continue;
            }
            if (bytes.Length < 4) throw Malformed("the length of a block is cut off");
            var length = BinaryPrimitives.ReadInt32BigEndian(bytes);
            if (length < 0 || length > bytes.Length - 4) throw Malformed("a block is too long");
            SnappyBlock.Decode(bytes.Slice(4, length), into);
            bytes = bytes[(4 + length)..];
        }
    }

    /// <summary>In the Java library's framing, with its block size.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> bytes)
    {
        var blocks = bytes.Length / BlockSize + 1;
        var target = new byte[HeaderSize + blocks * (4 + SnappyBlock.Bound(BlockSize))];
        Magic.CopyTo(target);
        BinaryPrimitives.WriteInt32BigEndian(target.AsSpan(8), 1);
        BinaryPrimitives.WriteInt32BigEndian(target.AsSpan(12), 1);
        var written = HeaderSize;
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(bytes.Length, BlockSize)..])
        {
            var size = SnappyBlock.Encode(bytes[..Math.Min(bytes.Length, BlockSize)], target.AsSpan(written + 4));
            BinaryPrimitives.WriteInt32BigEndian(target.AsSpan(written), size);
            written += 4 + size;
        }
        return target[..written];
    }

    private static CompressionException Malformed(string what) => new($"snappy: {what}");
}
