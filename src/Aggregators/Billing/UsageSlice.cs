using System.Buffers;
using System.Buffers.Binary;
using Streams.Rating.Contracts;
using Streams.Rating.Meters;
using Streams.Rating.Numbers;
using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Schemas.Avro;

namespace Streams.Aggregators.Billing;

/// <summary>Which slice: a meter's window in a period of a contract. Ordered by contract, period, meter (UTF-16 code units), then time.</summary>
public readonly record struct SliceKey(string Contract, int Ordinal, string Meter, TimeWindow Window) : IComparable<SliceKey>
{
    public int CompareTo(SliceKey other)
    {
        var order = string.CompareOrdinal(Contract, other.Contract);
        if (order == 0) order = Ordinal.CompareTo(other.Ordinal);
        if (order == 0) order = string.CompareOrdinal(Meter, other.Meter);
        if (order == 0) order = Window.Start.CompareTo(other.Window.Start);
        return order == 0 ? Window.End.CompareTo(other.Window.End) : order;
    }
}

/// <summary>What is kept of the events of a slice. The numbers are part of stored states.</summary>
public enum SliceKind
{
    /// <summary>Their plain sum and number.</summary>
    Sum = 1,

    /// <summary>The meter's state.</summary>
    State = 2,

    /// <summary>Each, for prices by event.</summary>
    Events = 3,
}

/// <summary>An event as a price by event looks at it.</summary>
public readonly record struct SliceEvent(UInt128 Id, Timestamp Time, ExactDecimal Value, IReadOnlyList<string?> Group);

/// <summary>
/// What a meter has gathered of a contract's usage in one of the windows that invoicing asks for. It keeps the meter's definition that it began with.
/// </summary>
public sealed class UsageSlice
{
    readonly SortedDictionary<(long, UInt128), SliceEvent>? _events;
    MeterState? _state;

    public UsageSlice(SliceKey key, Meter meter, SliceKind kind)
    {
        (Key, Meter, Kind) = (key, meter, kind);
        if (kind == SliceKind.Events) _events = [];
        if (kind == SliceKind.State) _state = new(meter.Usage, key.Window);
    }

    public SliceKey Key { get; }

    public Meter Meter { get; }

    public SliceKind Kind { get; }

    public ExactDecimal Sum { get; private set; }

    /// <summary>Events in it. Below zero for a moment where an event of a window that is still open was taken back.</summary>
    public long Count { get; private set; }

    /// <summary>Offsets of the events that came into it; -1 before the first.</summary>
    public long FirstOffset { get; private set; } = -1;

    public long LastOffset { get; private set; } = -1;

    public Timestamp FirstTime { get; private set; } = new(long.MaxValue);

    public Timestamp LastTime { get; private set; } = new(long.MinValue);

    /// <summary>The book by which its window was found; not stored.</summary>
    public object? Edition { get; set; }

    /// <summary>Changed since the last commit.</summary>
    public bool Dirty { get; set; }

    public MeterState State => _state!;

    public IEnumerable<SliceEvent> Events => _events!.Values;

    /// <summary>Adds a closed minute of a plain sum.</summary>
    public void Add(ExactDecimal quantity, long events, TimeWindow window, long firstOffset, long lastOffset)
    {
        Sum += quantity;
        Seen(events, window.Start, new(window.End.Micros - 1), firstOffset, lastOffset);
    }

    /// <summary>Takes an event; false if the meter's filters leave it out.</summary>
    /// <exception cref="MeterException">The meter refuses it; nothing has changed.</exception>
    public bool Add(MeterEvent usage, long offset)
    {
        var counts = Kind switch
        {
            SliceKind.State => State.Add(usage),
            SliceKind.Events => AddEvent(usage),
            _ => true,
        };
        if (!counts) return false;
        if (Kind == SliceKind.Sum) Sum += usage.Quantity;
        Seen(1, usage.Time, usage.Time, offset, offset);
        return true;
    }

    /// <summary>Takes an event back, given as it was added; false if the meter's filters had left it out.</summary>
    /// <exception cref="MeterException">There is no such event, or the aggregation cannot remove.</exception>
    public bool Remove(MeterEvent original)
    {
        if (Kind == SliceKind.Sum) Sum -= original.Quantity;
        else if (Kind == SliceKind.State && !State.Remove(original)) return false;
        else if (Kind == SliceKind.Events && !_events!.Remove((original.Time.Micros, original.Id))) throw new MeterException(MeterCodes.EventUnknown, "There is no such event");
        Count--;
        return true;
    }

