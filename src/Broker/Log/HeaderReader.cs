using Streams.Broker.Disk;

namespace Streams.Broker.Log;

/// <summary>Reads batch headers of a file by position; a few kilobytes at a time, since small batches lie close together.</summary>
internal sealed class HeaderReader(IDiskFile file, long size)
{
    private readonly byte[] _window = new byte[4 << 10];
    private long _start = -1;
    private int _length;

    /// <summary>The header at the position; false where the file ends before it does.</summary>
    public bool TryRead(long position, out RecordBatch header)
    {
        header = default;
        if (position + RecordBatch.HeaderSize > size) return false;
        if (_start < 0 || position < _start || position + RecordBatch.HeaderSize > _start + _length)
        {
            _length = file.Read(_window.AsSpan(0, (int)Math.Min(_window.Length, size - position)), position);
            _start = position;
            if (_length < RecordBatch.HeaderSize) return false;
        }
        header = new RecordBatch(_window.AsSpan((int)(position - _start), RecordBatch.HeaderSize));
        return true;
    }
}
