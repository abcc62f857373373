namespace Streams.Streaming.State;

/// <summary>A key within a window.</summary>
public readonly record struct Windowed<TKey>(TKey Key, Window Window);

/// <summary>A span of time, milliseconds since the epoch. Whether the end belongs to it is the affair of its kind: <see cref="TimeWindow"/>, <see cref="SessionWindow"/>.</summary>
public readonly record struct Window(long StartMs, long EndMs)
{
    public DateTimeOffset StartTime => DateTimeOffset.FromUnixTimeMilliseconds(StartMs);

    public DateTimeOffset EndTime => DateTimeOffset.FromUnixTimeMilliseconds(EndMs);

    public override string ToString() => FormattableString.Invariant($"[{StartMs}, {EndMs}]");
}

/// <summary>A half-open window: its start belongs to it, its end does not.</summary>
public readonly record struct TimeWindow
{
    /// <exception cref="ArgumentOutOfRangeException">The start is negative, or the end is not after it.</exception>
    public TimeWindow(long startMs, long endMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(startMs);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(endMs, startMs);
        (StartMs, EndMs) = (startMs, endMs);
    }

    public long StartMs { get; }

    public long EndMs { get; }

    public bool Overlaps(TimeWindow other) => StartMs < other.EndMs && other.StartMs < EndMs;

    public static implicit operator Window(TimeWindow window) => new(window.StartMs, window.EndMs);
}

/// <summary>A closed window: the times of its first and its last record, both within it.</summary>
public readonly record struct SessionWindow
{
    /// <exception cref="ArgumentOutOfRangeException">The start is negative, or the end is before it.</exception>
    public SessionWindow(long startMs, long endMs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(startMs);
        ArgumentOutOfRangeException.ThrowIfLessThan(endMs, startMs);
        (StartMs, EndMs) = (startMs, endMs);
    }

    public long StartMs { get; }

    public long EndMs { get; }

    public bool Overlaps(SessionWindow other) => StartMs <= other.EndMs && other.StartMs <= EndMs;

    public static implicit operator Window(SessionWindow window) => new(window.StartMs, window.EndMs);
}
