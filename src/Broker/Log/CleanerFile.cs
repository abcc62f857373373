using Streams.Broker.Disk;

namespace Streams.Broker.Log;

/// <summary>The file that a compacted segment is written to, in large writes.</summary>
internal sealed class CleanerFile : IDisposable
{
    private const int BufferSize = 1 << 20;

    private readonly IDiskFile _file;
    private readonly byte[] _buffer = new byte[BufferSize];
    private int _buffered;

    /// <exception cref="IOException">The file cannot be made.</exception>
    public CleanerFile(IDisk disk, string path)
    {
        _file = disk.Open(path);
        _file.SetLength(0);
    }

    /// <summary>Bytes that reached the file.</summary>
    public long Length { get; private set; }

    public void Append(ReadOnlySpan<byte> batch)
    {
        if (batch.Length > BufferSize - _buffered) WriteBuffer();
        if (batch.Length > BufferSize)
        {
            Write(batch);
            return;
        }
        batch.CopyTo(_buffer.AsSpan(_buffered));
        _buffered += batch.Length;
    }

    /// <summary>Writes what is left; syncing is the business of whoever puts the file into the log.</summary>
    public void Finish() => WriteBuffer();

    public void Dispose() => _file.Dispose();

    private void WriteBuffer()
    {
        Write(_buffer.AsSpan(0, _buffered));
        _buffered = 0;
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty) return;
        _file.Write(bytes, Length);
        Length += bytes.Length;
    }
}
