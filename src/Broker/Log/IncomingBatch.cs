using Streams.Broker.Protocol;

namespace Streams.Broker.Log;

/// <summary>
/// What a client's batch must be like to be taken. The records of an uncompressed batch are looked at one by one, those of a compressed one only
/// where the topic's settings need their keys or times: Kafka decompresses every batch, which is most of what it spends on a produce.
/// </summary>
internal static class IncomingBatch
{
    public static (ErrorCode Error, string? Message) Check(ReadOnlySpan<byte> bytes, LogConfig config, long now)
    {
        if (bytes.Length < RecordBatch.HeaderSize) return (ErrorCode.InvalidRecord, "one record batch is expected for a partition");
        var batch = new RecordBatch(bytes);
        if (batch.Magic != 2) return (ErrorCode.UnsupportedForMessageFormat, $"record format {batch.Magic} is not served, only 2");
        if (bytes.Length > config.MaxMessageBytes && batch.Size > config.MaxMessageBytes)
            return (ErrorCode.MessageTooLarge, $"the batch has {batch.Size} bytes, max.message.bytes is {config.MaxMessageBytes}");
        if (batch.Size != bytes.Length) return (ErrorCode.InvalidRecord, "exactly one record batch is expected for a partition");
        if (!batch.CrcIsRight) return (ErrorCode.CorruptMessage, "the checksum does not fit the batch");
        if (batch.IsControl) return (ErrorCode.InvalidRecord, "clients do not write control records");
        if (batch.RecordCount < 1 || batch.LastOffsetDelta != batch.RecordCount - 1) return (ErrorCode.InvalidRecord, "the number of records does not fit their offsets");
        if (batch.Codec > MaxCodec) return (ErrorCode.InvalidRecord, $"compression type {batch.Codec} is not known");
        return CheckTime(batch, config, now) ?? CheckRecords(batch, config, now) ?? (ErrorCode.None, null);
    }

    private const int MaxCodec = 4;

    private static (ErrorCode, string?)? CheckTime(RecordBatch batch, LogConfig config, long now) =>
        !config.LogAppendTime && batch.MaxTimestamp > now && batch.MaxTimestamp - now > config.TimestampAfterMaxMs
            ? (ErrorCode.InvalidTimestamp, $"a record's time is more than {config.TimestampAfterMaxMs} ms ahead (message.timestamp.after.max.ms)")
            : null;

    private static (ErrorCode, string?)? CheckRecords(RecordBatch batch, LogConfig config, long now)
    {
        var timed = !config.LogAppendTime && config.TimestampBeforeMaxMs < long.MaxValue;
        if (batch.Codec != 0 && !config.Compacts && !timed) return null;
        try
        {
            using var records = new RecordIterator(batch, Records.DecompressedLimit);
            while (records.MoveNext())
            {
                if (config.Compacts && !records.Current.HasKey) return (ErrorCode.InvalidRecord, "a compacted topic takes no record without a key");
                if (timed && records.Current.Timestamp < now - config.TimestampBeforeMaxMs)
                    return (ErrorCode.InvalidTimestamp, $"a record's time is more than {config.TimestampBeforeMaxMs} ms back (message.timestamp.before.max.ms)");
            }
            return null;
        }
        catch (MalformedRecordsException e)
        {
            return (ErrorCode.InvalidRecord, e.Message);
        }
    }
}
