using System.Buffers.Binary;

namespace Streams.Broker.Log;

/// <summary>The header of a record batch, format 2: 61 bytes before the records, read in place. Offsets and names are those of Kafka's RecordBatch.</summary>
internal readonly ref struct RecordBatch(ReadOnlySpan<byte> bytes)
{
    public const int HeaderSize = 61;
    /// <summary>Base offset and length come before what the length counts.</summary>
    public const int LengthOverhead = 12;
    private const int CrcEnd = 21;
    private const short LogAppendTimeBit = 8;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public long BaseOffset => BinaryPrimitives.ReadInt64BigEndian(_bytes);

    /// <summary>Bytes of the whole batch, header included; a long since the field is not to be trusted.</summary>
    public long Size => (long)BinaryPrimitives.ReadInt32BigEndian(_bytes[8..]) + LengthOverhead;

    public int LeaderEpoch => BinaryPrimitives.ReadInt32BigEndian(_bytes[12..]);

    public byte Magic => _bytes[16];

    public uint Crc => BinaryPrimitives.ReadUInt32BigEndian(_bytes[17..]);

    public short Attributes => BinaryPrimitives.ReadInt16BigEndian(_bytes[21..]);

    public int LastOffsetDelta => BinaryPrimitives.ReadInt32BigEndian(_bytes[23..]);

    public long BaseTimestamp => BinaryPrimitives.ReadInt64BigEndian(_bytes[27..]);

    public long MaxTimestamp => BinaryPrimitives.ReadInt64BigEndian(_bytes[35..]);

    public long ProducerId => BinaryPrimitives.ReadInt64BigEndian(_bytes[43..]);

    public short ProducerEpoch => BinaryPrimitives.ReadInt16BigEndian(_bytes[51..]);

    public int BaseSequence => BinaryPrimitives.ReadInt32BigEndian(_bytes[53..]);

    public int RecordCount => BinaryPrimitives.ReadInt32BigEndian(_bytes[57..]);

    public ReadOnlySpan<byte> Records => _bytes[HeaderSize..];

    public long LastOffset => BaseOffset + LastOffsetDelta;

    public int Codec => Attributes & 7;

    /// <summary>The times of the records are the broker's: all are <see cref="MaxTimestamp"/>.</summary>
    public bool IsLogAppendTime => (Attributes & LogAppendTimeBit) != 0;

    public bool IsTransactional => (Attributes & 0x10) != 0;

    public bool IsControl => (Attributes & 0x20) != 0;

    /// <summary>The time from which on compaction may drop the batch's tombstones or marker (KIP-534); it stands in the place of the base timestamp.</summary>
    public long? DeleteHorizon => (Attributes & 0x40) != 0 ? BaseTimestamp : null;

    public bool HasProducer => ProducerId >= 0;

    /// <summary>The sequence number of the last record; sequences go round at 2^31.</summary>
    public int LastSequence => (int)(((long)BaseSequence + LastOffsetDelta) & int.MaxValue);

    public bool CrcIsRight => Crc32C.Compute(_bytes[CrcEnd..]) == Crc;

    /// <summary>A batch that can stand in a log: whole, format 2, checksum right, and of the fields that it does not cover those that can be told.</summary>
    public static bool IsSound(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeaderSize) return false;
        var batch = new RecordBatch(bytes);
        return batch.Magic == 2 && batch.Size == bytes.Length && batch.LastOffsetDelta >= 0 && batch.BaseOffset >= 0 && batch.LeaderEpoch == 0
            && batch.CrcIsRight;
    }

    /// <summary>Gives a batch the broker's time, or takes the mark of it away from a client's batch (null): the bytes that the checksum covers change.</summary>
    public static void WriteTimestampType(Span<byte> batch, long? appendTime)
    {
        var attributes = BinaryPrimitives.ReadInt16BigEndian(batch[21..]);
        BinaryPrimitives.WriteInt16BigEndian(batch[21..], (short)(appendTime is null ? attributes & ~LogAppendTimeBit : attributes | LogAppendTimeBit));
        if (appendTime is { } time) BinaryPrimitives.WriteInt64BigEndian(batch[35..], time);
        BinaryPrimitives.WriteUInt32BigEndian(batch[17..], Crc32C.Compute(batch[CrcEnd..]));
    }

    /// <summary>Offset and leader epoch are the fields that the broker sets in every batch; the checksum does not cover them.</summary>
    public static void WriteBaseOffset(Span<byte> batch, long offset)
    {
        BinaryPrimitives.WriteInt64BigEndian(batch, offset);
        BinaryPrimitives.WriteInt32BigEndian(batch[12..], 0);
    }
}
