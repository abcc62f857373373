using System.Runtime.InteropServices;

namespace Streams.Streaming.State;

/// <summary>
/// Keys and values one after the other in mapped files, by address. A segment of which less than half is valid is emptied bit by bit: what is valid moves to the
/// end. Addresses count eights of bytes: 32 GB a store.
/// </summary>
internal sealed class SpillLog(string directory) : IDisposable
{
    private const int Unit = 8, HeaderSize = 2 * sizeof(int);
    private const int SegmentUnitsShift = 22, LargestSegment = Unit << SegmentUnitsShift, SmallestSegment = 1 << 18, MostSegments = (1 << 10) - 1;
    private readonly List<SpillSegment?> segments = [];
    private readonly Stack<int> free = [];
    private int current = -1, emptying = -1, emptiedTo, generations;
    private long live;

    public delegate bool IsValid(uint address, ReadOnlySpan<byte> key);

    public delegate void Moved(uint from, uint to, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value);

    public long Bytes => segments.Sum(s => (long)(s?.Capacity ?? 0));

    public ReadOnlySpan<byte> Key(uint address)
    {
        var at = At(address);
        return at.Slice(HeaderSize, MemoryMarshal.Read<int>(at));
    }

    public ReadOnlySpan<byte> Value(uint address)
    {
        var at = At(address);
        return at.Slice(HeaderSize + MemoryMarshal.Read<int>(at), MemoryMarshal.Read<int>(at[sizeof(int)..]));
    }

    /// <summary>The address as it can be kept for long: with the segment's generation.</summary>
    public long Place(uint address) => ((long)segments[(int)(address >> SegmentUnitsShift)]!.Generation << 32) | address;

    /// <summary>A kept place's address, if its segment is still there.</summary>
    public bool TryAddress(long place, out uint address)
    {
        address = (uint)(place & uint.MaxValue);
        return segments[(int)(address >> SegmentUnitsShift)]?.Generation == place >> 32;
    }

    /// <exception cref="ArgumentException">The entry is larger than a segment.</exception>
    /// <exception cref="InvalidOperationException">The store is full.</exception>
    public uint Append(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var size = Size(key.Length, value.Length);
        if (current < 0 || segments[current]!.Capacity - segments[current]!.Used < size)
            Open(size);
        var segment = segments[current]!;
        var to = segment.From(segment.Used);
        MemoryMarshal.Write(to, key.Length);
        MemoryMarshal.Write(to[sizeof(int)..], value.Length);
        key.CopyTo(to[HeaderSize..]);
        value.CopyTo(to[(HeaderSize + key.Length)..]);
        var address = ((uint)current << SegmentUnitsShift) | (uint)(segment.Used / Unit);
        segment.Used += size;
        segment.Live += size;
        live += size;
        return address;
    }

    /// <summary>The entry at this address is valid no more.</summary>
    public void Release(uint address)
    {
        var at = At(address);
        var size = Size(MemoryMarshal.Read<int>(at), MemoryMarshal.Read<int>(at[sizeof(int)..]));
        segments[(int)(address >> SegmentUnitsShift)]!.Live -= size;
        live -= size;
    }

    /// <summary>Goes on emptying segments that are mostly invalid, by about so many bytes.</summary>
    public void Compact(long bytes, IsValid isValid, Moved moved)
    {
        while (bytes > 0 && FindWaste())
        {
            var segment = segments[emptying]!;
            for (; bytes > 0 && emptiedTo < segment.Used; bytes -= MoveOne(segment, isValid, moved))
            {
            }
            if (emptiedTo < segment.Used)
                return;
            segment.Dispose();
            segments[emptying] = null;
            free.Push(emptying);
            emptying = -1;
        }
    }

    public void Dispose()
    {
        foreach (var segment in segments)
            segment?.Dispose();
        segments.Clear();
    }

    private static int Size(int key, int value) => checked((HeaderSize + key + value + Unit - 1) / Unit * Unit);

    private Span<byte> At(uint address) => segments[(int)(address >> SegmentUnitsShift)]!.From((int)(address & ((1u << SegmentUnitsShift) - 1)) * Unit);

    private int MoveOne(SpillSegment segment, IsValid isValid, Moved moved)
    {
        var address = ((uint)emptying << SegmentUnitsShift) | (uint)(emptiedTo / Unit);
        var key = Key(address);
        var value = Value(address);
        var size = Size(key.Length, value.Length);
        emptiedTo += size;
        if (!isValid(address, key))
            return size;
        moved(address, Append(key, value), key, value);
        segment.Live -= size;
        live -= size;
        return size;
    }

    private bool FindWaste()
    {
        if (emptying >= 0)
            return true;
        for (var i = 0; i < segments.Count && emptying < 0; i++)
        {
            if (i != current && segments[i] is { } segment && segment.Live < segment.Used / 2)
                (emptying, emptiedTo) = (i, segment.Live == 0 ? segment.Used : 0);
        }
        return emptying >= 0;
    }

    private void Open(int atLeast)
    {
        if (atLeast > LargestSegment)
            throw new ArgumentException($"an entry of {atLeast} bytes is larger than the {LargestSegment} that a store can take");
        var quarter = (int)(Math.Clamp(live / 4, SmallestSegment, LargestSegment) & -Unit);
        var segment = new SpillSegment(directory, Math.Max(quarter, atLeast), ++generations);
        if (free.TryPop(out current))
            segments[current] = segment;
        else
            AddSegment(segment);
    }

    private void AddSegment(SpillSegment segment)
    {
        if (segments.Count == MostSegments)
        {
            segment.Dispose();
            throw new InvalidOperationException($"the store has reached {(long)MostSegments * LargestSegment >> 30} GB, the most a task's store can hold: spread the state over more partitions");
        }
        current = segments.Count;
        segments.Add(segment);
    }
}
