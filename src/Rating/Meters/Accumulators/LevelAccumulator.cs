using System.Numerics;
using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>
/// Absolute levels. What a late one changes depends on its neighbours, so all are kept, in the order of <see cref="Sample.Compare"/>: of several in one
/// microsecond the one with the greatest identity holds.
/// </summary>
sealed class LevelAccumulator(TimeWindow window, long? perMicros, int limit) : TimeWeightedAccumulator(window, perMicros)
{
    List<Sample> _levels = [];

    public override ExactDecimal Closing => _levels.Count == 0 ? Opening : _levels[^1].Value;

    protected override BigInteger Integral()
    {
        BigInteger sum = 0;
        var (level, since) = (Opening, Window.Start);
        foreach (var next in _levels)
        {
            sum += (BigInteger)level.Unscaled * (next.Time.Micros - since.Micros);
            (level, since) = (next.Value, next.Time);
        }
        return sum + (BigInteger)level.Unscaled * (Window.End.Micros - since.Micros);
    }

    public override void Add(in Sample sample)
    {
        Ensure(1);
        var at = Place(sample);
        if (at < _levels.Count && Sample.Compare(_levels[at], sample) == 0) throw Twice(sample.Id);
        _levels.Insert(at, sample);
        Events++;
    }

    public override void Remove(in Sample original)
    {
        var at = Place(original);
        if (at == _levels.Count || _levels[at] != original) throw Unknown(original.Id);
        _levels.RemoveAt(at);
        Events--;
    }

    public override bool Remove(UInt128 id)
    {
        var at = _levels.FindIndex(l => l.Id == id);
        if (at < 0) return false;
        _levels.RemoveAt(at);
        Events--;
        return true;
    }

    protected override void MergeChanges(TimeWeightedAccumulator other)
    {
        var levels = ((LevelAccumulator)other)._levels;
        Ensure(levels.Count);
        var merged = new List<Sample>(_levels.Count + levels.Count);
        var (mine, its) = (0, 0);
        while (mine < _levels.Count || its < levels.Count)
        {
            var order = mine == _levels.Count ? 1 : its == levels.Count ? -1 : Sample.Compare(_levels[mine], levels[its]);
            if (order == 0) throw Twice(levels[its].Id);
            merged.Add(order < 0 ? _levels[mine++] : levels[its++]);
        }
        _levels = merged;
    }

    protected override void WriteChanges(AvroWriter writer)
    {
        writer.WriteInt(_levels.Count);
        foreach (var level in _levels) StateFormat.WriteSample(writer, level, keyed: false);
    }

    protected override void ReadChanges(ref AvroReader reader)
    {
        for (var count = StateFormat.ReadCount(ref reader, limit, StateFormat.MinSampleBytes); count > 0; count--)
        {
            var level = StateFormat.ReadSample(ref reader, keyed: false);
            if (!Window.Contains(level.Time)) throw StateFormat.Malformed($"a level at {level.Time} is not within {Window}");
            Add(level);
        }
    }

    void Ensure(int more)
    {
        if (_levels.Count + more > limit) throw new MeterException(MeterCodes.ValueLimit, $"A gauge of more than {limit} levels in one window");
    }

    /// <summary>Where a sample stands or would stand. Events come roughly in time order, so the end is tried first.</summary>
    int Place(in Sample sample)
    {
        if (_levels.Count == 0 || Sample.Compare(_levels[^1], sample) < 0) return _levels.Count;
        var (low, high) = (0, _levels.Count - 1);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (Sample.Compare(_levels[middle], sample) < 0) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
