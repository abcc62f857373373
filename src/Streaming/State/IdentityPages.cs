using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Streams.Streaming.State;

/// <summary>An identity and its time, as the distance from its bucket's start: 20 bytes.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly struct IdentityEntry(UInt128 id, uint offset)
{
    private readonly ulong low = unchecked((ulong)id), high = (ulong)(id >> 64);
    public readonly uint Offset = offset;

    public UInt128 Id => new(high, low);
}

/// <summary>The entries of all buckets in pages; each page belongs to one bucket and is used again when the bucket is gone.</summary>
internal sealed class IdentityPages
{
    public const int Size = 1 << Shift;
    private const int Shift = 10;
    private readonly Stack<int> free = [];
    private IdentityEntry[][] pages = new IdentityEntry[4][];
    private long[] starts = new long[4];
    private int count;

    public ref readonly IdentityEntry this[int number]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref pages[number >> Shift][number & (Size - 1)];
    }

    public long TimeOf(int number) => starts[number >> Shift] + this[number].Offset;

    /// <summary>A page for the bucket that starts at this time; returns the number of its first entry.</summary>
    public int Rent(long bucketStart)
    {
        if (!free.TryPop(out var page))
        {
            page = count++;
            if (page == pages.Length)
            {
                Array.Resize(ref pages, page * 2);
                Array.Resize(ref starts, page * 2);
            }
            pages[page] = new IdentityEntry[Size];
        }
        starts[page] = bucketStart;
        return page << Shift;
    }

    public void Return(int firstNumber) => free.Push(firstNumber >> Shift);

    public void Set(int number, UInt128 id, uint offset) => pages[number >> Shift][number & (Size - 1)] = new(id, offset);
}
