namespace Streams.Streaming.Dsl;

/// <summary>
/// Windows aligned to the records (Kafka Streams' SlidingWindows): two records are in one window if their times differ by at most the time difference. For each
/// record's time t there is a window [t - difference, t] and, if something is in it, [t + 1, t + 1 + difference]; both ends belong to a window. Records
/// nearer to the epoch than the difference share the window that starts there. A record whose own window is closed, but which lies in later ones that are open,
/// counts in those that there are; windows that are made later may lack it, as in Kafka Streams.
/// </summary>
public sealed class SlidingWindowOptions
{
    private SlidingWindowOptions(long timeDifferenceMs, long? graceMs) =>
        (TimeDifferenceMs, GraceMs) = (WindowTime.Positive(timeDifferenceMs, nameof(timeDifferenceMs)), WindowTime.Grace(graceMs));

    public long TimeDifferenceMs { get; }

    /// <summary>Null: it was not said.</summary>
    public long? GraceMs { get; }

    /// <summary>The grace is to be said with <see cref="WithGrace(TimeSpan)"/>.</summary>
    public static SlidingWindowOptions Of(TimeSpan timeDifference) => new(WindowTime.Ms(timeDifference), null);

    public static SlidingWindowOptions Of(long timeDifferenceMs) => new(timeDifferenceMs, null);

    public static SlidingWindowOptions OfTimeDifferenceAndGrace(TimeSpan timeDifference, TimeSpan grace) => new(WindowTime.Ms(timeDifference), WindowTime.Ms(grace));

    public static SlidingWindowOptions OfTimeDifferenceWithNoGrace(TimeSpan timeDifference) => new(WindowTime.Ms(timeDifference), 0);

    public SlidingWindowOptions WithGrace(TimeSpan grace) => new(TimeDifferenceMs, WindowTime.Ms(grace));

    public SlidingWindowOptions WithGrace(long graceMs) => new(TimeDifferenceMs, graceMs);
}
