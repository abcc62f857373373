using System.Buffers;
using Streams.Rating.Contracts;
using Streams.Rating.Entitlements;
using Streams.Rating.Meters;
using Streams.Rating.Numbers;
using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Schemas.Avro;

namespace Streams.Aggregators.Entitlements;

/// <summary>Whose use of which feature.</summary>
public readonly record struct FeatureKey(string Customer, string Feature) : IComparable<FeatureKey>
{
    public int CompareTo(FeatureKey other)
    {
        var order = string.CompareOrdinal(Customer, other.Customer);
        return order == 0 ? string.CompareOrdinal(Feature, other.Feature) : order;
    }
}

/// <summary>What a customer has used of a metered feature, and what was told of it. A meter that is no plain sum has its state beside the figure.</summary>
public sealed class EntitlementEntry(FeatureKey key, string meter, MeteredUse use)
{
    /// <summary>The state as it was restored, until the meter's definition is at hand.</summary>
    byte[]? _stored;

    MeterState? _state;

    public FeatureKey Key => key;

    /// <summary>The meter whose use it is: another one begins anew.</summary>
    public string Meter => meter;

    public MeteredUse Use { get; set; } = use;

    /// <summary>That everything is used was told of in the interval.</summary>
    public bool LimitTold { get; set; }

    /// <summary>There was use in the interval, or something was told of it.</summary>
    public bool IsUsed => !Use.Used.IsZero || !Use.Told.IsZero || LimitTold || _state is not null || _stored is not null;

    /// <summary>When the interval's end is to be looked at, in stream time; not stored.</summary>
    public long Due { get; set; } = long.MaxValue;

    /// <summary>Changed since the last commit.</summary>
    public bool Dirty { get; set; }

    /// <summary>The meter's state in the interval; made anew where the definition is another than it was gathered by.</summary>
    public MeterState StateOf(UsageMeter definition)
    {
        if (_stored is { } bytes)
        {
            _stored = null;
            try
            {
                _state = MeterState.Read(definition, bytes);
            }
            catch (MeterException)
            {
                // Of another definition: its figure stays until the first event counts by the new one.
                _state = null;
            }
        }
        return _state is { } state && state.Meter.Fingerprint == definition.Fingerprint ? state : _state = new(definition, Use.Interval);
    }

    /// <summary>Begins another interval.</summary>
    public void Reset(MeteredUse use)
    {
        (Use, LimitTold) = (use, false);
        (_state, _stored) = (null, null);
    }

    public void Write(IBufferWriter<byte> output)
    {
        var writer = new AvroWriter(output);
        writer.WriteString(Meter);
        writer.WriteLong(Use.Interval.Start.Micros);
        writer.WriteLong(Use.Interval.End.Micros);
        foreach (var number in (ReadOnlySpan<Exact>)[Use.Carried, Use.Used, Use.Told]) writer.WriteString(number.ToString());
        writer.WriteBoolean(LimitTold);
        if (_state is null) writer.WriteBytes(_stored);
        else
        {
            var state = new ArrayBufferWriter<byte>(256);
            _state.Write(state);
            writer.WriteBytes(state.WrittenSpan);
        }
        if (Use.Before is not { } before) return;
        writer.WriteLong(before.Interval.Start.Micros);
        writer.WriteLong(before.Interval.End.Micros);
        writer.WriteString(before.Left.ToString());
    }

    public static EntitlementEntry Read(FeatureKey key, ReadOnlySpan<byte> bytes)
    {
        var reader = new AvroReader(bytes);
        var meter = reader.ReadString();
        var interval = new TimeWindow(new(reader.ReadLong()), new(reader.ReadLong()));
        var use = new MeteredUse(interval, Exact.ParseStored(reader.ReadString()), Exact.ParseStored(reader.ReadString()), Exact.ParseStored(reader.ReadString()));
        var entry = new EntitlementEntry(key, meter, use) { LimitTold = reader.ReadBoolean() };
        if (reader.ReadBytes() is { Length: > 0 } state) entry._stored = state.ToArray();
        // Entries of an earlier version end here.
        if (reader.Remaining > 0) entry.Use = use with { Before = new(new(new(reader.ReadLong()), new(reader.ReadLong())), Exact.ParseStored(reader.ReadString())) };
        reader.ExpectEnd();
        return entry;
    }
}
