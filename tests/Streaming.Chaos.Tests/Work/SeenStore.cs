using System.Buffers.Binary;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>Ids with the offset that each was accepted at.</summary>
internal sealed class SeenStore(string name, bool forgetful) : BytesStore(name, forgetful)
{
    private readonly bool forgetful = forgetful;
    private readonly SortedDictionary<long, long> byOffset = [];

    public bool Contains(long id) => !Get(Bytes(id)).IsEmpty;

    public void Add(long id, long offset)
    {
        Put(Bytes(id), Bytes(offset));
        byOffset[offset] = id;
    }

    /// <summary>Lets go of what was accepted before an offset.</summary>
    public void Forget(long before)
    {
        while (byOffset.Count > 0 && byOffset.First() is var (offset, id) && offset < before)
        {
            byOffset.Remove(offset);
            Delete(Bytes(id));
        }
    }

    public override void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (forgetful) return;
        if (Get(key) is { IsEmpty: false } before) byOffset.Remove(BinaryPrimitives.ReadInt64BigEndian(before));
        base.Restore(key, value, deleted);
        if (!deleted) byOffset[BinaryPrimitives.ReadInt64BigEndian(value)] = BinaryPrimitives.ReadInt64BigEndian(key);
    }

    private static byte[] Bytes(long number)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(bytes, number);
        return bytes;
    }
}
