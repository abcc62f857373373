using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;
using Streams.Broker.Log;

namespace Streams.Broker.Metadata;

/// <summary>
/// The frame of a journal entry: length of the JSON, checksum, how far the file was durable when the frame was written, JSON. The checksum is the CRC-32C of what
/// follows it and the frame's position: a frame of an older journal that comes up in a tail is no frame.
/// </summary>
internal static class JournalFrame
{
    public const int HeaderSize = 16;
    public const int MaxLength = 16 << 20;

    /// <summary>The frame of an entry, to be sealed when its place is known.</summary>
    /// <exception cref="InvalidOperationException">The entry is longer than a frame may be.</exception>
    public static Memory<byte> Create(JournalEntry entry)
    {
        var frame = new ArrayBufferWriter<byte>(256);
        frame.GetSpan(HeaderSize)[..HeaderSize].Clear();
        frame.Advance(HeaderSize);
        using (var writer = new Utf8JsonWriter(frame)) JsonSerializer.Serialize(writer, entry, JournalJson.Default.JournalEntry);
        var length = frame.WrittenCount - HeaderSize;
        if (length > MaxLength) throw new InvalidOperationException($"journal entry of {length} bytes");
        var bytes = MemoryMarshal.AsMemory(frame.WrittenMemory);
        BinaryPrimitives.WriteInt32BigEndian(bytes.Span, length);
        return bytes;
    }

    /// <summary>Writes how far the file is durable, and the checksum.</summary>
    public static void Seal(Span<byte> frame, long position, long durable)
    {
        BinaryPrimitives.WriteInt64BigEndian(frame[8..], durable);
        BinaryPrimitives.WriteUInt32BigEndian(frame[4..], Checksum(frame, position));
    }

    public static bool IsSound(ReadOnlySpan<byte> frame, long position) => BinaryPrimitives.ReadUInt32BigEndian(frame[4..]) == Checksum(frame, position);

    /// <exception cref="InvalidDataException">The frame is whole, but its entry is not one that this version knows.</exception>
    public static JournalEntry Entry(ReadOnlySpan<byte> json, long position)
    {
        try
        {
            return JsonSerializer.Deserialize(json, JournalJson.Default.JournalEntry)!;
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new InvalidDataException($"the broker's journal has an entry at byte {position} that this version cannot read", e);
        }
    }

    private static uint Checksum(ReadOnlySpan<byte> frame, long position) => Crc32C.Compute(frame[8..]) ^ unchecked((uint)position);
}
