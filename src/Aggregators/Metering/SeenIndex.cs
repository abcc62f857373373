using System.Numerics;

namespace Streams.Aggregators.Metering;

/// <summary>The slots of a hash table, a power of two, in pages: it grows by more pages and leaves nothing behind for the collector.</summary>
sealed class SeenIndex
{
    const int PageBits = 14, PageSize = 1 << PageBits;

    uint[][] _pages;

    public SeenIndex(int size)
    {
        _pages = [new uint[size]];
        Size = size;
    }

    public int Size { get; private set; }

    public long Bytes => (long)Size * sizeof(uint);

    public ref uint this[int place] => ref _pages[place >> PageBits][place & (PageSize - 1)];

    /// <summary>A hint to the processor: if the page moves meanwhile, the wrong line comes near.</summary>
    public void Prefetch(int hash) => CacheLine.Fetch(ref this[hash & (Size - 1)]);

    /// <summary>Empties it, with at least as many slots as before.</summary>
    public void Reset(int size)
    {
        if (!BitOperations.IsPow2(size) || size < Size) throw new ArgumentOutOfRangeException(nameof(size));
        if (size <= PageSize) _pages = [new uint[size]];
        else Grow(size >> PageBits);
        Size = size;
    }

    void Grow(int pages)
    {
        var grown = new uint[pages][];
        for (var i = 0; i < pages; i++)
        {
            var reused = i < _pages.Length && _pages[i].Length == PageSize;
            grown[i] = reused ? _pages[i] : GC.AllocateArray<uint>(PageSize, pinned: true);
            if (reused) Array.Clear(grown[i]);
        }
        _pages = grown;
    }
}
