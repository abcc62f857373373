using Streams.Broker.Disk;

namespace Streams.Broker.Log;

/// <summary>A stretch of batches between two places of a segment's index.</summary>
internal readonly record struct IndexEntry(long Offset, long Position, long MaxTimestamp);

/// <summary>One file of a partition's log: batches as they were received, and a sparse index over them that lives in memory alone.</summary>
internal sealed class Segment(IDisk disk, string path, long baseOffset) : IDisposable
{
    /// <summary>Batches within so many bytes share an entry of the index.</summary>
    private const long IndexInterval = 4096;

    private readonly List<IndexEntry> _index = [];
    private IDiskFile? _file;

    public string Path { get; } = path;

    public long BaseOffset { get; } = baseOffset;

    public long Size { get; private set; }

    public long MaxTimestamp { get; private set; } = -1;

    /// <summary>Whether the file's name is known to be on disk.</summary>
    public bool IsNamed { get; set; }

    public IDiskFile File => _file ??= disk.Open(Path);

    public IReadOnlyList<IndexEntry> Index => _index;

    /// <summary>Writes a batch at the end. A write that fails leaves no bytes behind.</summary>
    public void Append(ReadOnlySpan<byte> batch, long offset, long maxTimestamp)
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
        Note(batch.Length, offset, maxTimestamp);
    }

    /// <summary>Takes a batch that stands at the end of what is known of the file into the index.</summary>
    public void Note(int length, long offset, long maxTimestamp)
    {
        if (_index.Count == 0 || Size - _index[^1].Position >= IndexInterval) _index.Add(new IndexEntry(offset, Size, maxTimestamp));
        else if (maxTimestamp > _index[^1].MaxTimestamp) _index[^1] = _index[^1] with { MaxTimestamp = maxTimestamp };
        Size += length;
        MaxTimestamp = Math.Max(MaxTimestamp, maxTimestamp);
    }

    /// <summary>The position of the last entry that is not behind the offset: where to start looking for it.</summary>
    public long PositionBefore(long offset) => PositionBefore(long.MaxValue, offset);

    /// <summary>The position of the last entry that is behind neither the position nor the offset.</summary>
    public long PositionBefore(long position, long offset)
    {
        int low = 0, high = _index.Count - 1;
        while (low < high)
        {
            var middle = low + (high - low + 1) / 2;
            if (_index[middle].Offset <= offset && _index[middle].Position <= position) low = middle;
            else high = middle - 1;
        }
        return _index.Count == 0 ? 0 : _index[low].Position;
    }

    public void Dispose() => _file?.Dispose();
}
