using System.Buffers.Binary;
using System.Numerics;
using Streams.Streaming;

namespace Streams.Aggregators.Metering;

/// <summary>
/// The identities of accepted events, each with its own time. One open-addressing table of 24-byte entries; what has expired is passed over and
/// falls out when the table is rebuilt. The changelog holds packs of identities by bucket of ten minutes, deleted when the bucket has expired.
/// </summary>
public sealed class SeenFilter(string name) : IStateStore
{
    const long BucketMicros = 600_000_000;
    const int PackedSize = 20, PackSize = 4096, SmallestTable = 1024;

    readonly SortedDictionary<long, Bucket> _buckets = [];
    readonly List<(long Bucket, int Packs)> _expired = [];
    Entry[] _table = new Entry[SmallestTable];
    int _used;
    Bucket? _recent;

    public string Name => name;

    /// <summary>Identities in the table, some perhaps expired.</summary>
    public int Count => _used;

    /// <summary>Whether the identity was accepted with a time of <paramref name="since"/> or later.</summary>
    public bool Contains((ulong Low, ulong High) id, long since)
    {
        ref var entry = ref Slot(_table, id.Low, id.High);
        return entry.At != 0 && entry.At >= since;
    }

    /// <summary>Remembers an accepted identity. <paramref name="since"/>: what is older may be forgotten.</summary>
    public void Add((ulong Low, ulong High) id, long at, long since)
    {
        Remember(id.Low, id.High, at, since);
        BucketOf(at).Append(id.Low, id.High, at);
    }

    /// <summary>Drops the buckets that ended before <paramref name="since"/>.</summary>
    public void Expire(long since)
    {
        while (_buckets.Count > 0)
        {
            var (start, bucket) = _buckets.First();
            if (start + BucketMicros > since) return;
            if (bucket.Packs > 0) _expired.Add((start, bucket.Packs));
            _buckets.Remove(start);
            if (_recent == bucket) _recent = null;
        }
    }

    public void Flush(IChangelog changelog)
    {
        Span<byte> key = stackalloc byte[12];
        foreach (var (start, bucket) in _buckets)
        {
            foreach (var pack in bucket.TakePending()) changelog.Put(Key(key, start, bucket.Packs++), pack.Span);
        }
        foreach (var (start, packs) in _expired)
        {
            for (var i = 0; i < packs; i++) changelog.Delete(Key(key, start, i));
        }
        _expired.Clear();
    }

    public void Restore(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, bool deleted)
    {
        if (deleted) return;
        var start = BinaryPrimitives.ReadInt64BigEndian(key);
        var bucket = BucketOf(start);
        bucket.Packs = Math.Max(bucket.Packs, BinaryPrimitives.ReadInt32BigEndian(key[8..]) + 1);
        for (; value.Length > 0; value = value[PackedSize..])
        {
            var at = start + BinaryPrimitives.ReadUInt32LittleEndian(value[16..]);
            Remember(BinaryPrimitives.ReadUInt64LittleEndian(value), BinaryPrimitives.ReadUInt64LittleEndian(value[8..]), at, long.MinValue);
        }
    }

    void Remember(ulong low, ulong high, long at, long since)
    {
        if (_used * 2 >= _table.Length) Rebuild(since);
        ref var entry = ref Slot(_table, low, high);
        if (entry.At == 0) _used++;
        if (at > entry.At) entry = new(low, high, at);
    }

    void Rebuild(long since)
    {
        var live = 0;
        foreach (ref readonly var entry in _table.AsSpan()) live += entry.At != 0 && entry.At >= since ? 1 : 0;
        var table = new Entry[Math.Max(SmallestTable, (int)BitOperations.RoundUpToPowerOf2((uint)live * 3))];
        foreach (ref readonly var entry in _table.AsSpan())
        {
            if (entry.At != 0 && entry.At >= since) Slot(table, entry.Low, entry.High) = entry;
        }
        (_table, _used) = (table, live);
    }

    /// <summary>The identity's entry, or the empty one where it belongs. A time of 0 marks an empty entry: events from before the year 2000 are refused.</summary>
    static ref Entry Slot(Entry[] table, ulong low, ulong high)
    {
        var mask = table.Length - 1;
        for (var i = unchecked((int)low) & mask; ; i = (i + 1) & mask)
        {
            ref var entry = ref table[i];
            if (entry.At == 0 || (entry.Low == low && entry.High == high)) return ref entry;
        }
    }

    Bucket BucketOf(long at)
    {
        var start = at - at % BucketMicros;
        if (_recent is { } recent && recent.Start == start) return recent;
        if (!_buckets.TryGetValue(start, out var bucket)) _buckets.Add(start, bucket = new(start));
        return _recent = bucket;
    }

    static ReadOnlySpan<byte> Key(Span<byte> key, long start, int pack)
    {
        BinaryPrimitives.WriteInt64BigEndian(key, start);
        BinaryPrimitives.WriteInt32BigEndian(key[8..], pack);
        return key;
    }

    readonly record struct Entry(ulong Low, ulong High, long At);

    /// <summary>Ten minutes of accepted events: how many packs the changelog has, and what it does not have yet.</summary>
    sealed class Bucket(long start)
    {
        byte[] _pending = new byte[64 * PackedSize];
        int _length;

        public long Start => start;

        public int Packs { get; set; }

        public void Append(ulong low, ulong high, long at)
        {
            if (_length == _pending.Length) Array.Resize(ref _pending, _length * 2);
            var to = _pending.AsSpan(_length);
            BinaryPrimitives.WriteUInt64LittleEndian(to, low);
            BinaryPrimitives.WriteUInt64LittleEndian(to[8..], high);
            BinaryPrimitives.WriteUInt32LittleEndian(to[16..], (uint)(at - start));
            _length += PackedSize;
        }

        public IEnumerable<ReadOnlyMemory<byte>> TakePending()
        {
            for (var i = 0; i < _length; i += PackSize * PackedSize) yield return _pending.AsMemory(i, Math.Min(_length - i, PackSize * PackedSize));
            _length = 0;
        }
    }
}
