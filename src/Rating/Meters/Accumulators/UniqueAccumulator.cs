using Streams.Rating.Pricing;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>
/// How many different values, told apart by 128-bit hashes under a fixed key. Up to <paramref name="limit"/> it counts each value's events, so they can be
/// taken out again. Beyond, it is an error, or, where a precision is given, a HyperLogLog estimate: the same whatever the order of events and merges,
/// because then nothing can be taken out.
/// </summary>
sealed class UniqueAccumulator(int limit, int? precision) : Accumulator
{
    readonly Dictionary<UInt128, long> _counts = [];
    HyperLogLog? _estimate;

    public override int ErrorPpm => _estimate?.ErrorPpm ?? 0;

    public override void Add(in Sample sample)
    {
        Count(sample.Key, 1);
        Events++;
    }

    public override void Remove(in Sample original)
    {
        if (precision is not null) throw new MeterException(MeterCodes.RemovalNotPossible, "A unique count that may become an estimate takes nothing out");
        if (!_counts.TryGetValue(original.Key, out var count)) throw Unknown(original.Id);
        if (count == 1) _counts.Remove(original.Key);
        else _counts[original.Key] = count - 1;
        Events--;
    }

    public override void Merge(Accumulator other)
    {
        var unique = (UniqueAccumulator)other;
        if (unique._estimate is not null) Estimate().Merge(unique._estimate);
        // Ordered, so that a limit is met at the same value whatever the order of the dictionary.
        foreach (var (key, count) in unique._counts.OrderBy(c => c.Key)) Count(key, count);
        Events += other.Events;
    }

    public override Exact? Value() => _estimate is null ? _counts.Count : _estimate.Estimate();

    public override void Write(AvroWriter writer)
    {
        writer.WriteLong(Events);
        writer.WriteBoolean(_estimate is not null);
        if (_estimate is not null)
        {
            _estimate.Write(writer);
            return;
        }
        writer.WriteInt(_counts.Count);
        foreach (var (key, count) in _counts.OrderBy(c => c.Key))
        {
            StateFormat.WriteId(writer, key);
            writer.WriteLong(count);
        }
    }

    public override void Read(ref AvroReader reader)
    {
        Events = StateFormat.ReadEvents(ref reader);
        if (reader.ReadBoolean())
        {
            _estimate = HyperLogLog.Read(ref reader, precision ?? throw StateFormat.Malformed("an estimate, where the meter has none"));
            return;
        }
        long sum = 0;
        for (var count = StateFormat.ReadCount(ref reader, limit, 17); count > 0; count--)
        {
            var (key, events) = (StateFormat.ReadId(ref reader), reader.ReadLong());
            if (events < 1 || !_counts.TryAdd(key, events)) throw StateFormat.Malformed("a unique value comes twice or without events");
            sum += events;
        }
        if (sum != Events) throw StateFormat.Malformed($"{sum} events of unique values are not {Events}");
    }

    void Count(UInt128 key, long events)
    {
        if (_estimate is not null) _estimate.Add(unchecked((ulong)key));
        else if (_counts.TryGetValue(key, out var count)) _counts[key] = count + events;
        else if (_counts.Count < limit) _counts.Add(key, events);
        else if (precision is null) throw new MeterException(MeterCodes.UniqueLimit, $"A unique count of more than {limit} values");
        else Estimate().Add(unchecked((ulong)key));
    }

    HyperLogLog Estimate()
    {
        if (_estimate is not null) return _estimate;
        _estimate = new(precision!.Value);
        foreach (var key in _counts.Keys) _estimate.Add(unchecked((ulong)key));
        _counts.Clear();
        return _estimate;
    }
}
