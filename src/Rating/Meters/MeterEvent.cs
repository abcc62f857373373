using Streams.Schemas;

namespace Streams.Rating.Meters;

/// <summary>What a meter reads of a usage event.</summary>
public interface IMeterEvent
{
    /// <summary>The event's identity: 128 bits that follow from its source and id (<see cref="Schemas.Identity.SipHash128.Identity"/>).</summary>
    UInt128 Id { get; }

    /// <summary>When the usage happened.</summary>
    Timestamp Time { get; }

    ExactDecimal Quantity { get; }

    bool TryGetDimension(string name, out ReadOnlySpan<char> text);
}

/// <summary>A usage event in memory.</summary>
public sealed record MeterEvent(UInt128 Id, Timestamp Time, ExactDecimal Quantity, IReadOnlyDictionary<string, string> Dimensions) : IMeterEvent
{
    public bool TryGetDimension(string name, out ReadOnlySpan<char> text)
    {
        var found = Dimensions.TryGetValue(name, out var value);
        text = value;
        return found;
    }
}

/// <summary>What is left of an event for its aggregation. <paramref name="Key"/> is the 128-bit hash of the value that a unique count counts, else zero.</summary>
public readonly record struct Sample(UInt128 Id, Timestamp Time, ExactDecimal Value, UInt128 Key)
{
    /// <summary>The order of events: by time, those of the same microsecond by identity. It does not depend on the order of arrival.</summary>
    public static int Compare(in Sample a, in Sample b) => a.Time != b.Time ? a.Time.CompareTo(b.Time) : a.Id.CompareTo(b.Id);
}
