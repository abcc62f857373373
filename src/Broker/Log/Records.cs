namespace Streams.Broker.Log;

/// <summary>The records inside a batch; read only where single records matter.</summary>
internal static class Records
{
    /// <summary>
    /// Bytes that the records of one batch may take when decompressed. Clients compress what fits max.message.bytes before it is compressed, 1 MiB unless
    /// they are told otherwise; more than this is taken for a bomb.
    /// </summary>
    public const int DecompressedLimit = 64 << 20;

    /// <summary>The first record at or after the time and the offset; null where the batch has none.</summary>
    public static (long Offset, long Timestamp)? FirstAt(RecordBatch batch, long timestamp, long fromOffset)
    {
        try
        {
            using var records = new RecordIterator(batch, DecompressedLimit);
            while (records.MoveNext())
            {
                var offset = batch.BaseOffset + records.Current.OffsetDelta;
                if (records.Current.Timestamp >= timestamp && offset >= fromOffset) return (offset, records.Current.Timestamp);
            }
            return null;
        }
        catch (MalformedRecordsException)
        {
            // No client can read such records either; an answer that is early loses none of the others.
            return (Math.Max(batch.BaseOffset, fromOffset), batch.MaxTimestamp);
        }
    }
}
