using System.Buffers.Binary;
using Streams.Broker.Disk;

namespace Streams.Broker.Log;

/// <summary>A fetch that waits for more to read.</summary>
internal interface IFetchWaiter
{
    void Wake();
}

/// <summary>Bytes of one segment, whole batches from start to end.</summary>
internal readonly record struct LogSlice(Segment? Segment, long Position, int Length, long EndOffset);

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

    /// <summary>
    /// The batches from the one that holds the offset, below the end and within the size. The first is given whatever its size, else its reader would never get on.
    /// Where compaction took the offset away, the next batch that is left is the first.
    /// </summary>
    public LogSlice Slice(long offset, long endOffset, int maxBytes, bool atLeastOne)
    {
        while (true)
        {
            Segment segment;
            long limit, next;
            IndexEntry from;
            lock (_gate)
            {
                if (offset >= endOffset || offset < LogStartOffset) return default;
                var i = _segments.FindLastIndex(s => s.BaseOffset <= offset);
                if (i < 0) return default;
                segment = _segments[i];
                (limit, from) = (segment.Size, segment.EntryBefore(offset));
                next = i + 1 < _segments.Count ? _segments[i + 1].BaseOffset : long.MaxValue;
            }
            if (TrySlice(segment, limit, from, offset, endOffset, maxBytes, atLeastOne, out var slice)) return slice;
            offset = next;
        }
    }

    /// <summary>Aborted transactions with records in the range, by first offset.</summary>
    public List<AbortedTransaction> AbortedBetween(long from, long until)
    {
        lock (_gate)
        {
            return [.. _aborted.Where(t => t.MarkerOffset >= from && t.FirstOffset < until).OrderBy(t => t.FirstOffset)];
        }
    }

    public List<(long ProducerId, short Epoch, int LastSequence, long LastTimestamp, long OpenOffset)> Producers()
    {
        lock (_gate)
        {
            return [.. _producers.Values.OrderBy(p => p.ProducerId).Select(p => (p.ProducerId, p.Epoch, p.LastSequence, p.LastTimestamp, p.OpenTransactionOffset ?? -1))];
        }
    }

    /// <summary>False where the segment has no batch that holds the offset or comes after it.</summary>
    private bool TrySlice(Segment segment, long limit, IndexEntry from, long offset, long endOffset, int maxBytes, bool atLeastOne, out LogSlice slice)
    {
        slice = default;
        var headers = new HeaderReader(segment.File, stackalloc byte[HeaderReader.BufferSize]);
        var position = from.Position;
        scoped RecordBatch batch = default;
        for (; position < limit; position += batch.Size)
        {
            if (!headers.TryRead(position, out batch)) return false;
            if (batch.LastOffset >= offset) break;
        }
        if (position >= limit) return false;
        if (batch.BaseOffset >= endOffset || (batch.Size > maxBytes && !atLeastOne)) return true;
        var (end, next) = (position + batch.Size, batch.LastOffset + 1);
        var most = Math.Max(end, Math.Min(limit, position + maxBytes));
        IndexEntry far;
        lock (_gate) far = segment.EntryWithin(most, endOffset);
        if (far.Position > end) (end, next) = (far.Position, far.Offset);
        while (end < most && headers.TryRead(end, out batch) && batch.BaseOffset < endOffset && end + batch.Size <= most) (end, next) = (end + batch.Size, batch.LastOffset + 1);
        slice = new LogSlice(segment, position, (int)(end - position), next);
        return true;
    }

    /// <summary>Reads the fronts of batches, several small ones with one read.</summary>
    private ref struct HeaderReader(IDiskFile file, Span<byte> buffer)
    {
        public const int BufferSize = 2048;
        private const int Needed = RecordBatch.LengthOverhead + 15;
        private readonly Span<byte> _buffer = buffer;
        private long _start = -1;
        private int _filled;

        public bool TryRead(long position, out RecordBatch batch)
        {
            if (_start < 0 || position < _start || position + Needed > _start + _filled)
            {
                _start = position;
                _filled = file.Read(_buffer, position);
            }
            var at = (int)(position - _start);
            var whole = at + Needed <= _filled;
            batch = whole ? new RecordBatch(_buffer.Slice(at, Needed)) : default;
            return whole && BinaryPrimitives.ReadInt32BigEndian(_buffer[(at + 8)..]) > 0;
        }
    }
}
