using System.Buffers;
using System.Buffers.Binary;

namespace Streams.Schemas.Avro;

/// <summary>Single-object encoding: two marker bytes, the schema's CRC-64-AVRO fingerprint in little-endian order, then the binary of one datum.</summary>
public static class SingleObject
{
    /// <summary>Bytes before the payload.</summary>
    public const int HeaderSize = 10;

    /// <summary>C3 01 in the order of the wire, read as a little-endian number.</summary>
    const ushort Marker = 0x01C3;

    /// <summary>Writes the header.</summary>
    public static void WriteHeader(IBufferWriter<byte> output, ulong fingerprint)
    {
        var span = output.GetSpan(HeaderSize);
        BinaryPrimitives.WriteUInt16LittleEndian(span, Marker);
        BinaryPrimitives.WriteUInt64LittleEndian(span[2..], fingerprint);
        output.Advance(HeaderSize);
    }

    /// <summary>Splits a message into fingerprint and payload; false when it is too short or does not bear the marker.</summary>
    public static bool TryRead(ReadOnlySpan<byte> message, out ulong fingerprint, out ReadOnlySpan<byte> payload)
    {
        fingerprint = 0;
        payload = default;
        if (message.Length < HeaderSize || BinaryPrimitives.ReadUInt16LittleEndian(message) != Marker) return false;
        fingerprint = BinaryPrimitives.ReadUInt64LittleEndian(message[2..]);
        payload = message[HeaderSize..];
        return true;
    }
}
