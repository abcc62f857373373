namespace Streams.Broker.Compression;

/// <summary>How the records of a batch are compressed; the values are those of the batch's attributes.</summary>
internal enum Codec
{
    None = 0,
    Gzip = 1,
    Snappy = 2,
    Lz4 = 3,
    Zstd = 4,
}

internal static class Codecs
{
    /// <summary>Decompresses the records of a batch into the buffer, whose limit holds.</summary>
    /// <exception cref="CompressionException">The bytes are malformed, too many, or of an unknown codec.</exception>
    public static void Decompress(Codec codec, ReadOnlySpan<byte> bytes, BoundedBuffer into)
    {
        switch (codec)
        {
            case Codec.None: into.Append(bytes); break;
            case Codec.Gzip: Gzip.Decompress(bytes, into); break;
            case Codec.Snappy: Snappy.Decompress(bytes, into); break;
            case Codec.Lz4: Lz4Frame.Decompress(bytes, into); break;
            case Codec.Zstd: ZstdFrame.Decompress(bytes, into); break;
            default: throw new CompressionException($"codec {(int)codec} is not known");
        }
    }

    /// <summary>The codec to write with where records came in this one. Zstandard is read alone: gzip comes nearest to its size, and every client reads it.</summary>
    public static Codec ToWrite(Codec received) => received == Codec.Zstd ? Codec.Gzip : received;

    /// <exception cref="ArgumentOutOfRangeException">The codec is not one of <see cref="ToWrite"/>.</exception>
    public static byte[] Compress(Codec codec, ReadOnlySpan<byte> bytes) => codec switch
    {
        Codec.None => bytes.ToArray(),
        Codec.Gzip => Gzip.Compress(bytes),
        Codec.Snappy => Snappy.Compress(bytes),
        Codec.Lz4 => Lz4Frame.Compress(bytes),
        _ => throw new ArgumentOutOfRangeException(nameof(codec), codec, "is not written"),
    };
}
