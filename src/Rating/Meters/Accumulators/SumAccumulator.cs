using Streams.Rating.Pricing;
using Streams.Schemas;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>Sum and average: both keep the sum and the count, so averages of windows merge into the average of all their events.</summary>
sealed class SumAccumulator(bool mean) : Accumulator
{
    WideSum _sum;

    public override void Add(in Sample sample)
    {
        _sum.Add(sample.Value.Unscaled);
        Events++;
    }

    public override void Remove(in Sample original)
    {
        Forget(original);
        _sum.Add(-original.Value.Unscaled);
    }

    public override void Merge(Accumulator other)
    {
        _sum.Add(((SumAccumulator)other)._sum);
        Events += other.Events;
    }

    public override Exact? Value()
    {
        if (!mean) return StateFormat.Quotient(_sum.Total, ExactDecimal.One);
        return Events == 0 ? null : StateFormat.Quotient(_sum.Total, (Int128)Events * ExactDecimal.One);
    }

    public override void Write(AvroWriter writer)
    {
        writer.WriteLong(Events);
        _sum.Write(writer);
    }

    public override void Read(ref AvroReader reader)
    {
        Events = StateFormat.ReadEvents(ref reader);
        _sum = WideSum.Read(ref reader);
    }
}
