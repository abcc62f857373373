using System.Buffers.Binary;
using Streams.Broker.Disk;
using Streams.Broker.Log;

namespace Streams.Broker.Metadata;

/// <summary>Goes through the frames of a journal in large reads. What it hands out stands until the next call.</summary>
internal sealed class JournalReader(IDiskFile file)
{
    private const int Chunk = 1 << 20;
    private readonly long _length = file.Length;
    private byte[] _buffer = new byte[(int)Math.Min(Chunk, Math.Max(1, file.Length))];
    private long _start;
    private int _filled;

    public long Length => _length;

    /// <summary>The frame at the position, where a sound one stands there.</summary>
    public bool TryFrame(long position, out ReadOnlySpan<byte> json, out long durable)
    {
        json = default;
        durable = 0;
        if (!TryHeader(position, out var length, out durable)) return false;
        var frame = Bytes(position, JournalFrame.HeaderSize + length);
        if (!JournalFrame.IsSound(frame, position)) return false;
        json = frame[JournalFrame.HeaderSize..];
        return true;
    }

    /// <summary>Whether a sound frame behind a bad place says that the place was durable.</summary>
    public bool WasDurable(long position)
    {
        for (var at = position + 1; at <= _length - JournalFrame.HeaderSize; at++)
        {
            // The header tells nearly all places apart from frames, before a checksum is computed.
            if (TryHeader(at, out _, out var claimed) && claimed > position && claimed <= _length && TryFrame(at, out _, out _)) return true;
        }
        return false;
    }

    private bool TryHeader(long position, out int length, out long durable)
    {
        (length, durable) = (0, 0);
        if (_length - position < JournalFrame.HeaderSize) return false;
        var header = Bytes(position, JournalFrame.HeaderSize);
        length = BinaryPrimitives.ReadInt32BigEndian(header);
        durable = BinaryPrimitives.ReadInt64BigEndian(header[8..]);
        return length > 0 && length <= JournalFrame.MaxLength && length <= _length - position - JournalFrame.HeaderSize;
    }

    private ReadOnlySpan<byte> Bytes(long position, int count)
    {
        if (position < _start || position + count > _start + _filled)
        {
            if (_buffer.Length < count) _buffer = new byte[count];
            _start = position;
            _filled = file.Read(_buffer.AsSpan(0, (int)Math.Min(_buffer.Length, _length - position)), position);
            if (_filled < count) throw new IOException("the broker's journal became shorter while it was read");
        }
        return _buffer.AsSpan((int)(position - _start), count);
    }
}
