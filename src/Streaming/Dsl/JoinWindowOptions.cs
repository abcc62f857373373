namespace Streams.Streaming.Dsl;

/// <summary>
/// How far apart in time two records may be to join (Kafka Streams' JoinWindows): the other record's time lies from this record's time - before to this record's
/// time + after, both included. Seen from the other side before and after change places. Unmatched results of left and outer joins wait until the window
/// and its grace are over.
/// </summary>
public sealed class JoinWindowOptions
{
    private JoinWindowOptions(TimeSpan before, TimeSpan after, TimeSpan grace)
    {
        (BeforeMs, AfterMs, GraceMs) = (Milliseconds(before), Milliseconds(after), Milliseconds(grace));
        if (BeforeMs + AfterMs < 0)
            throw new ArgumentOutOfRangeException(nameof(before), $"the window ends {after} after and begins {before} before: before its begin");
        ArgumentOutOfRangeException.ThrowIfNegative(GraceMs, nameof(grace));
    }

    public long BeforeMs { get; }

    public long AfterMs { get; }

    public long GraceMs { get; }

    public long SizeMs => BeforeMs + AfterMs;

    /// <summary>Up to this much apart, either way; late records are waited for as long as the grace.</summary>
    public static JoinWindowOptions OfTimeDifferenceAndGrace(TimeSpan difference, TimeSpan grace) => new(NotNegative(difference), difference, grace);

    /// <summary>Up to this much apart, either way; late records are not waited for.</summary>
    public static JoinWindowOptions OfTimeDifferenceWithNoGrace(TimeSpan difference) => OfTimeDifferenceAndGrace(difference, TimeSpan.Zero);

    /// <summary>Streamiz' spelling of <see cref="OfTimeDifferenceWithNoGrace"/>; add the grace with <see cref="Grace"/>.</summary>
    public static JoinWindowOptions Of(TimeSpan difference) => OfTimeDifferenceWithNoGrace(difference);

    /// <inheritdoc cref="Of(TimeSpan)"/>
    public static JoinWindowOptions Of(long differenceMs) => Of(TimeSpan.FromMilliseconds(differenceMs));

    /// <summary>Another span before this record's time; negative: the window begins after it.</summary>
    public JoinWindowOptions Before(TimeSpan before) => new(before, TimeSpan.FromMilliseconds(AfterMs), TimeSpan.FromMilliseconds(GraceMs));

    /// <summary>Another span after this record's time; negative: the window ends before it.</summary>
    public JoinWindowOptions After(TimeSpan after) => new(TimeSpan.FromMilliseconds(BeforeMs), after, TimeSpan.FromMilliseconds(GraceMs));

    public JoinWindowOptions Grace(TimeSpan grace) => new(TimeSpan.FromMilliseconds(BeforeMs), TimeSpan.FromMilliseconds(AfterMs), grace);

    private static TimeSpan NotNegative(TimeSpan difference)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(difference, TimeSpan.Zero);
        return difference;
    }

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;
}
