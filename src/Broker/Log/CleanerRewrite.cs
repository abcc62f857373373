using System.Buffers;
using System.Buffers.Binary;
using Streams.Broker.Compression;

namespace Streams.Broker.Log;

/// <summary>Writes what compaction leaves of a batch: offsets, sequences, epoch and the range of offsets stay those of the original.</summary>
internal static class CleanerRewrite
{
    private const short CodecBits = 0x07, HorizonBit = 0x40;
    private const int NoTimestamp = -1;

    /// <summary>The batch with the marked records alone, in its own codec where that is written.</summary>
    /// <param name="horizon">The delete horizon to give it: it takes the place of the base timestamp. Null leaves it as it is.</param>
    public static ReadOnlySpan<byte> WithRecords(ReadOnlySpan<byte> bytes, List<bool> kept, long? horizon)
    {
        var batch = new RecordBatch(bytes);
        var baseTimestamp = horizon ?? batch.BaseTimestamp;
        var records = new ArrayBufferWriter<byte>(bytes.Length);
        var (count, newest) = CopyRecords(batch, kept, baseTimestamp, records);
        var codec = Codecs.ToWrite((Codec)batch.Codec);
        var body = codec == Codec.None ? records.WrittenSpan : Codecs.Compress(codec, records.WrittenSpan);
        var target = new byte[RecordBatch.HeaderSize + body.Length];
        body.CopyTo(target.AsSpan(RecordBatch.HeaderSize));
        var attributes = (batch.Attributes & ~CodecBits) | (int)codec | (horizon is null ? 0 : HorizonBit);
        WriteHeader(target, bytes, (short)attributes, baseTimestamp, batch.IsLogAppendTime ? batch.MaxTimestamp : newest, count);
        return target;
    }

    /// <summary>The batch without records, as Kafka leaves it: no codec, no horizon, no base timestamp.</summary>
    public static ReadOnlySpan<byte> Emptied(ReadOnlySpan<byte> bytes)
    {
        var batch = new RecordBatch(bytes);
        var target = new byte[RecordBatch.HeaderSize];
        WriteHeader(target, bytes, (short)(batch.Attributes & ~(CodecBits | HorizonBit)), NoTimestamp, batch.MaxTimestamp, 0);
        return target;
    }

    private static void WriteHeader(Span<byte> target, ReadOnlySpan<byte> original, short attributes, long baseTimestamp, long maxTimestamp, int count)
    {
        original[..RecordBatch.HeaderSize].CopyTo(target);
        BinaryPrimitives.WriteInt32BigEndian(target[8..], target.Length - RecordBatch.LengthOverhead);
        BinaryPrimitives.WriteInt16BigEndian(target[21..], attributes);
        BinaryPrimitives.WriteInt64BigEndian(target[27..], baseTimestamp);
        BinaryPrimitives.WriteInt64BigEndian(target[35..], maxTimestamp);
        BinaryPrimitives.WriteInt32BigEndian(target[57..], count);
        BinaryPrimitives.WriteUInt32BigEndian(target[17..], Crc32C.Compute(target[21..]));
    }

    private static (int Count, long Newest) CopyRecords(RecordBatch batch, List<bool> kept, long baseTimestamp, ArrayBufferWriter<byte> target)
    {
        var (index, count, newest) = (0, 0, long.MinValue);
        using var records = new RecordIterator(batch, Records.DecompressedLimit);
        while (records.MoveNext())
        {
            if (!kept[index++]) continue;
            count++;
            newest = Math.Max(newest, records.Current.Timestamp);
            WriteRecord(records.Current, baseTimestamp, target);
        }
        return (count, newest);
    }

    private static void WriteRecord(RecordView record, long baseTimestamp, ArrayBufferWriter<byte> target)
    {
        Span<byte> head = stackalloc byte[32];
        head[0] = record.Attributes;
        var length = 1;
        length += WriteVarint(head[length..], unchecked(record.Timestamp - baseTimestamp));
        length += WriteVarint(head[length..], record.OffsetDelta);
        Span<byte> size = stackalloc byte[10];
        target.Write(size[..WriteVarint(size, length + record.Body.Length)]);
        target.Write(head[..length]);
        target.Write(record.Body);
    }

    // Zigzag integers of variable length.
    private static int WriteVarint(Span<byte> target, long value)
    {
        var rest = unchecked((ulong)(value << 1 ^ value >> 63));
        var length = 0;
        for (; rest >= 0x80; rest >>= 7) target[length++] = (byte)(rest & 0x7F | 0x80);
        target[length++] = (byte)rest;
        return length;
    }
}
