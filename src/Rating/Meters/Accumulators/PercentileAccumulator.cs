using System.Numerics;
using Streams.Rating.Pricing;
using Streams.Schemas;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>
/// Keeps every value. The nearest rank of percentile p among n values is ceil(p * n / 100), counted from 1 in rising order; so the figure is always
/// a value that occurred.
/// </summary>
sealed class PercentileAccumulator(ExactDecimal percentile, int limit) : Accumulator
{
    readonly List<ExactDecimal> _values = [];
    bool _sorted = true;

    public override void Add(in Sample sample)
    {
        Ensure(1);
        if (_sorted && _values.Count > 0 && sample.Value < _values[^1]) _sorted = false;
        _values.Add(sample.Value);
        Events++;
    }

    public override void Remove(in Sample original)
    {
        var at = Sorted().BinarySearch(original.Value);
        if (at < 0) throw Unknown(original.Id);
        _values.RemoveAt(at);
        Events--;
    }

    public override void Merge(Accumulator other)
    {
        var values = ((PercentileAccumulator)other)._values;
        Ensure(values.Count);
        _values.AddRange(values);
        _sorted = false;
        Events += values.Count;
    }

    public override Exact? Value()
    {
        if (_values.Count == 0) return null;
        var hundred = (BigInteger)100 * ExactDecimal.One;
        var rank = ((BigInteger)percentile.Unscaled * _values.Count + hundred - 1) / hundred;
        return Sorted()[(int)rank - 1];
    }

    public override void Write(AvroWriter writer)
    {
        writer.WriteInt(_values.Count);
        foreach (var value in Sorted()) writer.WriteDecimal(value);
    }

    public override void Read(ref AvroReader reader)
    {
        for (var count = StateFormat.ReadCount(ref reader, limit, 2); count > 0; count--) Add(new(default, default, StateFormat.ReadDecimal(ref reader), default));
    }

    void Ensure(int more)
    {
        if (_values.Count + more > limit) throw new MeterException(MeterCodes.ValueLimit, $"A percentile of more than {limit} values");
    }

    List<ExactDecimal> Sorted()
    {
        if (!_sorted) _values.Sort();
        _sorted = true;
        return _values;
    }
}
