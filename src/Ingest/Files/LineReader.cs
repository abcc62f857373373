using System.Text;

namespace Streams.Ingest.Files;

/// <summary>One record of a file: a line, or several where a quoted field holds line breaks. Without its final line break.</summary>
/// <param name="Number">Of its first line, from 1.</param>
/// <param name="Lines">How many lines it spans.</param>
/// <param name="Offset">Of its first byte in the file.</param>
/// <param name="Bytes">Its bytes; cut off where <paramref name="TooLong"/>. Valid until the next read.</param>
readonly record struct FileLine(long Number, int Lines, long Offset, ReadOnlyMemory<byte> Bytes, bool TooLong);

/// <summary>
/// Reads lines as bytes in bounded memory: LF or CRLF, with or without one at the end, a UTF-8 byte order mark skipped.
/// With a <paramref name="delimiter"/>, a line break within a quoted field belongs to the record; a quote in the midst of a field opens nothing,
/// so that a stray one spoils its own line only.
/// </summary>
sealed class LineReader(Stream stream, char? delimiter)
{
    /// <summary>Bytes of one record; a longer one is read over and reported.</summary>
    public const int MaxRecordBytes = 64 * 1024;

    readonly byte[] _chunk = new byte[64 * 1024];
    readonly MemoryStream _record = new();
    int _start;
    int _end;
    long _line = 1;

    /// <summary>Bytes read so far.</summary>
    public long Position { get; private set; }

    public FileLine? Next()
    {
        if (Position == 0) SkipByteOrderMark();
        _record.SetLength(0);
        var (offset, number, tooLong, inQuotes) = (Position, _line, false, false);
        var previous = (byte)(delimiter ?? '"'); // a record begins with a field
        while (Fill())
        {
            var b = _chunk[_start++];
            Position++;
            if (b == '\n')
            {
                _line++;
                if (!inQuotes) return Record(number, offset, tooLong);
            }
            if (b == '"' && delimiter is not null)
            {
                // A quote opens at the start of a field, and again right behind the one that closed: a doubled quote.
                (inQuotes, previous) = (!inQuotes && (previous == delimiter || previous == '"'), inQuotes ? b : (byte)0);
            }
            else previous = b;
            if (_record.Length < MaxRecordBytes) _record.WriteByte(b);
            else (tooLong, inQuotes) = (true, false);
        }
        if (Position == offset) return null;
        _line++;
        return Record(number, offset, tooLong);
    }

    FileLine Record(long number, long offset, bool tooLong)
    {
        var bytes = _record.GetBuffer().AsMemory(0, (int)_record.Length);
        if (bytes.Length > 0 && bytes.Span[^1] == '\r') bytes = bytes[..^1];
        return new(number, (int)(_line - number), offset, bytes, tooLong);
    }

    void SkipByteOrderMark()
    {
        Fill();
        if (!_chunk.AsSpan(_start, _end - _start).StartsWith(Encoding.UTF8.Preamble)) return;
        _start += Encoding.UTF8.Preamble.Length;
        Position += Encoding.UTF8.Preamble.Length;
    }

    bool Fill()
    {
        if (_start < _end) return true;
        (_start, _end) = (0, stream.ReadAtLeast(_chunk, 3, throwOnEndOfStream: false));
        return _end > 0;
    }
}
