namespace Streams.Streaming.Dsl;

/// <summary>Sessions (Kafka Streams' SessionWindows): records of a key belong together while the pause between two of them is at most the gap. A session's window goes from its first to its last record, both included.</summary>
public sealed class SessionWindowOptions
{
    private SessionWindowOptions(long inactivityGapMs, long? graceMs) =>
        (InactivityGapMs, GraceMs) = (WindowTime.Positive(inactivityGapMs, nameof(inactivityGapMs)), WindowTime.Grace(graceMs));

    public long InactivityGapMs { get; }

    /// <summary>Null: it was not said.</summary>
    public long? GraceMs { get; }

    /// <summary>The grace is to be said with <see cref="WithGrace(TimeSpan)"/>.</summary>
    public static SessionWindowOptions Of(TimeSpan inactivityGap) => new(WindowTime.Ms(inactivityGap), null);

    public static SessionWindowOptions Of(long inactivityGapMs) => new(inactivityGapMs, null);

    public static SessionWindowOptions OfInactivityGapAndGrace(TimeSpan inactivityGap, TimeSpan grace) => new(WindowTime.Ms(inactivityGap), WindowTime.Ms(grace));

    public static SessionWindowOptions OfInactivityGapWithNoGrace(TimeSpan inactivityGap) => new(WindowTime.Ms(inactivityGap), 0);

    public SessionWindowOptions WithGrace(TimeSpan grace) => new(InactivityGapMs, WindowTime.Ms(grace));

    public SessionWindowOptions WithGrace(long graceMs) => new(InactivityGapMs, graceMs);
}
