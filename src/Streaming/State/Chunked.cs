using System.Runtime.CompilerServices;

namespace Streams.Streaming.State;

/// <summary>An array that grows by chunks: growing copies at most the first chunk and never asks for one large block. References into it hold until the next <see cref="Add"/>.</summary>
internal sealed class Chunked<T>
{
    private const int Shift = 10, Size = 1 << Shift, Smallest = 16;
    private T[][] chunks = [new T[Smallest]];

    public int Count { get; private set; }

    public ref T this[int index]
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref chunks[index >> Shift][index & (Size - 1)];
    }

    /// <summary>Appends the type's default and returns its index.</summary>
    public int Add()
    {
        var index = Count;
        var chunk = index >> Shift;
        if (chunk == 0 && index == chunks[0].Length)
            Array.Resize(ref chunks[0], index * 2);
        if (chunk == chunks.Length)
            Array.Resize(ref chunks, chunk * 2);
        chunks[chunk] ??= new T[Size];
        Count = index + 1;
        return index;
    }

    /// <summary>Forgets all and keeps the chunks.</summary>
    public void Clear()
    {
        for (var i = 0; i << Shift < Count; i++)
            Array.Clear(chunks[i]);
        Count = 0;
    }
}
