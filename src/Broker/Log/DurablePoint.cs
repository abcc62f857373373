using System.Buffers.Binary;
using Streams.Broker.Disk;

namespace Streams.Broker.Log;

/// <summary>
/// Up to where a partition's log, or the journal, was known to be on disk, written after each fsync and never synced itself: it may be behind the truth after a power cut, never ahead.
/// Bad bytes before it are damage; after it they are the torn tail of a write that nobody was told of.
/// </summary>
internal sealed class DurablePoint(IDisk disk, string path) : IDisposable
{
    private const int Size = 20;
    private IDiskFile? _file;

    private IDiskFile File => _file ??= disk.Open(path);

    public void Write(long segment, long position)
    {
        Span<byte> bytes = stackalloc byte[Size];
        BinaryPrimitives.WriteInt64BigEndian(bytes, segment);
        BinaryPrimitives.WriteInt64BigEndian(bytes[8..], position);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[16..], Crc32C.Compute(bytes[..16]));
        File.Write(bytes, 0);
    }

    /// <summary>The base offset of the last segment and the position in it; (-1, 0) where nothing readable is known.</summary>
    public (long Segment, long Position) Read()
    {
        if (!disk.FileExists(path)) return (-1, 0);
        Span<byte> bytes = stackalloc byte[Size];
        if (File.Read(bytes, 0) < Size) return (-1, 0);
        if (BinaryPrimitives.ReadUInt32BigEndian(bytes[16..]) != Crc32C.Compute(bytes[..16])) return (-1, 0);
        return (BinaryPrimitives.ReadInt64BigEndian(bytes), BinaryPrimitives.ReadInt64BigEndian(bytes[8..]));
    }

    /// <summary>Forgets the position, before the file that it is about is replaced; lasts once the directory is synced.</summary>
    public void Delete()
    {
        Dispose();
        _file = null;
        disk.DeleteFile(path);
    }

    public void Dispose() => _file?.Dispose();
}
