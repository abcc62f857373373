using System.IO.Compression;

namespace Streams.Schemas.Avro;

/// <summary>How the blocks of an object container file are compressed.</summary>
public enum ContainerCodec { Null, Deflate }

/// <summary>The layout of object container files (specification 1.12, "Object Container Files").</summary>
static class ContainerFile
{
    public const int SyncSize = 16;
    public const string SchemaKey = "avro.schema";
    public const string CodecKey = "avro.codec";

    /// <summary>"Obj" and the version.</summary>
    public static ReadOnlySpan<byte> Magic => "Obj\u0001"u8;

    /// <summary>A final block without data, which DeflateStream leaves out when nothing is written.</summary>
    static ReadOnlySpan<byte> EmptyDeflate => [3, 0];

    public static ContainerCodec ParseCodec(string name) => name switch
    {
        "null" => ContainerCodec.Null,
        "deflate" => ContainerCodec.Deflate,
        _ => throw new AvroException($"The codec '{name}' is not supported; 'null' and 'deflate' are"),
    };

    public static byte[] Compress(ContainerCodec codec, ReadOnlySpan<byte> data)
    {
        if (codec == ContainerCodec.Null) return data.ToArray();
        if (data.IsEmpty) return [.. EmptyDeflate];
        using var compressed = new MemoryStream();
        using (var deflate = new DeflateStream(compressed, CompressionLevel.Optimal, leaveOpen: true)) deflate.Write(data);
        return compressed.ToArray();
    }

    /// <summary>Inflates no more than <paramref name="limit"/> bytes, however small the block was.</summary>
    public static byte[] Decompress(ContainerCodec codec, byte[] data, int limit)
    {
        if (codec == ContainerCodec.Null) return data;
        try
        {
            using var deflate = new DeflateStream(new MemoryStream(data), CompressionMode.Decompress);
            using var plain = new MemoryStream();
            var chunk = new byte[16 * 1024];
            for (var read = deflate.Read(chunk); read > 0; read = deflate.Read(chunk))
            {
                if (plain.Length + read > limit) throw new AvroException($"A block inflates to more than {limit} bytes");
                plain.Write(chunk.AsSpan(0, read));
            }
            return plain.ToArray();
        }
        catch (InvalidDataException e)
        {
            throw new AvroException($"A block is not valid deflate data: {e.Message}", e);
        }
    }
}
