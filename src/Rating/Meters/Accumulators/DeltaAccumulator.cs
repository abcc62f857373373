using System.Numerics;
using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>
/// Changes of a level. A change d at time t adds d * (end - t) to the integral, so the sums of d and of d * t are all that is kept,
/// and late, merged or removed events need nothing else.
/// </summary>
sealed class DeltaAccumulator(TimeWindow window, long? perMicros) : TimeWeightedAccumulator(window, perMicros)
{
    WideSum _changes;
    WideSum _moments;

    public override ExactDecimal Closing
    {
        get
        {
            var level = _changes.Total + (BigInteger)Opening.Unscaled;
            return BigInteger.Abs(level) <= (BigInteger)ExactDecimal.MaxUnscaled ? new((Int128)level) : throw TooLarge();
        }
    }

    protected override BigInteger Integral() =>
        (BigInteger)Opening.Unscaled * Window.Micros + _changes.Total * Window.End.Micros - _moments.Total;

    public override void Add(in Sample sample)
    {
        _changes.Add(sample.Value.Unscaled);
        _moments.AddProduct(sample.Value.Unscaled, sample.Time.Micros);
        Events++;
    }

    public override void Remove(in Sample original)
    {
        Forget(original);
        _changes.Add(-original.Value.Unscaled);
        _moments.AddProduct(-original.Value.Unscaled, original.Time.Micros);
    }

    protected override void MergeChanges(TimeWeightedAccumulator other)
    {
        var delta = (DeltaAccumulator)other;
        _changes.Add(delta._changes);
        _moments.Add(delta._moments);
    }

    protected override void WriteChanges(AvroWriter writer)
    {
        writer.WriteLong(Events);
        _changes.Write(writer);
        _moments.Write(writer);
    }

    protected override void ReadChanges(ref AvroReader reader)
    {
        Events = StateFormat.ReadEvents(ref reader);
        _changes = WideSum.Read(ref reader);
        _moments = WideSum.Read(ref reader);
    }
}
