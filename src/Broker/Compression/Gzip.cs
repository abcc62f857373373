using System.IO.Compression;

namespace Streams.Broker.Compression;

/// <summary>
/// gzip (RFC 1952) by the platform's own implementation. That takes an input which is cut off for one that ends; whoever reads records from it
/// knows how many there are.
/// </summary>
internal static class Gzip
{
    private const int Chunk = 16 << 10;

    public static void Decompress(ReadOnlySpan<byte> bytes, BoundedBuffer into)
    {
        try
        {
            using var stream = new GZipStream(new MemoryStream(bytes.ToArray(), writable: false), CompressionMode.Decompress);
            var chunk = new byte[Chunk];
            for (var read = stream.Read(chunk); read > 0; read = stream.Read(chunk)) into.Append(chunk.AsSpan(0, read));
        }
        catch (InvalidDataException e)
        {
            throw new CompressionException($"gzip: {e.Message}");
        }
    }

    public static byte[] Compress(ReadOnlySpan<byte> bytes)
    {
        var target = new MemoryStream();
        using (var stream = new GZipStream(target, CompressionLevel.Fastest, leaveOpen: true)) stream.Write(bytes);
        return target.ToArray();
    }
}
