using System.Runtime.CompilerServices;

namespace Streams.Aggregators.Metering;

/// <summary>Values under numbers, in chunks that stay where they are; a number that was freed is given out again. No object a value, nothing to collect.</summary>
sealed class Slab<T> where T : struct
{
    const int ChunkBits = 10, ChunkMask = (1 << ChunkBits) - 1;

    readonly List<int> _free = [];
    T[][] _chunks = [];
    int _used;

    public int Count => _used - _free.Count;

    public ref T this[int number] => ref _chunks[number >> ChunkBits][number & ChunkMask];

    /// <summary>A number, its value as it was left.</summary>
    public int Take()
    {
        if (_free.Count > 0)
        {
            var again = _free[^1];
            _free.RemoveAt(_free.Count - 1);
            return again;
        }
        if (_used >> ChunkBits == _chunks.Length) _chunks = [.. _chunks, new T[ChunkMask + 1]];
        return _used++;
    }

    public void Free(int number)
    {
        if (RuntimeHelpers.IsReferenceOrContainsReferences<T>()) this[number] = default;
        _free.Add(number);
    }
}
