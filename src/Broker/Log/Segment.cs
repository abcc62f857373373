using Streams.Broker.Disk;

namespace Streams.Broker.Log;

/// <summary>A stretch of batches between two places of a segment's index; the time is the newest of its records, markers left out.</summary>
internal readonly record struct IndexEntry(long Offset, long Position, long MaxTimestamp);

/// <summary>One file of a partition's log: batches as they were received, and a sparse index over them that lives in memory alone.</summary>
internal sealed class Segment(SegmentName name, IDiskFile file) : IDisposable
{
    /// <summary>Batches within so many bytes share an entry of the index.</summary>
    private const long IndexInterval = 4096;

    private readonly List<IndexEntry> _index = [];
    private long _end = name.BaseOffset;

    public string Path => name.Path;

    public long BaseOffset => name.BaseOffset;

    /// <summary>The offset up to which a compacted segment stands for the log, whatever it still holds; null for one as it was written.</summary>
    public long? CleanedEnd => name.CleanedEnd;

    /// <summary>The offset behind the last one that the segment stands for.</summary>
    public long EndOffset => name.CleanedEnd ?? _end;

    public IDiskFile File { get; } = file;

    public long Size { get; private set; }

    /// <summary>The newest time of any batch, -1 where there is none: what retention counts from.</summary>
    public long MaxTimestamp { get; private set; } = -1;

    /// <summary>The time of the first batch, which segment.ms counts from; -1 where there is none.</summary>
    public long FirstTimestamp { get; private set; } = -1;

    /// <summary>Whether the file's name is known to be on disk.</summary>
    public bool IsNamed { get; set; }

    public IReadOnlyList<IndexEntry> Index => _index;

    /// <summary>Writes a batch at the end. A write that fails leaves no bytes behind.</summary>
    /// <exception cref="IOException">The disk is full or broken; the segment is as before.</exception>
    public void Append(ReadOnlySpan<byte> batch)
    {
        try
        {
            File.Write(batch, Size);
        }
        catch (IOException)
        {
            File.SetLength(Size);
            throw;
        }
        Note(new RecordBatch(batch));
    }

    /// <summary>Takes a batch that stands at the end of what is known of the file into the index.</summary>
    public void Note(RecordBatch batch)
    {
        var newest = batch.IsControl ? -1 : batch.MaxTimestamp;
        if (_index.Count == 0 || Size - _index[^1].Position >= IndexInterval) _index.Add(new IndexEntry(batch.BaseOffset, Size, newest));
        else if (newest > _index[^1].MaxTimestamp) _index[^1] = _index[^1] with { MaxTimestamp = newest };
        if (Size == 0) FirstTimestamp = batch.MaxTimestamp;
        Size += batch.Size;
        _end = batch.LastOffset + 1;
        MaxTimestamp = Math.Max(MaxTimestamp, batch.MaxTimestamp);
    }

    /// <summary>The last entry that is not behind the offset: where to start looking for it.</summary>
    public IndexEntry EntryBefore(long offset) => Last(e => e.Offset <= offset);

    /// <summary>The last entry that is within the position and begins below the offset.</summary>
    public IndexEntry EntryWithin(long position, long endOffset) => Last(e => e.Position <= position && e.Offset < endOffset);

    public void Dispose() => File.Dispose();

    // Entries grow by offset and by position, so that a condition on either splits them in two.
    private IndexEntry Last(Func<IndexEntry, bool> holds)
    {
        int low = 0, high = _index.Count - 1;
        while (low < high)
        {
            var middle = low + (high - low + 1) / 2;
            if (holds(_index[middle])) low = middle;
            else high = middle - 1;
        }
        return _index.Count == 0 ? new IndexEntry(BaseOffset, 0, -1) : _index[low];
    }
}
