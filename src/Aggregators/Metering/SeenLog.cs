using System.Buffers.Binary;

namespace Streams.Aggregators.Metering;

/// <summary>
/// Identities in the order of their acceptance, by bucket of ten minutes of their own time, in chunks that are handed on from an expired bucket to the next.
/// An identity has a number, its slot; the slots of a bucket that was removed hold nothing until a chunk is filled again.
/// </summary>
sealed class SeenLog
{
    /// <summary>Bytes of an identity: hash, and microseconds since its bucket's start.</summary>
    public const int EntrySize = 20;

    public const long BucketMicros = 600_000_000;

    const int ChunkBits = 12, ChunkSize = 1 << ChunkBits, SmallestRoom = 64;

    readonly List<Chunk> _chunks = [];
    readonly Stack<int> _free = [];
    readonly List<SeenBucket> _buckets = [];
    SeenBucket? _recent;

    /// <summary>In order of time.</summary>
    public IReadOnlyList<SeenBucket> Buckets => _buckets;

    public int Count { get; private set; }

    /// <summary>Every slot is below this.</summary>
    public int Capacity => _chunks.Count << ChunkBits;

    public long Bytes { get; private set; }

    public SeenBucket BucketOf(long at)
    {
        var start = at - at % BucketMicros;
        if (_recent is { } recent && recent.Start == start) return recent;
        var i = _buckets.Count - 1;
        while (i >= 0 && _buckets[i].Start > start) i--;
        if (i < 0 || _buckets[i].Start != start) _buckets.Insert(++i, new(start));
        return _recent = _buckets[i];
    }

    /// <summary>Writes an identity down and returns its slot.</summary>
    public int Append(SeenBucket bucket, ulong low, ulong high, long at)
    {
        var number = bucket.Last;
        if (number < 0 || _chunks[number].Count == ChunkSize) number = AddChunk(bucket);
        var chunk = _chunks[number];
        if (chunk.Count == chunk.Room) Grow(chunk, chunk.Count + 1);
        var to = chunk.Bytes.AsSpan(chunk.Count * EntrySize, EntrySize);
        BinaryPrimitives.WriteUInt64LittleEndian(to, low);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], high);
        BinaryPrimitives.WriteUInt32LittleEndian(to[16..], (uint)(at - bucket.Start));
        Count++;
        return (number << ChunkBits) + chunk.Count++;
    }

    /// <summary>Writes down identities that stand one after the other as <see cref="TakePending"/> gave them.</summary>
    public void AppendAll(SeenBucket bucket, ReadOnlySpan<byte> entries)
    {
        if (entries.Length % EntrySize != 0) throw new InvalidDataException($"A pack of {entries.Length} bytes is no whole number of identities of {EntrySize}");
        while (entries.Length > 0)
        {
            var number = bucket.Last;
            if (number < 0 || _chunks[number].Count == ChunkSize) number = AddChunk(bucket);
            var chunk = _chunks[number];
            Grow(chunk, Math.Min(ChunkSize, chunk.Count + entries.Length / EntrySize));
            var to = chunk.Bytes.AsSpan(chunk.Count * EntrySize);
            var part = entries[..Math.Min(entries.Length, to.Length)];
            part.CopyTo(to);
            entries = entries[part.Length..];
            chunk.Count += part.Length / EntrySize;
            Count += part.Length / EntrySize;
        }
    }

    public bool Holds(int slot, ulong low, ulong high)
    {
        var chunk = _chunks[slot >> ChunkBits];
        var place = slot & (ChunkSize - 1);
        if (place >= chunk.Count) return false; // of an earlier bucket
        var entry = chunk.Bytes.AsSpan(place * EntrySize, EntrySize);
        return BinaryPrimitives.ReadUInt64LittleEndian(entry) == low && BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]) == high;
    }

    public (ulong Low, ulong High) IdentityOf(int slot)
    {
        var entry = Entry(slot);
        return (BinaryPrimitives.ReadUInt64LittleEndian(entry), BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]));
    }

    public long TimeOf(int slot) => _chunks[slot >> ChunkBits].Start + BinaryPrimitives.ReadUInt32LittleEndian(Entry(slot)[16..]);

    /// <summary>The slots of a chunk.</summary>
    public (int First, int Count) SlotsOf(int chunk) => (chunk << ChunkBits, _chunks[chunk].Count);

    /// <summary>The next identities, at most <paramref name="most"/>, that were not taken yet; empty when all were.</summary>
    public ReadOnlySpan<byte> TakePending(SeenBucket bucket, int most)
    {
        if (bucket.Taken == bucket.Chunks.Count << ChunkBits) return [];
        var chunk = _chunks[bucket.Chunks[bucket.Taken >> ChunkBits]];
        var from = bucket.Taken & (ChunkSize - 1);
        var length = Math.Min(chunk.Count - from, most);
        bucket.Taken += length;
        return chunk.Bytes.AsSpan(from * EntrySize, length * EntrySize);
    }

    public void TakeAllPending(SeenBucket bucket)
    {
        if (bucket.Last >= 0) bucket.Taken = ((bucket.Chunks.Count - 1) << ChunkBits) + _chunks[bucket.Last].Count;
    }

    /// <summary>Removes the first bucket if it ended before <paramref name="since"/>.</summary>
    public SeenBucket? RemoveFirstBefore(long since)
    {
        if (_buckets.Count == 0 || _buckets[0].End > since) return null;
        var bucket = _buckets[0];
        _buckets.RemoveAt(0);
        if (_recent == bucket) _recent = null;
        foreach (var number in bucket.Chunks)
        {
            Count -= _chunks[number].Count;
            _chunks[number].Count = 0;
            _free.Push(number);
        }
        return bucket;
    }

    ReadOnlySpan<byte> Entry(int slot) => _chunks[slot >> ChunkBits].Bytes.AsSpan((slot & (ChunkSize - 1)) * EntrySize, EntrySize);

    int AddChunk(SeenBucket bucket)
    {
        if (!_free.TryPop(out var number))
        {
            number = _chunks.Count;
            _chunks.Add(new());
        }
        _chunks[number].Start = bucket.Start;
        bucket.Chunks.Add(number);
        return number;
    }

    /// <summary>Makes room: a bucket of few identities holds no more than a small array.</summary>
    void Grow(Chunk chunk, int entries)
    {
        if (entries <= chunk.Room) return;
        var room = Math.Max(chunk.Room, SmallestRoom);
        while (room < entries) room *= 8;
        var bytes = GC.AllocateUninitializedArray<byte>(room * EntrySize, pinned: true);
        chunk.Bytes.AsSpan(0, chunk.Count * EntrySize).CopyTo(bytes);
        Bytes += bytes.Length - chunk.Bytes.Length;
        (chunk.Bytes, chunk.Room) = (bytes, room);
    }

    sealed class Chunk
    {
        public byte[] Bytes = [];

        /// <summary>How many entries fit: 64, 512 or all.</summary>
        public int Room;

        public int Count;

        public long Start;
    }
}

/// <summary>Ten minutes of identities.</summary>
sealed class SeenBucket(long start)
{
    public long Start => start;

    public long End => start + SeenLog.BucketMicros;

    public List<int> Chunks { get; } = [];

    public int Last => Chunks.Count == 0 ? -1 : Chunks[^1];

    /// <summary>Records that the changelog has of it.</summary>
    public int Packs { get; set; }

    /// <summary>Identities that the changelog has.</summary>
    public int Taken { get; set; }
}
