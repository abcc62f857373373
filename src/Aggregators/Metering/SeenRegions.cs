using System.Buffers;
using System.Numerics;

namespace Streams.Aggregators.Metering;

/// <summary>
/// Sorts entries for an index into regions of it before they are entered: a large index is then filled piece by piece, each small enough for the caches,
/// instead of at random all over. Holds 2 MB, however many entries come.
/// </summary>
sealed class SeenRegions : IDisposable
{
    const int Count = 64, Held = 4096;

    public delegate void Enter(ReadOnlySpan<(int Place, uint Entry)> entries);

    readonly (int Place, uint Entry)[] _entries = ArrayPool<(int Place, uint Entry)>.Shared.Rent(Count * Held);
    readonly int[] _counts = ArrayPool<int>.Shared.Rent(Count);
    readonly Enter _enter;
    readonly int _shift;

    /// <param name="size">Places of the index, a power of two.</param>
    /// <param name="enter">Takes entries of one region.</param>
    public SeenRegions(int size, Enter enter)
    {
        _enter = enter;
        _shift = Math.Max(0, BitOperations.Log2((uint)size) - BitOperations.Log2(Count));
        Array.Clear(_counts, 0, Count);
    }

    public void Add(int place, uint entry)
    {
        var region = place >> _shift;
        ref var count = ref _counts[region];
        _entries[region * Held + count++] = (place, entry);
        if (count == Held) Drain(region);
    }

    /// <summary>Enters what is left.</summary>
    public void Dispose()
    {
        for (var region = 0; region < Count; region++) Drain(region);
        ArrayPool<(int, uint)>.Shared.Return(_entries);
        ArrayPool<int>.Shared.Return(_counts);
    }

    void Drain(int region)
    {
        _enter(_entries.AsSpan(region * Held, _counts[region]));
        _counts[region] = 0;
    }
}
