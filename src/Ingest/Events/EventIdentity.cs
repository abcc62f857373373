using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using Streams.Schemas;

namespace Streams.Ingest.Events;

/// <summary>Hashes that follow from an event alone, so that every machine and every repetition gets the same.</summary>
static class EventIdentity
{
    /// <summary>The correlation id of an event that came without one: 32 hexadecimal digits of SHA-256 over source, NUL, id.</summary>
    public static string CorrelationId(string source, string id) => Hex(SHA256.HashData(Encoding.UTF8.GetBytes($"{source}\0{id}")));

    /// <summary>Half of SHA-256 over the identity.</summary>
    public static UInt128 Key(UsageEvent usage) => Half(SHA256.HashData(Encoding.UTF8.GetBytes($"{usage.Source}\0{usage.Id}")));

    /// <summary>Half of SHA-256 over the Avro binary. Dimensions are written in their own order, which the readers make ordinal.</summary>
    public static UInt128 Content(UsageEvent usage)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        usage.Write(buffer);
        return Half(SHA256.HashData(buffer.WrittenSpan));
    }

    /// <summary>The first 128 bits as 32 lower-case hexadecimal digits.</summary>
    public static string Hex(ReadOnlySpan<byte> hash) => Convert.ToHexStringLower(hash[..16]);

    static UInt128 Half(ReadOnlySpan<byte> hash) => System.Buffers.Binary.BinaryPrimitives.ReadUInt128BigEndian(hash);
}
