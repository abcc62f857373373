using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>Keeps each event by its id, so that any can be removed, and computes the figure from all of them when it is asked for.</summary>
sealed class KeptAccumulator(MeterDefinition definition, TimeWindow window) : Accumulator
{
    readonly Dictionary<UInt128, Sample> _samples = [];
    Accumulator? _figure;

    bool Keyed => definition.Aggregation == Aggregation.UniqueCount;

    public override void Add(in Sample sample)
    {
        Ensure(1);
        if (!_samples.TryAdd(sample.Id, sample)) throw Twice(sample.Id);
        Changed();
    }

    public override void Remove(in Sample original)
    {
        if (!_samples.TryGetValue(original.Id, out var sample) || sample != original) throw Unknown(original.Id);
        Remove(original.Id);
    }

    public override bool Remove(UInt128 id)
    {
        if (!_samples.Remove(id)) return false;
        Changed();
        return true;
    }

    public override void Merge(Accumulator other)
    {
        var samples = ((KeptAccumulator)other)._samples;
        Ensure(samples.Count);
        foreach (var id in samples.Keys.Order())
        {
            if (_samples.ContainsKey(id)) throw Twice(id);
        }
        foreach (var (id, sample) in samples) _samples.Add(id, sample);
        Changed();
    }

    public override Exact? Value()
    {
        if (_figure is null)
        {
            var figure = Plain(definition, window);
            foreach (var sample in Ordered()) figure.Add(sample);
            _figure = figure;
        }
        return _figure.Value();
    }

    public override void Write(AvroWriter writer)
    {
        writer.WriteInt(_samples.Count);
        foreach (var sample in Ordered()) StateFormat.WriteSample(writer, sample, Keyed);
    }

    public override void Read(ref AvroReader reader)
    {
        for (var count = StateFormat.ReadCount(ref reader, definition.KeptEvents, StateFormat.MinSampleBytes); count > 0; count--)
            Add(StateFormat.ReadSample(ref reader, Keyed));
    }

    List<Sample> Ordered()
    {
        var samples = _samples.Values.ToList();
        samples.Sort((a, b) => Sample.Compare(a, b));
        return samples;
    }

    void Ensure(int more)
    {
        if (_samples.Count + more > definition.KeptEvents) throw new MeterException(MeterCodes.EventLimit, $"A meter that keeps events has more than {definition.KeptEvents} in one window");
    }

    void Changed()
    {
        Events = _samples.Count;
        _figure = null;
    }
}
