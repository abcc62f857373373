using Streams.Rating.Pricing;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>The last value in the order of <see cref="Sample.Compare"/>.</summary>
sealed class LatestAccumulator : Accumulator
{
    Sample _latest;

    public override void Add(in Sample sample)
    {
        if (Events == 0 || Sample.Compare(sample, _latest) > 0) _latest = sample;
        Events++;
    }

    public override void Merge(Accumulator other)
    {
        var latest = ((LatestAccumulator)other)._latest;
        if (Events == 0 || (other.Events > 0 && Sample.Compare(latest, _latest) > 0)) _latest = latest;
        Events += other.Events;
    }

    public override Exact? Value() => Events == 0 ? null : _latest.Value;

    public override void Write(AvroWriter writer)
    {
        writer.WriteLong(Events);
        StateFormat.WriteSample(writer, _latest, keyed: false);
    }

    public override void Read(ref AvroReader reader)
    {
        Events = StateFormat.ReadEvents(ref reader);
        _latest = StateFormat.ReadSample(ref reader, keyed: false);
    }
}
