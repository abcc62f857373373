namespace Streams.Broker.Log;

/// <summary>Bytes of one segment, whole batches from start to end; <see cref="EndOffset"/> is the offset after them.</summary>
internal readonly record struct LogSlice(Segment? Segment, long Position, int Length, long EndOffset);

internal sealed partial class PartitionLog
{
    /// <summary>
    /// The batches from the one that holds the offset, below the end and within the size. The first is given whatever its size, else its reader would never get on.
    /// The index finds both ends; only the headers between them and their entries are read.
    /// </summary>
    public LogSlice Slice(long offset, long endOffset, int maxBytes, bool atLeastOne)
    {
        Segment segment;
        long size, segmentEnd, from;
        lock (_gate)
        {
            if (offset >= endOffset || _segments.Count == 0) return default;
            var i = SegmentOf(offset);
            segment = _segments[i];
            segmentEnd = i + 1 < _segments.Count ? _segments[i + 1].BaseOffset : LogEndOffset;
            size = segment.Size;
            from = segment.PositionBefore(offset);
        }
        var headers = new HeaderReader(segment.File, size);
        while (headers.TryRead(from, out var batch) && batch.LastOffset < offset) from += batch.Size;
        if (!headers.TryRead(from, out var first) || first.BaseOffset >= endOffset) return default;
        if (first.Size > maxBytes && !atLeastOne) return default;
        if (endOffset >= segmentEnd && size - from <= maxBytes) return new LogSlice(segment, from, (int)(size - from), segmentEnd);
        return Until(segment, headers, from, from + Math.Max(maxBytes, first.Size), endOffset);
    }

    private int SegmentOf(long offset)
    {
        int low = 0, high = _segments.Count - 1;
        while (low < high)
        {
            var middle = high - (high - low) / 2;
            if (_segments[middle].BaseOffset <= offset) low = middle;
            else high = middle - 1;
        }
        return low;
    }

    private LogSlice Until(Segment segment, HeaderReader headers, long start, long limit, long endOffset)
    {
        long position;
        lock (_gate) position = Math.Max(start, segment.PositionBefore(limit, endOffset));
        long next = -1, end = start;
        while (headers.TryRead(position, out var batch) && batch.BaseOffset < endOffset && position + batch.Size <= limit)
        {
            position += batch.Size;
            (end, next) = (position, batch.LastOffset + 1);
        }
        // The entry itself may be the first batch that no longer fits: then what is before it does.
        if (next < 0 && position > start)
        {
            end = position;
            next = headers.TryRead(position, out var beyond) ? Math.Min(beyond.BaseOffset, endOffset) : endOffset;
        }
        return end == start ? default : new LogSlice(segment, start, (int)(end - start), next);
    }
}
