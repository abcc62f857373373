using System.Buffers;
using System.Buffers.Binary;

namespace Streams.Streaming.State;

/// <summary>
/// The identities of one stretch of time, in the order in which they came, and how far the changelog has them. They go there in packs of up to
/// <see cref="PackSize"/>; a pack that is still small is written again with what came since, so that rare identities do not make a record each.
/// </summary>
internal sealed class IdentityBucket(long start, IdentityPages pages)
{
    public const int EntrySize = 20, PackSize = 2048, KeySize = sizeof(long) + sizeof(int);
    private const int SmallPack = 128;
    private readonly List<int> own = [];
    private int count, flushed, lastPackAt, packs, reclaimed;

    public long Start => start;

    /// <summary>Identities that the changelog does not have yet.</summary>
    public bool HasPending => flushed < count;

    public bool IsEmpty => reclaimed == count;

    public int Append(UInt128 id, uint offset)
    {
        if (count % IdentityPages.Size == 0)
            own.Add(pages.Rent(start));
        var number = own[^1] + count % IdentityPages.Size;
        pages.Set(number, id, offset);
        count++;
        return number;
    }

    public void Flush(IChangelog changelog, ArrayBufferWriter<byte> buffer)
    {
        if (HasPending && flushed - lastPackAt is > 0 and < SmallPack)
            (flushed, packs) = (lastPackAt, packs - 1);
        while (HasPending)
        {
            lastPackAt = flushed;
            var end = Math.Min(count, flushed + PackSize);
            buffer.ResetWrittenCount();
            for (; flushed < end; flushed++)
                Write(buffer, in pages[own[flushed / IdentityPages.Size] + flushed % IdentityPages.Size]);
            WritePackKey(changelog, packs++, buffer.WrittenSpan);
        }
    }

    /// <summary>Deletes every pack from the changelog.</summary>
    public void Delete(IChangelog changelog)
    {
        for (var pack = 0; pack < packs; pack++)
            WritePackKey(changelog, pack, default);
    }

    /// <summary>What was appended so far is in the changelog, in packs up to this one.</summary>
    public void Restored(int pack)
    {
        packs = Math.Max(packs, checked(pack + 1));
        flushed = lastPackAt = count;
    }

    /// <summary>Takes up to so many entries of the expired bucket out of the index and gives pages back; returns how many it took.</summary>
    public int Reclaim(IdentityIndex index, int most)
    {
        var taken = 0;
        for (; taken < most && reclaimed < count; taken++)
        {
            var page = own[reclaimed / IdentityPages.Size];
            var number = page + reclaimed % IdentityPages.Size;
            index.Remove(pages[number].Id, number);
            reclaimed++;
            if (reclaimed % IdentityPages.Size == 0 || reclaimed == count)
                pages.Return(page);
        }
        return taken;
    }

    private static void Write(ArrayBufferWriter<byte> buffer, in IdentityEntry entry)
    {
        var to = buffer.GetSpan(EntrySize);
        BinaryPrimitives.WriteUInt128LittleEndian(to, entry.Id);
        BinaryPrimitives.WriteUInt32LittleEndian(to[16..], entry.Offset);
        buffer.Advance(EntrySize);
    }

    private void WritePackKey(IChangelog changelog, int pack, ReadOnlySpan<byte> value)
    {
        Span<byte> key = stackalloc byte[KeySize];
        BinaryPrimitives.WriteInt64BigEndian(key, start);
        BinaryPrimitives.WriteInt32BigEndian(key[sizeof(long)..], pack);
        if (value.IsEmpty)
            changelog.Delete(key);
        else
            changelog.Put(key, value);
    }
}
