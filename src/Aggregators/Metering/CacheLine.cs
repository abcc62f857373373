using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Streams.Aggregators.Metering;

/// <summary>Hints to the processor to bring near what will be needed soon. Nothing is read: a hint that comes too late or to a wrong place does no harm.</summary>
static class CacheLine
{
    const int Size = 64;

    /// <summary>A value, with its last byte where it reaches into the next line.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void Fetch<T>(ref T value) where T : struct
    {
        if (!Sse.IsSupported) return;
        var at = (byte*)Unsafe.AsPointer(ref value);
        Sse.Prefetch0(at);
        if (Unsafe.SizeOf<T>() > sizeof(long)) Sse.Prefetch0(at + Unsafe.SizeOf<T>() - 1);
    }

    /// <summary>Bytes, up to two lines of them.</summary>
    public static unsafe void Fetch(ReadOnlySpan<byte> bytes)
    {
        if (!Sse.IsSupported || bytes.IsEmpty) return;
        var at = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bytes));
        Sse.Prefetch0(at);
        Sse.Prefetch0(at + Math.Min(bytes.Length - 1, Size));
    }
}
