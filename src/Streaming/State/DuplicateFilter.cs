using System.Buffers;
using System.Buffers.Binary;

namespace Streams.Streaming.State;

/// <summary>
/// Identities in buckets of an eighth of the time to live. A bucket that has expired as a whole leaves the changelog by tombstones for its packs and the index bit
/// by bit, a few identities with each that comes; until then its entries are passed over by their time.
/// </summary>
internal sealed class DuplicateFilter : IDuplicateFilter
{
    private const int ReclaimedAtOnce = 4;
    private readonly long width;
    private readonly IdentityPages pages = new();
    private readonly IdentityIndex index;
    private readonly SortedList<long, IdentityBucket> buckets = [];
    private readonly Queue<IdentityBucket> expired = [], unburied = [];
    private readonly StreamTimes times = new();
    private readonly ArrayBufferWriter<byte> packBuffer = new();
    private IdentityBucket? recent;

    public DuplicateFilter(string name, long ttl)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(ttl, 1);
        Name = name;
        Ttl = ttl;
        width = Math.Clamp(ttl / 8, 1, uint.MaxValue);
        index = new(pages);
    }

    public string Name { get; }

    public long Ttl { get; }

    public long Count => index.Count;

    public long ObservedStreamTime
    {
        get => times.Observed;
        set
        {
            times.Observed = value;
            DropExpired();
        }
    }

    public bool Contains(UInt128 id) => index.Find(id) is >= 0 and var number && IsRemembered(number);

    public DuplicateVerdict Add(ReadOnlySpan<byte> id, long time) => Add(SipHash128.Identity(id), time);

    public DuplicateVerdict Add(UInt128 id, long time)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(time);
        Reclaim();
        if (times.Observed - time > Ttl)
            return DuplicateVerdict.Expired;
        var number = index.Find(id);
        var isDuplicate = number >= 0 && IsRemembered(number);
        if (!isDuplicate)
            Remember(id, time, number);
        ObservedStreamTime = time;
        return isDuplicate ? DuplicateVerdict.Duplicate : DuplicateVerdict.Added;
    }

    public void Flush(IChangelog changelog)
    {
        DropExpired();
        for (var i = 0; i < buckets.Count; i++)
            buckets.GetValueAtIndex(i).Flush(changelog, packBuffer);
        while (unburied.TryDequeue(out var bucket))
            bucket.Delete(changelog);
        times.Flush(changelog);
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        // A pack is deleted only after its bucket has expired, which the times' record says too.
        if (times.Restore(key, value, deleted) || deleted)
            return;
        if (key.Length != IdentityBucket.KeySize || value.Length % IdentityBucket.EntrySize != 0)
            throw new FormatException($"a pack of identities has a key of {key.Length} and {value.Length} bytes");
        var start = BinaryPrimitives.ReadInt64BigEndian(key);
        var bucket = BucketOf(start);
        for (; value.Length > 0; value = value[IdentityBucket.EntrySize..])
        {
            var id = BinaryPrimitives.ReadUInt128LittleEndian(value);
            var time = start + BinaryPrimitives.ReadUInt32LittleEndian(value[16..]);
            var number = index.Find(id);
            if (number < 0 || pages.TimeOf(number) < time)
                Remember(id, time, number);
        }
        bucket.Restored(BinaryPrimitives.ReadInt32BigEndian(key[sizeof(long)..]));
    }

    private bool IsRemembered(int number) => times.Observed - pages.TimeOf(number) <= Ttl;

    private void Remember(UInt128 id, long time, int before)
    {
        var bucket = BucketOf(time);
        var number = bucket.Append(id, (uint)(time - bucket.Start));
        if (before < 0)
            index.Add(id, number);
        else
            index.Move(id, before, number);
    }

    private IdentityBucket BucketOf(long time)
    {
        var start = time - time % width;
        if (recent is { } last && last.Start == start)
            return last;
        if (!buckets.TryGetValue(start, out var bucket))
            buckets.Add(start, bucket = new(start, pages));
        return recent = bucket;
    }

    private void DropExpired()
    {
        while (buckets.Count > 0 && times.Observed - (buckets.GetKeyAtIndex(0) + (width - 1)) > Ttl)
        {
            var bucket = buckets.GetValueAtIndex(0);
            buckets.RemoveAt(0);
            expired.Enqueue(bucket);
            unburied.Enqueue(bucket);
            recent = null;
        }
    }

    private void Reclaim()
    {
        if (!expired.TryPeek(out var bucket))
            return;
        bucket.Reclaim(index, ReclaimedAtOnce);
        if (bucket.IsEmpty)
            expired.Dequeue();
    }
}
