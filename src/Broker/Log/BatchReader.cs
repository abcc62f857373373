using System.Buffers;
using Streams.Broker.Disk;

namespace Streams.Broker.Log;

/// <summary>Goes through the batches of a file from a position on, in large reads. What it hands out stands until the next call.</summary>
internal sealed class BatchReader(IDiskFile file, long position, long end, int chunk = 1 << 20) : IDisposable
{
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent((int)Math.Max(RecordBatch.HeaderSize, Math.Min(chunk, end - position)));
    private long _start = position;
    private int _filled;

    /// <summary>Where the next batch begins: after the last one that was handed out.</summary>
    public long Position { get; private set; } = position;

    /// <summary>The next whole batch, its checksum not yet looked at; false at the end, or where the bytes cannot be a batch.</summary>
    public bool Next(out ReadOnlySpan<byte> batch)
    {
        batch = default;
        if (!TryFill(RecordBatch.HeaderSize)) return false;
        var size = new RecordBatch(_buffer.AsSpan((int)(Position - _start))).Size;
        if (size < RecordBatch.HeaderSize || size > end - Position || !TryFill((int)size)) return false;
        batch = _buffer.AsSpan((int)(Position - _start), (int)size);
        Position += size;
        return true;
    }

    public void Dispose()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    /// <summary>Brings so many bytes from the position on into the buffer.</summary>
    private bool TryFill(int wanted)
    {
        if (_start + _filled - Position >= wanted) return true;
        if (end - Position < wanted) return false;
        if (_buffer.Length < wanted)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = ArrayPool<byte>.Shared.Rent(wanted);
        }
        _start = Position;
        _filled = file.Read(_buffer.AsSpan(0, (int)Math.Min(_buffer.Length, end - Position)), Position);
        return _filled >= wanted;
    }
}
