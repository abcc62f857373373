using System.Buffers.Binary;
using Streams.Streaming;

namespace Streams.Aggregators.Metering;

/// <summary>
/// The identities of accepted events, each with its own time: a log of them by bucket of ten minutes (<see cref="SeenLog"/>, 20 bytes each, the very bytes
/// of the changelog's packs) and an index of four-byte slots over it, filled to between 40 and 80 %. An event that is new costs one look into the index.
/// Expired buckets give their part of the log back; the index forgets them when it is built anew.
/// </summary>
public sealed class SeenFilter(string name) : IStateStore
{
    const int PackSize = 4096, SmallestIndex = 1024, KeySize = 12;
    const int MostSlotBits = 28;

    readonly SeenLog _log = new();
    readonly List<(long Bucket, int Packs)> _expired = [];
    bool _sinceMoved;
    readonly SeenIndex _index = new(SmallestIndex);
    int _used;

    // What was restored is in the log only; the index follows in one go, of the right size, with the first question.
    bool _unindexed;

    // A filled slot holds the identity's number in the log plus one in its lower bits, bits of its hash above.
    int _slotBits = 16;

    public string Name => name;

    /// <summary>Identities remembered, those of a bucket that has partly expired included.</summary>
    public int Count => _log.Count;

    /// <summary>Every identity accepted with this time or a later one is there; before it, some were dropped. Kept in the changelog.</summary>
    public long Since { get; private set; } = long.MinValue;

    /// <summary>Memory held, in bytes.</summary>
    public long Bytes => _log.Bytes + _index.Bytes;

    /// <summary>Brings the identity's place in the index near, while the caller still has other things to do.</summary>
    public void Prefetch((ulong Low, ulong High) id) => _index.Prefetch(unchecked((int)id.Low));

    /// <summary>Whether the identity was accepted with a time of <paramref name="since"/> or later. <paramref name="place"/>: for <see cref="Add"/>.</summary>
    public bool Contains((ulong Low, ulong High) id, long since, out int place)
    {
        place = Find(id.Low, id.High, out var slot);
        return slot >= 0 && _log.TimeOf(slot) >= since;
    }

    /// <summary>Remembers an accepted identity at the place that <see cref="Contains"/> told; nothing may have been added in between.</summary>
    public void Add((ulong Low, ulong High) id, long at, int place) => Put(id.Low, id.High, place, at, _log.Append(_log.BucketOf(at), id.Low, id.High, at));

    /// <summary>Drops the buckets that ended before <paramref name="since"/>.</summary>
    public void Expire(long since) => Drop(since, most: -1);

    /// <summary>Drops the oldest buckets that ended before <paramref name="since"/> while more than <paramref name="most"/> identities are remembered.</summary>
    public void Trim(long since, int most) => Drop(since, most);

    void Drop(long since, int most)
    {
        while (_log.Count > most && _log.RemoveFirstBefore(since) is { } bucket)
        {
            if (bucket.Packs > 0) _expired.Add((bucket.Start, bucket.Packs));
            (Since, _sinceMoved) = (Math.Max(Since, bucket.End), true);
        }
    }

    public void Flush(IChangelog changelog)
    {
        Span<byte> key = stackalloc byte[KeySize];
        for (var i = 0; i < _log.Buckets.Count; i++)
        {
            var bucket = _log.Buckets[i];
            while (_log.TakePending(bucket, PackSize) is { Length: > 0 } pack) changelog.Put(Key(key, bucket.Start, bucket.Packs++), pack);
        }
        foreach (var (start, packs) in _expired)
        {
            for (var i = 0; i < packs; i++) changelog.Delete(Key(key, start, i));
        }
        _expired.Clear();
        if (!_sinceMoved) return;
        Span<byte> moved = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(moved, Since);
        changelog.Put(SinceKey, moved);
        _sinceMoved = false;
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (deleted) return;
        if (key.SequenceEqual(SinceKey))
        {
            Since = BinaryPrimitives.ReadInt64BigEndian(value);
            return;
        }
        var start = BinaryPrimitives.ReadInt64BigEndian(key);
        var bucket = _log.BucketOf(start);
        bucket.Packs = Math.Max(bucket.Packs, BinaryPrimitives.ReadInt32BigEndian(key[8..]) + 1);
        _log.AppendAll(bucket, value);
        _log.TakeAllPending(bucket);
        Telemetry.Restored.Add(value.Length / SeenLog.EntrySize);
        _unindexed = true;
    }

