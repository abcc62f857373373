using Streams.Streaming.State;

namespace Streams.Streaming.Dsl.Internal;

/// <summary>A kind of windows: where its times lead to.</summary>
internal abstract record WindowKind
{
    /// <summary>From this stream time on the window takes no record any more.</summary>
    public abstract long ClosesAt(Window window);

    /// <summary>How far stream time may pass a record before each of its windows is closed.</summary>
    public abstract long Horizon { get; }

    /// <summary>How long the store must keep a window.</summary>
    public abstract TimeSpan Retention { get; }
}

/// <summary>Tumbling and hopping windows.</summary>
internal sealed record AlignedWindows(long SizeMs, long AdvanceMs, long GraceMs) : WindowKind
{
    public override long Horizon => SizeMs + GraceMs;

    public override TimeSpan Retention => TimeSpan.FromMilliseconds(SizeMs + GraceMs);

    public override long ClosesAt(Window window) => window.EndMs + GraceMs;

    /// <summary>The start of the first window that a record belongs to.</summary>
    public long FirstStart(long timestamp) => Math.Max(0, timestamp - SizeMs + AdvanceMs) / AdvanceMs * AdvanceMs;

    /// <summary>The earliest stream time after the given one at which a window closes.</summary>
    public long NextClose(long streamTime)
    {
        var sinceFirstClose = streamTime - SizeMs - GraceMs;
        return SizeMs + GraceMs + (sinceFirstClose < 0 ? 0 : (sinceFirstClose / AdvanceMs + 1) * AdvanceMs);
    }
}

/// <summary>Sliding windows. Their end belongs to them, so they close one millisecond later than a half-open window with that end would.</summary>
internal sealed record SlidingWindows(long DifferenceMs, long GraceMs) : WindowKind
{
    public override long Horizon => DifferenceMs + GraceMs + 1;

    /// <summary>To find what was before a record that is just in time, its windows are looked for a difference further back than the last one open.</summary>
    public override TimeSpan Retention => TimeSpan.FromMilliseconds(2 * DifferenceMs + GraceMs + 2);

    public override long ClosesAt(Window window) => window.EndMs + GraceMs + 1;
}

/// <summary>Sessions. A record one gap after the last still belongs to it.</summary>
internal sealed record Sessions(long GapMs, long GraceMs) : WindowKind
{
    public override long Horizon => GapMs + GraceMs + 1;

    public override TimeSpan Retention => TimeSpan.FromMilliseconds(GapMs + GraceMs + 1);

    public override long ClosesAt(Window window) => window.EndMs + GapMs + GraceMs + 1;
}
