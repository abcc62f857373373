using System.Buffers.Binary;
using Streams.Broker.Disk;

namespace Streams.Broker.Log;

/// <summary>
/// Up to which offset a log was cleaned, written after each round and never synced: where it is lost, or older than the truth, a round looks at records once
/// more and changes nothing by it.
/// </summary>
internal sealed class CleanerPoint(IDisk disk, string path)
{
    private const int Size = 12;

    /// <summary>The first offset that is not cleaned; 0 where nothing readable is known.</summary>
    public long Read()
    {
        if (!disk.FileExists(path)) return 0;
        Span<byte> bytes = stackalloc byte[Size];
        using var file = disk.Open(path);
        if (file.Read(bytes, 0) < Size || BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]) != Crc32C.Compute(bytes[..8])) return 0;
        return BinaryPrimitives.ReadInt64BigEndian(bytes);
    }

    /// <exception cref="IOException">The disk is full or broken.</exception>
    public void Write(long offset)
    {
        Span<byte> bytes = stackalloc byte[Size];
        BinaryPrimitives.WriteInt64BigEndian(bytes, offset);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[8..], Crc32C.Compute(bytes[..8]));
        using var file = disk.Open(path);
        file.Write(bytes, 0);
    }
}
