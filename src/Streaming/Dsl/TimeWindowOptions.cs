namespace Streams.Streaming.Dsl;

/// <summary>
/// Windows of one length that begin at every multiple of an advance since the epoch. A start belongs to its window, an end does not. The grace, how long after
/// a window's end records are still taken, must be said.
/// </summary>
public abstract class TimeWindowOptions
{
    private protected TimeWindowOptions(long sizeMs, long advanceMs, long? graceMs)
    {
        (SizeMs, AdvanceMs, GraceMs) = (WindowTime.Positive(sizeMs, nameof(sizeMs)), WindowTime.Positive(advanceMs, nameof(advanceMs)), WindowTime.Grace(graceMs));
        if (advanceMs > sizeMs)
            throw new ArgumentOutOfRangeException(nameof(advanceMs), $"windows of {sizeMs} ms that advance by {advanceMs} ms would leave gaps");
    }

    public long SizeMs { get; }

    /// <summary>From one window's start to the next.</summary>
    public long AdvanceMs { get; }

    /// <summary>Null: it was not said.</summary>
    public long? GraceMs { get; }
}

/// <summary>Windows one after the other (Streamiz' class of that name).</summary>
public sealed class TumblingWindowOptions : TimeWindowOptions
{
    private TumblingWindowOptions(long sizeMs, long? graceMs)
        : base(sizeMs, sizeMs, graceMs)
    {
    }

    /// <summary>The grace is to be said with <see cref="WithGrace(TimeSpan)"/>.</summary>
    public static TumblingWindowOptions Of(TimeSpan size) => new(WindowTime.Ms(size), null);

    public static TumblingWindowOptions Of(long sizeMs) => new(sizeMs, null);

    public static TumblingWindowOptions OfSizeAndGrace(TimeSpan size, TimeSpan grace) => new(WindowTime.Ms(size), WindowTime.Ms(grace));

    /// <summary>A window closes at its end.</summary>
    public static TumblingWindowOptions OfSizeWithNoGrace(TimeSpan size) => new(WindowTime.Ms(size), 0);

    public TumblingWindowOptions WithGrace(TimeSpan grace) => new(SizeMs, WindowTime.Ms(grace));

    public TumblingWindowOptions WithGrace(long graceMs) => new(SizeMs, graceMs);

    /// <summary>Overlapping windows of the same size and grace.</summary>
    public HoppingWindowOptions AdvanceBy(TimeSpan advance) =>
        GraceMs is { } grace ? HoppingWindowOptions.Of(SizeMs, WindowTime.Ms(advance)).WithGrace(grace) : HoppingWindowOptions.Of(SizeMs, WindowTime.Ms(advance));
}

/// <summary>Windows that may overlap (Streamiz' class of that name).</summary>
public sealed class HoppingWindowOptions : TimeWindowOptions
{
    private HoppingWindowOptions(long sizeMs, long advanceMs, long? graceMs)
        : base(sizeMs, advanceMs, graceMs)
    {
    }

    /// <summary>The grace is to be said with <see cref="WithGrace(TimeSpan)"/>.</summary>
    public static HoppingWindowOptions Of(TimeSpan size, TimeSpan advance) => new(WindowTime.Ms(size), WindowTime.Ms(advance), null);

    public static HoppingWindowOptions Of(long sizeMs, long advanceMs) => new(sizeMs, advanceMs, null);

    public static HoppingWindowOptions OfSizeAndGrace(TimeSpan size, TimeSpan advance, TimeSpan grace) => new(WindowTime.Ms(size), WindowTime.Ms(advance), WindowTime.Ms(grace));

    /// <summary>A window closes at its end.</summary>
    public static HoppingWindowOptions OfSizeWithNoGrace(TimeSpan size, TimeSpan advance) => new(WindowTime.Ms(size), WindowTime.Ms(advance), 0);

    public HoppingWindowOptions WithGrace(TimeSpan grace) => new(SizeMs, AdvanceMs, WindowTime.Ms(grace));

    public HoppingWindowOptions WithGrace(long graceMs) => new(SizeMs, AdvanceMs, graceMs);
}

internal static class WindowTime
{
    /// <summary>Whole milliseconds; what is finer is cut off.</summary>
    public static long Ms(TimeSpan time) => time.Ticks / TimeSpan.TicksPerMillisecond;

    public static long Positive(long ms, string name) => ms >= 1 ? ms : throw new ArgumentOutOfRangeException(name, $"{ms} ms is no length of a window");

    public static long? Grace(long? ms) => ms is null or >= 0 ? ms : throw new ArgumentOutOfRangeException(nameof(ms), $"a grace of {ms} ms");

    /// <exception cref="TopologyException">It was not said.</exception>
    public static long Required(long? graceMs) => graceMs
        ?? throw new TopologyException("how long late records are taken is a decision: say the windows' grace (WithGrace, OfSizeAndGrace …), or that there is none (OfSizeWithNoGrace …)");
}
