namespace Streams.Broker.Log;

/// <summary>A fetch that waits for more to read.</summary>
internal interface IFetchWaiter
{
    void Wake();
}

internal sealed partial class PartitionLog
{
    public void AddWaiter(IFetchWaiter waiter)
    {
        lock (_gate) _waiters.Add(waiter);
    }

    public void RemoveWaiter(IFetchWaiter waiter)
    {
        lock (_gate) _waiters.Remove(waiter);
    }

    /// <summary>Aborted transactions with records in the range, by first offset.</summary>
    public List<AbortedTransaction> AbortedBetween(long from, long until)
    {
        lock (_gate)
        {
            return [.. _aborted.Where(t => t.MarkerOffset >= from && t.FirstOffset < until).OrderBy(t => t.FirstOffset)];
        }
    }

    /// <summary>The first record at or after the time, below the end; null where there is none. Compressed batches are answered with their first record.</summary>
    public (long Offset, long Timestamp)? FindTimestamp(long timestamp, long endOffset)
    {
        Segment[] segments;
        lock (_gate) segments = [.. _segments];
        foreach (var segment in segments)
        {
            if (segment.MaxTimestamp < timestamp) continue;
            IndexEntry[] index;
            long size;
            lock (_gate) (index, size) = ([.. segment.Index], segment.Size);
            for (var i = 0; i < index.Length; i++)
            {
                if (index[i].MaxTimestamp < timestamp) continue;
                var end = i + 1 < index.Length ? index[i + 1].Position : size;
                if (FindIn(segment, index[i].Position, end, timestamp, endOffset) is { } found) return found;
            }
        }
        return null;
    }

    /// <summary>The newest time of any record, below the end.</summary>
    public (long Offset, long Timestamp)? FindMaxTimestamp(long endOffset)
    {
        long newest;
        lock (_gate) newest = _segments.Count == 0 ? -1 : _segments.Max(s => s.MaxTimestamp);
        return newest < 0 ? null : FindTimestamp(newest, endOffset);
    }

    public List<(long ProducerId, short Epoch, int LastSequence, long LastTimestamp, long OpenOffset)> Producers()
    {
        lock (_gate)
        {
            return [.. _producers.Values.OrderBy(p => p.ProducerId).Select(p => (p.ProducerId, p.Epoch, p.LastSequence, p.LastTimestamp, p.OpenTransactionOffset ?? -1))];
        }
    }

    private (long Offset, long Timestamp)? FindIn(Segment segment, long position, long end, long timestamp, long endOffset)
    {
        Span<byte> header = stackalloc byte[RecordBatch.HeaderSize];
        while (position < end && segment.File.Read(header, position) == header.Length)
        {
            var batch = new RecordBatch(header);
            if (batch.BaseOffset >= endOffset) return null;
            if (batch.MaxTimestamp >= timestamp && !batch.IsControl && batch.LastOffset >= LogStartOffset)
            {
                var bytes = new byte[batch.Size];
                segment.File.Read(bytes, position);
                if (Records.FirstAt(new RecordBatch(bytes), timestamp, LogStartOffset) is { } found) return found;
            }
            position += batch.Size;
        }
        return null;
    }
}