    static ReadOnlySpan<byte> SinceKey => "since"u8;

    static ReadOnlySpan<byte> Key(Span<byte> key, long start, int pack)
    {
        BinaryPrimitives.WriteInt64BigEndian(key, start);
        BinaryPrimitives.WriteInt32BigEndian(key[8..], pack);
        return key;
    }

    /// <summary>The place of the identity in the index, or the empty one where it belongs; there is room for one more.</summary>
    int Find(ulong low, ulong high, out int slot)
    {
        if (_unindexed || _used >= _index.Size / 5 * 4 || _log.Capacity >> _slotBits != 0) Rebuild();
        var tag = Tag(high);
        var slotMask = (1u << _slotBits) - 1;
        for (var i = unchecked((int)low) & (_index.Size - 1); ; i = (i + 1) & (_index.Size - 1))
        {
            var entry = _index[i];
            if (entry == 0)
            {
                slot = -1;
                return i;
            }
            if ((entry & ~slotMask) != tag) continue;
            slot = (int)(entry & slotMask) - 1;
            if (_log.Holds(slot, low, high)) return i;
        }
    }

    uint Tag(ulong high) => unchecked((uint)high) << _slotBits;

    /// <summary>Of two times of one identity the later counts.</summary>
    void Put(ulong low, ulong high, int place, long at, int slot)
    {
        var entry = _index[place];
        if (entry == 0) _used++;
        else if (_log.TimeOf((int)(entry & ((1u << _slotBits) - 1)) - 1) >= at) return;
        _index[place] = Tag(high) | (uint)(slot + 1);
    }

    /// <summary>A new index of what the log holds; it is doubled where less than 40 % would stay empty of use.</summary>
    void Rebuild()
    {
        _unindexed = false;
        var size = _index.Size;
        while (_log.Count >= size / 5 * 3) size = checked(size * 2);
        while (_log.Capacity >> _slotBits != 0) _slotBits++;
        if (_slotBits > MostSlotBits) throw new InvalidOperationException($"Store {Name}: more than {1 << MostSlotBits} identities are alive in one partition");
        _index.Reset(size);
        _used = 0;
        using var regions = new SeenRegions(size, Enter);
        foreach (var bucket in _log.Buckets)
        {
            foreach (var chunk in bucket.Chunks)
            {
                var (first, count) = _log.SlotsOf(chunk);
                for (var slot = first; slot < first + count; slot++)
                {
                    var (low, high) = _log.IdentityOf(slot);
                    regions.Add(unchecked((int)low) & (size - 1), Tag(high) | (uint)(slot + 1));
                }
            }
        }
    }

    /// <summary>Entries of one region of the index, each with the place that it belongs to.</summary>
    void Enter(ReadOnlySpan<(int Place, uint Entry)> entries)
    {
        const int Ahead = 16;
        for (var i = 0; i < entries.Length; i++)
        {
            if (i + Ahead < entries.Length) _index.Prefetch(entries[i + Ahead].Place);
            Enter(entries[i].Place, entries[i].Entry);
        }
    }

    void Enter(int place, uint added)
    {
        var slotMask = (1u << _slotBits) - 1;
        for (; ; place = (place + 1) & (_index.Size - 1))
        {
            ref var entry = ref _index[place];
            if (entry != 0 && (((entry ^ added) & ~slotMask) != 0 || !IsSame(entry & slotMask, added & slotMask))) continue;
            if (entry == 0) _used++;
            else if (_log.TimeOf((int)(entry & slotMask) - 1) >= _log.TimeOf((int)(added & slotMask) - 1)) return;
            entry = added;
            return;
        }
    }

    bool IsSame(uint a, uint b)
    {
        var (low, high) = _log.IdentityOf((int)b - 1);
        return _log.Holds((int)a - 1, low, high);
    }
}
