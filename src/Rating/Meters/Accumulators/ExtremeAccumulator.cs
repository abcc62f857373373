using Streams.Rating.Pricing;
using Streams.Schemas;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>The greatest or the smallest value. When it is taken out nobody knows the next one, so nothing can be.</summary>
sealed class ExtremeAccumulator(bool greatest) : Accumulator
{
    ExactDecimal _value;

    public override void Add(in Sample sample)
    {
        if (Events == 0 || Beats(sample.Value)) _value = sample.Value;
        Events++;
    }

    public override void Merge(Accumulator other)
    {
        var extreme = (ExtremeAccumulator)other;
        if (Events == 0 || (other.Events > 0 && Beats(extreme._value))) _value = extreme._value;
        Events += other.Events;
    }

    public override Exact? Value() => Events == 0 ? null : _value;

    public override void Write(AvroWriter writer)
    {
        writer.WriteLong(Events);
        writer.WriteDecimal(_value);
    }

    public override void Read(ref AvroReader reader)
    {
        Events = StateFormat.ReadEvents(ref reader);
        _value = StateFormat.ReadDecimal(ref reader);
    }

    bool Beats(ExactDecimal value) => greatest ? value > _value : value < _value;
}
