using System.Buffers.Binary;

namespace Streams.Broker.Log;

/// <summary>A transaction's marker: a control batch of one record that ends the transaction of a producer in one partition.</summary>
internal static class ControlBatch
{
    private const int RecordSize = 17;
    private const short TransactionalControl = 0x30;

    public static byte[] Create(long producerId, short epoch, bool commit, long timestamp)
    {
        var bytes = new byte[RecordBatch.HeaderSize + RecordSize];
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(8), bytes.Length - RecordBatch.LengthOverhead);
        bytes[16] = 2;
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(21), TransactionalControl);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(27), timestamp);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(35), timestamp);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(43), producerId);
        BinaryPrimitives.WriteInt16BigEndian(bytes.AsSpan(51), epoch);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(53), -1);
        BinaryPrimitives.WriteInt32BigEndian(bytes.AsSpan(57), 1);
        WriteRecord(bytes.AsSpan(RecordBatch.HeaderSize), commit);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(17), Crc32C.Compute(bytes.AsSpan(21)));
        return bytes;
    }

    /// <summary>Whether the marker commits; else it aborts.</summary>
    public static bool IsCommit(RecordBatch batch) => batch.Records.Length >= 9 && batch.Records[8] == 1;

    // varint lengths are zigzag: 16 bytes follow, key of 4, value of 6
    private static void WriteRecord(Span<byte> record, bool commit)
    {
        record[0] = 16 << 1;
        record[4] = 4 << 1;
        record[8] = commit ? (byte)1 : (byte)0;
        record[9] = 6 << 1;
        record[16] = 0;
    }
}
