using Streams.Broker.Compression;

namespace Streams.Broker.Log;

/// <summary>
/// Goes through the records of a batch of any codec. The whole batch is decompressed at once, within the limit; offsets have to rise and stay inside the
/// batch, and the records have to fill it.
/// </summary>
internal ref struct RecordIterator
{
    private readonly RecordBatch _batch;
    private readonly BoundedBuffer? _decompressed;
    private readonly ReadOnlySpan<byte> _bytes;
    private int _position;
    private int _read;
    private int _lastDelta = -1;

    /// <param name="limit">Bytes that the records may take when decompressed.</param>
    /// <exception cref="MalformedRecordsException">They cannot be decompressed, or take more.</exception>
    public RecordIterator(RecordBatch batch, int limit)
    {
        _batch = batch;
        _bytes = batch.Records;
        if (batch.Codec == (int)Codec.None || batch.RecordCount == 0) return;
        _decompressed = new BoundedBuffer(limit);
        try
        {
            Codecs.Decompress((Codec)batch.Codec, batch.Records, _decompressed);
        }
        catch (CompressionException e)
        {
            _decompressed.Dispose();
            throw new MalformedRecordsException(e.Message, e);
        }
        _bytes = _decompressed.Written;
    }

    public RecordView Current { get; private set; }

    /// <exception cref="MalformedRecordsException">The records do not follow the format.</exception>
    public bool MoveNext()
    {
        if (_read >= _batch.RecordCount)
        {
            if (_position != _bytes.Length) throw Malformed("bytes behind the last record");
            return false;
        }
        var length = ReadVarint();
        if (length <= 0 || length > _bytes.Length - _position) throw Malformed("the length of a record");
        var end = _position + (int)length;
        var attributes = _bytes[_position++];
        var timestamp = unchecked(_batch.BaseTimestamp + ReadVarint());
        var delta = ReadVarint();
        if (delta <= _lastDelta || delta > _batch.LastOffsetDelta) throw Malformed("the offset of a record");
        var body = _position;
        if (body > end) throw Malformed("a record longer than its length");
        var key = ReadBytes(end, out var hasKey);
        ReadBytes(end, out var hasValue);
        _position = end;
        _read++;
        _lastDelta = (int)delta;
        Current = new RecordView
        {
            OffsetDelta = _lastDelta, Timestamp = _batch.IsLogAppendTime ? _batch.MaxTimestamp : timestamp,
            Attributes = attributes, HasKey = hasKey, Key = key, HasValue = hasValue, Body = _bytes[body..end],
        };
        return true;
    }

    public readonly void Dispose() => _decompressed?.Dispose();

    private ReadOnlySpan<byte> ReadBytes(int end, out bool isPresent)
    {
        var length = ReadVarint();
        isPresent = length >= 0;
        if (length < -1 || _position > end || length > end - _position) throw Malformed("the length of a key or value");
        if (!isPresent) return default;
        _position += (int)length;
        return _bytes.Slice(_position - (int)length, (int)length);
    }

    // Zigzag integers of variable length.
    private long ReadVarint()
    {
        ulong value = 0;
        for (var shift = 0; shift < 64 && _position < _bytes.Length; shift += 7)
        {
            var b = _bytes[_position++];
            value |= unchecked((ulong)(b & 0x7F) << shift);
            if (b < 0x80) return unchecked((long)(value >> 1) ^ -(long)(value & 1));
        }
        throw Malformed("an integer");
    }

    private static MalformedRecordsException Malformed(string what) => new($"records of a batch do not follow the format: {what}");
}
