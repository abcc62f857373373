using System.Buffers.Binary;

namespace Streams.Broker.Tests.Transactions;

/// <summary>What a test wants to know of a batch that it fetched.</summary>
public sealed record FetchedBatch(long BaseOffset, long LastOffset, long ProducerId, short Epoch, int BaseSequence, bool IsTransactional, bool IsControl, bool IsCommit);

/// <summary>Record batches of format 2, written and read without the broker's code.</summary>
public static class Batches
{
    private const int HeaderSize = 61;

    /// <summary>A batch of <paramref name="count"/> records without key, each with a value of one byte.</summary>
    public static byte[] Build(long producerId, int epoch, int sequence, int count = 1, bool transactional = true, long timestamp = -1)
    {
        // The present time: a marker a week behind it would begin a segment of its own.
        if (timestamp < 0) timestamp = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        var records = new MemoryStream();
        for (var i = 0; i < count; i++)
        {
            // attributes, timestamp delta, offset delta, no key, one byte of value, no headers; all lengths in zigzag
            byte[] body = [0, 0, .. Zigzag(i), 1, 2, (byte)'v', 0];
            records.Write([.. Zigzag(body.Length), .. body]);
        }
        var bytes = new byte[HeaderSize + records.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8), bytes.Length - 12);
        bytes[16] = 2;
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(21), (short)(transactional ? 0x10 : 0));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(23), count - 1);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(27), timestamp);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(35), timestamp);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(43), producerId);
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(51), (short)epoch);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(53), sequence);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(57), count);
        records.ToArray().CopyTo(bytes, HeaderSize);
        Seal(bytes);
        return bytes;
    }

    /// <summary>Writes the checksum of what the batch holds now.</summary>
    public static void Seal(byte[] batch) => BinaryPrimitives.WriteUInt32BigEndian(batch.AsSpan(17), Crc(batch.AsSpan(21)));

    /// <summary>The batches of a fetch; an incomplete one at the end is left out.</summary>
    public static List<FetchedBatch> Read(byte[] bytes)
    {
        var found = new List<FetchedBatch>();
        for (var at = 0; bytes.Length - at >= HeaderSize;)
        {
            var batch = bytes.AsSpan(at);
            var size = BinaryPrimitives.ReadInt32BigEndian(batch[8..]) + 12;
            if (size > batch.Length) break;
            var attributes = BinaryPrimitives.ReadInt16BigEndian(batch[21..]);
            var first = BinaryPrimitives.ReadInt64BigEndian(batch);
            var control = (attributes & 0x20) != 0;
            found.Add(new FetchedBatch(
                first, first + BinaryPrimitives.ReadInt32BigEndian(batch[23..]), BinaryPrimitives.ReadInt64BigEndian(batch[43..]),
                BinaryPrimitives.ReadInt16BigEndian(batch[51..]), BinaryPrimitives.ReadInt32BigEndian(batch[53..]),
                (attributes & 0x10) != 0, control, control && batch[HeaderSize + 8] == 1));
            at += size;
        }
        return found;
    }

    private static byte[] Zigzag(int value)
    {
        var bytes = new List<byte>();
        var left = (uint)(value << 1);
        for (; left >= 0x80; left >>= 7) bytes.Add((byte)((left & 0x7F) | 0x80));
        bytes.Add((byte)left);
        return [.. bytes];
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0x82F63B78 : crc >> 1;
        }
        return ~crc;
    }
}
