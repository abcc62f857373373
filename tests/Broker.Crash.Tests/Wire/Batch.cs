using System.Buffers.Binary;
using System.Numerics;

namespace Streams.Broker.Crash.Tests.Wire;

/// <summary>Who writes: a producer id with its epoch and next sequence number; (-1, -1, -1) for a plain producer.</summary>
internal readonly record struct Stamp(long ProducerId, short Epoch, int Sequence)
{
    public static Stamp Plain { get; } = new(-1, -1, -1);
}

/// <summary>A record batch of format 2 as it stands in a log.</summary>
internal sealed class Batch(byte[] bytes)
{
    private const int Header = 61;

    /// <summary>Base offset, length and leader epoch stand before what is compared: the broker sets them.</summary>
    private const int BrokersPart = 16;

    public byte[] Bytes { get; } = bytes;

    public long BaseOffset => BinaryPrimitives.ReadInt64BigEndian(Bytes);

    public int LeaderEpoch => BinaryPrimitives.ReadInt32BigEndian(Bytes.AsSpan(12));

    public uint Crc => BinaryPrimitives.ReadUInt32BigEndian(Bytes.AsSpan(17));

    public int Count => BinaryPrimitives.ReadInt32BigEndian(Bytes.AsSpan(57));

    public long LastOffset => BaseOffset + BinaryPrimitives.ReadInt32BigEndian(Bytes.AsSpan(23));

    public bool IsControl => (Bytes[22] & 0x20) != 0;

    public bool IsTransactional => (Bytes[22] & 0x10) != 0;

    public long ProducerId => BinaryPrimitives.ReadInt64BigEndian(Bytes.AsSpan(43));

    public bool CrcIsRight => Checksum(Bytes.AsSpan(21)) == Crc;

    /// <summary>Offset (from the batch's own), key and value of every record; only for batches without compression.</summary>
    public List<(int Delta, string? Key, byte[] Value)> Records => BatchRecords.Read(Bytes.AsSpan(Header), Count);

    public bool HoldsTheSameAs(Batch other) => Bytes.AsSpan(BrokersPart).SequenceEqual(other.Bytes.AsSpan(BrokersPart));

    public static byte[] Create(Stamp stamp, bool transactional, long time, IReadOnlyList<(string? Key, byte[] Value)> records)
    {
        var body = new WireWriter()
            .Int16(transactional ? 0x10 : 0).Int32(records.Count - 1).Int64(time).Int64(time)
            .Int64(stamp.ProducerId).Int16(stamp.Epoch).Int32(stamp.Sequence).Int32(records.Count);
        for (var i = 0; i < records.Count; i++) BatchRecords.Write(body, i, records[i].Key, records[i].Value);
        var covered = body.ToArray();
        return new WireWriter().Int64(0).Int32(covered.Length + 9).Int32(-1).Int8(2).Int32(unchecked((int)Checksum(covered))).Raw(covered).ToArray();
    }

    /// <summary>The whole batches that a fetch brought; a last one in part is left out.</summary>
    public static List<Batch> Split(byte[] fetched)
    {
        var batches = new List<Batch>();
        for (var position = 0; position + Header <= fetched.Length;)
        {
            var size = BinaryPrimitives.ReadInt32BigEndian(fetched.AsSpan(position + 8)) + 12;
            if (size < Header || position + size > fetched.Length) break;
            batches.Add(new Batch(fetched[position..(position + size)]));
            position += size;
        }
        return batches;
    }

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }
}
