using Streams.Schemas;

namespace Streams.Rating.Periods;

/// <summary>A half-open interval of time: <paramref name="Start"/> belongs to it, <paramref name="End"/> does not.</summary>
public readonly record struct TimeWindow(Timestamp Start, Timestamp End)
{
    /// <summary>The length in microseconds.</summary>
    public long Micros => End.Micros - Start.Micros;

    public bool IsEmpty => End <= Start;

    public bool Contains(Timestamp at) => at >= Start && at < End;

    public bool Contains(TimeWindow other) => other.Start >= Start && other.End <= End;

    /// <summary>What both have in common; empty (<see cref="IsEmpty"/>) when they do not meet.</summary>
    public TimeWindow Intersect(TimeWindow other) => new(Start > other.Start ? Start : other.Start, End < other.End ? End : other.End);

    public override string ToString() => $"[{Start}, {End})";
}
