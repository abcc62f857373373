using System.Buffers;
using System.Security.Cryptography;

namespace Streams.Schemas.Identity;

/// <summary>What a document's maker puts down as its content, and whoever takes it holds it to: SHA-256 in lower-case hex over the Avro binary with the hash field empty.</summary>
public static class DocumentHash
{
    public static string Of(ErpDocument document)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        (document with { ContentHash = "" }).Write(buffer);
        return Convert.ToHexStringLower(SHA256.HashData(buffer.WrittenSpan));
    }

    /// <summary>The document with its hash.</summary>
    public static ErpDocument Put(ErpDocument document) => document with { ContentHash = Of(document) };
}
