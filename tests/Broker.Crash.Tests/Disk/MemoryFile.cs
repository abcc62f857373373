namespace Streams.Broker.Crash.Tests.Disk;

/// <summary>The bytes of one file.</summary>
internal sealed class MemoryFile(byte[] bytes)
{
    private byte[] _bytes = (byte[])bytes.Clone();

    public int Length { get; private set; } = bytes.Length;

    public byte[] ToArray() => _bytes[..Length];

    public int Read(Span<byte> buffer, long position)
    {
        var count = (int)Math.Clamp(Length - position, 0, buffer.Length);
        _bytes.AsSpan((int)Math.Min(position, Length), count).CopyTo(buffer);
        return count;
    }

    public void Write(ReadOnlySpan<byte> data, long position)
    {
        if (position + data.Length > Length) SetLength(position + data.Length);
        data.CopyTo(_bytes.AsSpan((int)position));
    }

    public void SetLength(long length)
    {
        if (length > _bytes.Length) Array.Resize(ref _bytes, (int)Math.Max(length, 2L * _bytes.Length));
        if (length < Length) _bytes.AsSpan((int)length, Length - (int)length).Clear();
        Length = (int)length;
    }
}
