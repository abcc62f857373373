using Streams.Rating.Pricing;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

sealed class CountAccumulator : Accumulator
{
    public override void Add(in Sample sample) => Events++;

    public override void Remove(in Sample original) => Forget(original);

    public override void Merge(Accumulator other) => Events += other.Events;

    public override Exact? Value() => Events;

    public override void Write(AvroWriter writer) => writer.WriteLong(Events);

    public override void Read(ref AvroReader reader) => Events = StateFormat.ReadEvents(ref reader);
}
