using System.Numerics;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>
/// A gauge over its window: the integral of the level over time, divided by a unit of time or by the window's length. The level holds from an event's
/// microsecond on until the next; before the first event it is the opening level (zero unless carried from the window before).
/// </summary>
abstract class TimeWeightedAccumulator(TimeWindow window, long? perMicros) : Accumulator
{
    public TimeWindow Window { get; private set; } = window;

    /// <summary>The level at the window's start.</summary>
    public ExactDecimal Opening { get; set; }

    /// <summary>The level at the window's end, which the next window opens with.</summary>
    public abstract ExactDecimal Closing { get; }

    public override bool IsEmpty => Events == 0 && Opening == ExactDecimal.Zero;

    /// <summary>Billionths times microseconds.</summary>
    protected abstract BigInteger Integral();

    public override Exact? Value() => StateFormat.Quotient(Integral(), (BigInteger)(perMicros ?? Window.Micros) * ExactDecimal.One);

    public override void Merge(Accumulator other)
    {
        var gauge = (TimeWeightedAccumulator)other;
        var merged = Joined(gauge.Window);
        var opening = Window.Start == gauge.Window.Start ? Sum(Opening, gauge.Opening) : Window.Start < gauge.Window.Start ? Opening : gauge.Opening;
        MergeChanges(gauge);
        (Window, Opening) = (merged, opening);
        Events += gauge.Events;
    }

    protected abstract void MergeChanges(TimeWeightedAccumulator other);

    protected static ExactDecimal Sum(ExactDecimal level, ExactDecimal change)
    {
        var sum = level.Unscaled + change.Unscaled;
        return Int128.Abs(sum) <= ExactDecimal.MaxUnscaled ? new(sum) : throw TooLarge();
    }

    protected static MeterException TooLarge() => new(MeterCodes.NumberTooLarge, "A level of more than 28 digits");

    public override void Write(AvroWriter writer)
    {
        writer.WriteDecimal(Opening);
        WriteChanges(writer);
    }

    public override void Read(ref AvroReader reader)
    {
        Opening = StateFormat.ReadDecimal(ref reader);
        ReadChanges(ref reader);
    }

    protected abstract void WriteChanges(AvroWriter writer);

    protected abstract void ReadChanges(ref AvroReader reader);

    TimeWindow Joined(TimeWindow other)
    {
        if (other == Window) return Window;
        if (other.Start == Window.End) return new(Window.Start, other.End);
        if (other.End == Window.Start) return new(other.Start, Window.End);
        throw new MeterException(MeterCodes.WindowsNotAdjacent, $"{other} is neither {Window} nor adjacent to it");
    }
}
