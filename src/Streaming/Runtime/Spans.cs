using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Streams.Streaming.Runtime;

internal static class Spans
{
    /// <summary>Kafka tells null from empty; a span does too: default has no reference.</summary>
    public static bool IsNull(ReadOnlySpan<byte> span) => Unsafe.IsNullRef(ref MemoryMarshal.GetReference(span));

    /// <summary>The span, or if it is there but empty, an empty one with a reference.</summary>
    public static ReadOnlySpan<byte> OrNull(bool present, ReadOnlySpan<byte> span) =>
        !present ? default : span.IsEmpty ? EmptyButThere : span;

    private static ReadOnlySpan<byte> EmptyButThere => "\0"u8[..0];
}
