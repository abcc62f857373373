using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Streams.Broker.Log;

/// <summary>
/// The last offset of each key in the dirty part of a log. Keys are known by the first 128 bits of their SHA-256: two different keys with the same bits would
/// cost one of them its record, and nobody has ever been able to make such a pair; by chance there is one among 2^32 keys with a probability of 2^-65.
/// </summary>
/// <param name="maxBytes">What the table may take, 24 bytes a place.</param>
internal sealed class CleanerOffsetMap(long maxBytes)
{
    private const int EntrySize = 24;
    private const int FirstCapacity = 1024;
    private const long None = -1;

    // One table of places, tried one after the other from the one that the hash names.
    private readonly long _maxCapacity = Math.Max(2, Math.Min(maxBytes / EntrySize, 1 << 30));
    private Entry[] _entries = [];

    private record struct Entry(ulong High, ulong Low, long Offset);

    public int Count { get; private set; }

    /// <summary>Up to here every record is in the map; -1 where nothing is.</summary>
    public long LatestOffset { get; set; } = None;

    private int Room => (int)(_entries.Length * 9L / 10);

    /// <summary>Notes a key's offset, which is above all before it; false where a new key has no room.</summary>
    public bool TryPut(ReadOnlySpan<byte> key, long offset)
    {
        var entry = EntryOf(key, offset);
        var place = Find(_entries, entry);
        if (place >= 0 && _entries[place].Offset != None)
        {
            _entries[place] = entry;
            return true;
        }
        if (Count >= Room)
        {
            if (_entries.Length == _maxCapacity) return false;
            Grow();
            place = Find(_entries, entry);
        }
        _entries[place] = entry;
        Count++;
        return true;
    }

    /// <summary>The last offset of the key, or -1.</summary>
    public long Get(ReadOnlySpan<byte> key)
    {
        var place = Find(_entries, EntryOf(key, None));
        return place < 0 ? None : _entries[place].Offset;
    }

    private static Entry EntryOf(ReadOnlySpan<byte> key, long offset)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, hash);
        return new Entry(BinaryPrimitives.ReadUInt64LittleEndian(hash), BinaryPrimitives.ReadUInt64LittleEndian(hash[8..]), offset);
    }

    /// <summary>The place of the key, or the free one where it belongs; -1 in a table without places.</summary>
    private static int Find(Entry[] entries, Entry wanted)
    {
        if (entries.Length == 0) return -1;
        var place = (int)(wanted.High % (ulong)entries.Length);
        while (entries[place].Offset != None && (entries[place].High != wanted.High || entries[place].Low != wanted.Low)) place = place + 1 == entries.Length ? 0 : place + 1;
        return place;
    }

    private void Grow()
    {
        var larger = new Entry[Math.Min(_maxCapacity, Math.Max(FirstCapacity, 2L * _entries.Length))];
        Array.Fill(larger, new Entry(0, 0, None));
        foreach (var entry in _entries)
        {
            if (entry.Offset != None) larger[Find(larger, entry)] = entry;
        }
        _entries = larger;
    }
}
