using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;
using System.Text;

namespace Streams.Broker.Fuzz.Wire;

/// <summary>Record batches of format 2, right or wrong in one place with a CRC that is right all the same.</summary>
internal static class Batches
{
    public const int HeaderSize = 61;
    private const int CrcAt = 17;
    private const int CrcFrom = 21;

    /// <summary>A batch of <paramref name="count"/> small records.</summary>
    public static byte[] Create(int count, long producerId = -1, short epoch = -1, int sequence = -1, short attributes = 0, long timestamp = 1_700_000_000_000)
    {
        var records = Records(count);
        if ((attributes & 7) == 1) records = Gzip(records);
        var batch = new byte[HeaderSize + records.Length];
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(8), batch.Length - 12);
        batch[16] = 2;
        BinaryPrimitives.WriteInt16BigEndian(batch.AsSpan(21), attributes);
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(23), count - 1);
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(27), timestamp);
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(35), timestamp + count - 1);
        BinaryPrimitives.WriteInt64BigEndian(batch.AsSpan(43), producerId);
        BinaryPrimitives.WriteInt16BigEndian(batch.AsSpan(51), epoch);
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(53), sequence);
        BinaryPrimitives.WriteInt32BigEndian(batch.AsSpan(57), count);
        records.CopyTo(batch, HeaderSize);
        Seal(batch);
        return batch;
    }

    /// <summary>Writes the CRC that the bytes should have.</summary>
    public static void Seal(Span<byte> batch) => BinaryPrimitives.WriteUInt32BigEndian(batch[CrcAt..], Crc32C(batch[CrcFrom..]));

    /// <summary>One thing wrong: a field of the header, the records, the length; mostly with the right CRC, so that deeper layers see it.</summary>
    public static byte[] Spoil(byte[] batch, Random random)
    {
        var spoilt = (byte[])batch.Clone();
        switch (random.Next(8))
        {
            case 0: BinaryPrimitives.WriteInt32BigEndian(spoilt.AsSpan(8), Odd(random)); break;
            case 1: BinaryPrimitives.WriteInt32BigEndian(spoilt.AsSpan(57), Odd(random)); break;
            case 2: BinaryPrimitives.WriteInt32BigEndian(spoilt.AsSpan(23), Odd(random)); break;
            case 3: BinaryPrimitives.WriteInt16BigEndian(spoilt.AsSpan(21), unchecked((short)random.Next())); break;
            case 4: random.NextBytes(spoilt.AsSpan(HeaderSize)); break;
            case 5: spoilt = spoilt[..random.Next(spoilt.Length)]; break;
            case 6: BinaryPrimitives.WriteInt64BigEndian(spoilt.AsSpan(random.Next(2) == 0 ? 27 : 43), random.Next(2) == 0 ? long.MinValue : random.NextInt64()); break;
            default: spoilt[random.Next(spoilt.Length)] = (byte)random.Next(256); break;
        }
        if (spoilt.Length > CrcFrom && random.Next(8) > 0) Seal(spoilt);
        return spoilt;
    }

    /// <summary>A number that programs trip over.</summary>
    public static int Odd(Random random) => random.Next(9) switch
    {
        0 => -1, 1 => 0, 2 => 1, 3 => int.MaxValue, 4 => int.MinValue, 5 => 1 << 30, 6 => random.Next(), 7 => -random.Next(100), _ => random.Next(100_000),
    };

    private static byte[] Records(int count)
    {
        var records = new List<byte>();
        for (var i = 0; i < count; i++)
        {
            List<byte> record = [0];
            WriteVarInt(record, i);
            WriteVarInt(record, i);
            foreach (var part in new[] { $"k{i}", $"value {i}" })
            {
                WriteVarInt(record, part.Length);
                record.AddRange(Encoding.UTF8.GetBytes(part));
            }
            WriteVarInt(record, 0);
            WriteVarInt(records, record.Count);
            records.AddRange(record);
        }
        return [.. records];
    }

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest)) gzip.Write(bytes);
        return packed.ToArray();
    }

    private static void WriteVarInt(List<byte> bytes, int value)
    {
        var zigzag = unchecked((uint)((value << 1) ^ (value >> 31)));
        for (; zigzag >= 0x80; zigzag >>= 7) bytes.Add((byte)((zigzag & 0x7F) | 0x80));
        bytes.Add((byte)zigzag);
    }

    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