    bool AddEvent(MeterEvent usage)
    {
        var meter = Meter.Usage;
        if (!meter.Matches(usage)) return false;
        if (_events!.Count >= Math.Max(1, meter.Definition.KeptEvents)) throw new MeterException(MeterCodes.EventLimit, $"Meter '{Meter.Id}' keeps {meter.Definition.KeptEvents} events");
        var value = meter.Definition.Aggregation == Aggregation.Count ? ExactDecimal.FromInteger(1) : meter.Read(usage).Value;
        var group = meter.Definition.GroupBy.Select(d => usage.Dimensions.GetValueOrDefault(d)).ToArray();
        if (!_events.TryAdd((usage.Time.Micros, usage.Id), new(usage.Id, usage.Time, value, group))) throw new MeterException(MeterCodes.EventTwice, "The event is there already");
        return true;
    }

    void Seen(long events, Timestamp first, Timestamp last, long firstOffset, long lastOffset)
    {
        Count += events;
        if (first < FirstTime) FirstTime = first;
        if (last > LastTime) LastTime = last;
        FirstOffset = FirstOffset < 0 ? firstOffset : Math.Min(FirstOffset, firstOffset);
        LastOffset = Math.Max(LastOffset, lastOffset);
    }

    public void Write(IBufferWriter<byte> output)
    {
        var writer = new AvroWriter(output);
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, Meter.Usage.Fingerprint);
        writer.WriteFixed(bytes[..8]);
        writer.WriteInt((int)Kind);
        writer.WriteBytes(bytes[..Sum.ToAvro(bytes)]);
        foreach (var number in (ReadOnlySpan<long>)[Count, FirstOffset, LastOffset, FirstTime.Micros, LastTime.Micros]) writer.WriteLong(number);
        if (Kind == SliceKind.State)
        {
            var state = new ArrayBufferWriter<byte>(256);
            State.Write(state);
            writer.WriteBytes(state.WrittenSpan);
        }
        if (Kind != SliceKind.Events) return;
        writer.WriteInt(_events!.Count);
        foreach (var one in _events.Values)
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes, one.Id);
            writer.WriteFixed(bytes);
            writer.WriteLong(one.Time.Micros);
            writer.WriteBytes(bytes[..one.Value.ToAvro(bytes)]);
            writer.WriteInt(one.Group.Count);
            foreach (var value in one.Group)
            {
                writer.WriteBoolean(value is not null);
                if (value is not null) writer.WriteString(value);
            }
        }
    }

    /// <param name="meters">The definitions by fingerprint.</param>
    public static UsageSlice Read(SliceKey key, ReadOnlySpan<byte> bytes, IReadOnlyDictionary<ulong, Meter> meters)
    {
        var reader = new AvroReader(bytes);
        var meter = meters[BinaryPrimitives.ReadUInt64BigEndian(reader.ReadFixed(8))];
        var slice = new UsageSlice(key, meter, (SliceKind)reader.ReadInt())
        {
            Sum = ExactDecimal.FromAvro(reader.ReadBytes()), Count = reader.ReadLong(), FirstOffset = reader.ReadLong(), LastOffset = reader.ReadLong(),
            FirstTime = new(reader.ReadLong()), LastTime = new(reader.ReadLong()),
        };
        if (slice.Kind == SliceKind.State) slice._state = MeterState.Read(meter.Usage, reader.ReadBytes());
        for (var count = slice.Kind == SliceKind.Events ? reader.ReadInt() : 0; count > 0; count--)
        {
            var (id, time, value) = (BinaryPrimitives.ReadUInt128BigEndian(reader.ReadFixed(16)), new Timestamp(reader.ReadLong()), ExactDecimal.FromAvro(reader.ReadBytes()));
            var group = new string?[reader.ReadInt()];
            for (var i = 0; i < group.Length; i++) group[i] = reader.ReadBoolean() ? reader.ReadString() : null;
            slice._events!.Add((time.Micros, id), new(id, time, value, group));
        }
        reader.ExpectEnd();
        return slice;
    }
}
