using Streams.Broker.Disk;

namespace Streams.Broker.Log;

/// <summary>Records by their time, which need not grow with the offset.</summary>
internal sealed partial class PartitionLog
{
    /// <summary>The first record, by offset, at or after the time and below the end; null where there is none.</summary>
    public (long Offset, long Timestamp)? FindTimestamp(long timestamp, long endOffset)
    {
        foreach (var stretch in Stretches(e => e.MaxTimestamp >= timestamp))
        {
            if (FindIn(stretch, timestamp, endOffset) is { } found) return found;
        }
        return null;
    }

    /// <summary>The first record with the newest time of all that are below the end; null where there are none.</summary>
    public (long Offset, long Timestamp)? FindMaxTimestamp(long endOffset)
    {
        var (newest, start) = (-1L, LogStartOffset);
        foreach (var stretch in Stretches(_ => true))
        {
            if (stretch.MaxTimestamp <= newest || stretch.EndOffset <= start) continue;
            var isInside = stretch.Offset >= start && stretch.EndOffset <= endOffset;
            newest = isInside ? stretch.MaxTimestamp : Math.Max(newest, NewestIn(stretch, start, endOffset));
        }
        return newest < 0 ? null : FindTimestamp(newest, endOffset);
    }

    /// <summary>Batches between two places of an index.</summary>
    private readonly record struct Stretch(IDiskFile File, long Offset, long EndOffset, long Position, long EndPosition, long MaxTimestamp);

    private List<Stretch> Stretches(Func<IndexEntry, bool> condition)
    {
        var stretches = new List<Stretch>();
        lock (_gate)
        {
            for (var s = 0; s < _segments.Count; s++)
            {
                var (segment, index) = (_segments[s], _segments[s].Index);
                var end = new IndexEntry(s + 1 < _segments.Count ? _segments[s + 1].BaseOffset : LogEndOffset, segment.Size, -1);
                for (var i = 0; i < index.Count; i++)
                {
                    if (!condition(index[i])) continue;
                    var next = i + 1 < index.Count ? index[i + 1] : end;
                    stretches.Add(new Stretch(segment.File, index[i].Offset, next.Offset, index[i].Position, next.Position, index[i].MaxTimestamp));
                }
            }
        }
        return stretches;
    }

    private (long Offset, long Timestamp)? FindIn(Stretch stretch, long timestamp, long endOffset)
    {
        using var reader = new BatchReader(stretch.File, stretch.Position, stretch.EndPosition);
        while (reader.Next(out var bytes))
        {
            var batch = new RecordBatch(bytes);
            if (batch.BaseOffset >= endOffset) return null;
            if (batch.IsControl || batch.RecordCount == 0 || batch.MaxTimestamp < timestamp || batch.LastOffset < LogStartOffset) continue;
            if (batch.IsLogAppendTime) return (Math.Max(batch.BaseOffset, LogStartOffset), batch.MaxTimestamp);
            if (Records.FirstAt(batch, timestamp, LogStartOffset) is { } found) return found;
        }
        return null;
    }

    private static long NewestIn(Stretch stretch, long startOffset, long endOffset)
    {
        var newest = -1L;
        using var reader = new BatchReader(stretch.File, stretch.Position, stretch.EndPosition);
        while (reader.Next(out var bytes))
        {
            var batch = new RecordBatch(bytes);
            if (batch.BaseOffset >= endOffset) break;
            if (batch.IsControl || batch.RecordCount == 0 || batch.LastOffset < startOffset) continue;
            newest = Math.Max(newest, batch.BaseOffset >= startOffset || batch.IsLogAppendTime ? batch.MaxTimestamp : NewestFrom(batch, startOffset));
        }
        return newest;
    }

    /// <summary>The newest time of the records from an offset on, climbing from one to the next newer.</summary>
    private static long NewestFrom(RecordBatch batch, long offset)
    {
        var newest = -1L;
        while (newest < batch.MaxTimestamp && Records.FirstAt(batch, newest + 1, offset) is { } newer) newest = newer.Timestamp;
        return newest;
    }
}
