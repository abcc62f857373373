using System.Buffers;
using System.Buffers.Binary;

namespace Streams.Schemas.Registry;

/// <summary>Confluent's wire format: byte 0, the schema id as four bytes big-endian, then the Avro binary.</summary>
public static class WireFormat
{
    /// <summary>Bytes before the payload.</summary>
    public const int HeaderSize = 5;

    /// <summary>Writes the five header bytes.</summary>
    public static void WriteHeader(IBufferWriter<byte> output, int schemaId)
    {
        var span = output.GetSpan(HeaderSize);
        span[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(span[1..], schemaId);
        output.Advance(HeaderSize);
    }

    /// <summary>Splits a value into schema id and payload; false when it is too short or does not start with byte 0.</summary>
    public static bool TryRead(ReadOnlySpan<byte> value, out int schemaId, out ReadOnlySpan<byte> payload)
    {
        schemaId = 0;
        payload = default;
        if (value.Length < HeaderSize || value[0] != 0) return false;
        schemaId = BinaryPrimitives.ReadInt32BigEndian(value[1..]);
        payload = value[HeaderSize..];
        return true;
    }
}
