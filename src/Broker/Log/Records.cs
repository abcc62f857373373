using Streams.Broker.Protocol;

namespace Streams.Broker.Log;

/// <summary>The records inside a batch; read only where a request asks for the time of single records.</summary>
internal static class Records
{
    /// <summary>
    /// The first record at or after the time. A compressed batch answers with its first record: earlier than exact, never later.
    /// </summary>
    public static (long Offset, long Timestamp)? FirstAt(RecordBatch batch, long timestamp, long fromOffset)
    {
        if (batch.Codec != 0) return (Math.Max(batch.BaseOffset, fromOffset), batch.MaxTimestamp);
        var reader = new VarintReader(batch.Records);
        for (var i = 0; i < batch.RecordCount; i++)
        {
            var length = reader.Read();
            var end = reader.Position + length;
            reader.Position += 1;
            var time = batch.BaseTimestamp + reader.Read();
            var offset = batch.BaseOffset + reader.Read();
            if (time >= timestamp && offset >= fromOffset) return (offset, time);
            reader.Position = checked((int)end);
        }
        return null;
    }

    /// <summary>Zigzag integers of variable length.</summary>
    private ref struct VarintReader(ReadOnlySpan<byte> bytes)
    {
        private readonly ReadOnlySpan<byte> _bytes = bytes;

        public int Position { get; set; }

        public long Read()
        {
            ulong value = 0;
            for (var shift = 0; shift < 64; shift += 7)
            {
                if (Position < 0 || Position >= _bytes.Length) break;
                var b = _bytes[Position++];
                value |= (ulong)(b & 0x7F) << shift;
                if (b < 0x80) return unchecked((long)(value >> 1) ^ -(long)(value & 1));
            }
            throw new MalformedRequestException("records of a batch do not follow the format");
        }
    }
}
