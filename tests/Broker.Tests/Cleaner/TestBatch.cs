using System.Buffers.Binary;
using System.Text;
using Streams.Broker.Compression;
using Streams.Broker.Log;

namespace Streams.Broker.Tests.Cleaner;

/// <summary>A record of a test; a null value makes a tombstone.</summary>
internal sealed record TestRecord(string? Key, string? Value, long Timestamp = 0);

/// <summary>Batches as clients write them.</summary>
internal static class TestBatch
{
    public static byte[] Of(IReadOnlyList<TestRecord> records, Codec codec = Codec.None, long producerId = -1, short epoch = -1, int sequence = -1, bool transactional = false)
    {
        var body = new MemoryStream();
        for (var i = 0; i < records.Count; i++) Write(body, records[i], i, records[0].Timestamp);
        var compressed = codec == Codec.Zstd ? Zstd(body.ToArray()) : Codecs.Compress(codec, body.ToArray());
        var bytes = new byte[RecordBatch.HeaderSize + compressed.Length];
        compressed.CopyTo(bytes.AsSpan(RecordBatch.HeaderSize));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8), bytes.Length - RecordBatch.LengthOverhead);
        bytes[16] = 2;
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(21), (short)((int)codec | (transactional ? 0x10 : 0)));
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(23), records.Count - 1);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(27), records[0].Timestamp);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(35), records.Max(r => r.Timestamp));
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(43), producerId);
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(51), epoch);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(53), sequence);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(57), records.Count);
        Seal(bytes);
        return bytes;
    }

    public static void Seal(Span<byte> bytes) => BinaryPrimitives.WriteUInt32BigEndian(bytes[17..], Crc32C.Compute(bytes[21..]));

    /// <summary>The records of a batch with their offsets.</summary>
    public static List<(long Offset, TestRecord Record)> Read(ReadOnlySpan<byte> bytes)
    {
        var batch = new RecordBatch(bytes);
        var read = new List<(long, TestRecord)>();
        using var records = new RecordIterator(batch, Records.DecompressedLimit);
        while (records.MoveNext())
        {
            var record = records.Current;
            read.Add((batch.BaseOffset + record.OffsetDelta, new TestRecord(record.HasKey ? Encoding.UTF8.GetString(record.Key) : null, ValueOf(record), record.Timestamp)));
        }
        return read;
    }

    /// <summary>A frame of raw blocks: what the cleaner itself does not write.</summary>
    private static byte[] Zstd(byte[] content)
    {
        var frame = new MemoryStream();
        frame.Write([0x28, 0xB5, 0x2F, 0xFD, 0xA0, .. BitConverter.GetBytes(content.Length)]);
        var header = content.Length << 3 | 1;
        frame.Write(BitConverter.GetBytes(header).AsSpan(0, 3));
        frame.Write(content);
        return frame.ToArray();
    }

    private static string? ValueOf(RecordView record)
    {
        if (!record.HasValue) return null;
        var body = record.Body;
        ReadVarint(ref body);
        body = body[record.Key.Length..];
        var length = ReadVarint(ref body);
        return Encoding.UTF8.GetString(body[..length]);
    }

    private static int ReadVarint(ref ReadOnlySpan<byte> bytes)
    {
        long value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var b = bytes[0];
            bytes = bytes[1..];
            value |= (long)(b & 0x7F) << shift;
            if (b < 0x80) return (int)(value >> 1 ^ -(value & 1));
        }
    }

    private static void Write(MemoryStream target, TestRecord record, int delta, long baseTimestamp)
    {
        var body = new MemoryStream();
        body.WriteByte(0);
        WriteVarint(body, record.Timestamp - baseTimestamp);
        WriteVarint(body, delta);
        WriteBytes(body, record.Key);
        WriteBytes(body, record.Value);
        WriteVarint(body, 1);
        WriteBytes(body, "h");
        WriteBytes(body, record.Value);
        WriteVarint(target, body.Length);
        body.WriteTo(target);
    }

    private static void WriteBytes(MemoryStream target, string? text)
    {
        WriteVarint(target, text is null ? -1 : Encoding.UTF8.GetByteCount(text));
        if (text is not null) target.Write(Encoding.UTF8.GetBytes(text));
    }

    private static void WriteVarint(MemoryStream target, long value)
    {
        var rest = unchecked((ulong)(value << 1 ^ value >> 63));
        for (; rest >= 0x80; rest >>= 7) target.WriteByte((byte)(rest & 0x7F | 0x80));
        target.WriteByte((byte)rest);
    }
}
