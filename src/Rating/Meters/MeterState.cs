using System.Buffers;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;
using Streams.Schemas.Avro;

namespace Streams.Rating.Meters;

/// <summary>
/// One group's figure. <paramref name="Value"/> is exact, and null where there is none (the maximum of no events); <paramref name="ErrorPpm"/> is the standard
/// error of an estimate in millionths, 0 for all that is exact.
/// </summary>
public readonly record struct MeterValue(GroupKey Group, Exact? Value, long Events, int ErrorPpm);

/// <summary>
/// What a meter has gathered in one window for one customer: an accumulator for each group. The order of events never matters, only their times do.
/// An event that is refused leaves the state as it was. Not safe for several threads.
/// <para>States merge (<see cref="Merge"/>), e.g. hours into a period; that is associative and commutative for every aggregation, because a state holds
/// what its figure is made from. The figures themselves do not add up but for counts and sums: not averages, unique counts, percentiles or means of gauges.</para>
/// <para>Removing an event needs the event as it was added. Counts, sums, averages, exact unique counts, percentiles and gauges can do it always, maxima, minima
/// and the latest value only where the definition keeps events (<see cref="MeterDefinition.KeptEvents"/>), estimates never. By its id alone, an event can be
/// removed where events are kept and from a level gauge.</para>
/// </summary>
public sealed class MeterState
{
    const int Version = 1;

    readonly Dictionary<string, Group> _groups = new(StringComparer.Ordinal);
    readonly Dictionary<string, Group>.AlternateLookup<ReadOnlySpan<char>> _byKey;

    public MeterState(UsageMeter meter, TimeWindow window)
    {
        if (window.IsEmpty) throw new ArgumentException($"The window {window} is empty", nameof(window));
        Meter = meter;
        Window = window;
        _byKey = _groups.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    public UsageMeter Meter { get; }

    public TimeWindow Window { get; private set; }

    /// <summary>How many groups there are.</summary>
    public int Groups => _groups.Count;

    readonly record struct Group(GroupKey Key, Accumulator Accumulator);

    /// <summary>Takes an event; false if the meter's filters leave it out.</summary>
    /// <exception cref="MeterException">The event is outside the window, lacks its value, or meets a limit.</exception>
    public bool Add(IMeterEvent usage)
    {
        if (!Meter.Matches(usage)) return false;
        if (!Window.Contains(usage.Time)) throw new MeterException(MeterCodes.EventOutsideWindow, $"{usage.Time} is not within {Window}");
        var sample = Meter.Read(usage);
        Span<char> buffer = stackalloc char[Meter.Definition.GroupBy.Count * GroupKey.EncodedLength];
        var key = buffer[..GroupKey.Encode(Meter.Definition.GroupBy, usage, buffer)];
        if (_byKey.TryGetValue(key, out var group)) group.Accumulator.Add(sample);
        else AddFirst(key, sample);
        return true;
    }

    /// <summary>Takes an event out again, given as it was added; false if the meter's filters had left it out.</summary>
    /// <exception cref="MeterException">There is no such event, or the aggregation cannot remove.</exception>
    public bool Remove(IMeterEvent original)
    {
        if (!Meter.Matches(original)) return false;
        var sample = Meter.Read(original);
        Span<char> buffer = stackalloc char[Meter.Definition.GroupBy.Count * GroupKey.EncodedLength];
        var key = buffer[..GroupKey.Encode(Meter.Definition.GroupBy, original, buffer)];
        if (!_byKey.TryGetValue(key, out var group)) throw Accumulator.Unknown(original.Id);
        group.Accumulator.Remove(sample);
        Tidy(group);
        return true;
    }

    /// <summary>Takes an event out by its id; false if no group has it.</summary>
    /// <exception cref="MeterException">The definition keeps no events, and it is no level gauge.</exception>
    public bool Remove(UInt128 id)
    {
        foreach (var group in _groups.Values)
        {
            if (!group.Accumulator.Remove(id)) continue;
            Tidy(group);
            return true;
        }
        return false;
    }

    /// <summary>Puts an event in the place of another, given as it was added. They may differ in everything.</summary>
    /// <exception cref="MeterException">As <see cref="Remove(IMeterEvent)"/> and <see cref="Add"/>; the state is then as before.</exception>
    public void Replace(IMeterEvent original, IMeterEvent replacement)
    {
        var removed = Remove(original);
        try
        {
            Add(replacement);
        }
        catch (MeterException)
        {
            if (removed) Add(original);
            throw;
        }
    }

    /// <summary>
    /// Adds everything of another state of the same meter, which itself stays as it is. The window grows to hold both. Of a gauge, windows must be the same,
    /// then their opening levels add up, or adjacent, then the level runs on from the earlier into the later, whose own opening level is without meaning.
    /// </summary>
    /// <exception cref="MeterException">Another meter, or a limit is met; the state must then be thrown away.</exception>
    public void Merge(MeterState other)
    {
        if (other.Meter.Fingerprint != Meter.Fingerprint) throw new MeterException(MeterCodes.StateOfOtherMeter, $"A state of meter '{other.Meter.Definition.Id}' of another edition");
        if (other == this) throw new ArgumentException("A state cannot be merged with itself", nameof(other));
        foreach (var (key, group) in other._groups.OrderBy(g => g.Key, StringComparer.Ordinal)) Grown(key).Accumulator.Merge(group.Accumulator);
        foreach (var (key, group) in _groups)
        {
            if (group.Accumulator is TimeWeightedAccumulator && !other._groups.ContainsKey(key)) group.Accumulator.Merge(Accumulator.Create(Meter.Definition, other.Window));
        }
        Window = new(Window.Start < other.Window.Start ? Window.Start : other.Window.Start, Window.End > other.Window.End ? Window.End : other.Window.End);
    }

    /// <summary>Sets each gauge's opening level to what it stood at when the window before ended; to be done again when a late event has changed that.</summary>
    /// <exception cref="MeterException">Another meter, or a window that does not end where this begins; too many groups.</exception>
    public void CarryFrom(MeterState previous)
    {
        if (previous.Meter.Fingerprint != Meter.Fingerprint) throw new MeterException(MeterCodes.StateOfOtherMeter, $"A state of meter '{previous.Meter.Definition.Id}' of another edition");
        if (previous.Window.End != Window.Start) throw new MeterException(MeterCodes.WindowsNotAdjacent, $"{previous.Window} does not end where {Window} begins");
        var levels = previous._groups.Where(g => g.Value.Accumulator is TimeWeightedAccumulator).ToDictionary(g => g.Key, g => ((TimeWeightedAccumulator)g.Value.Accumulator).Closing, StringComparer.Ordinal);
        foreach (var (key, level) in levels.OrderBy(l => l.Key, StringComparer.Ordinal))
        {
            if (level != ExactDecimal.Zero) Grown(key);
        }
        foreach (var (key, group) in _groups.ToList())
        {
            if (group.Accumulator is TimeWeightedAccumulator gauge) gauge.Opening = levels.GetValueOrDefault(key);
            Tidy(group);
        }
    }

    /// <summary>The figures, in the order of their groups.</summary>
    public IReadOnlyList<MeterValue> Values() =>
        [.. _groups.Values.OrderBy(g => g.Key).Select(g => new MeterValue(g.Key, g.Accumulator.Value(), g.Accumulator.Events, g.Accumulator.ErrorPpm))];

    /// <summary>The figure of a meter without groups, also when there was no event.</summary>
    public MeterValue Value()
    {
        if (Meter.Definition.GroupBy.Count > 0) throw new InvalidOperationException($"Meter '{Meter.Definition.Id}' has groups");
        var accumulator = _groups.TryGetValue("", out var group) ? group.Accumulator : Accumulator.Create(Meter.Definition, Window);
        return new(GroupKey.Decode("", 0), accumulator.Value(), accumulator.Events, accumulator.ErrorPpm);
    }

    /// <summary>Writes version, meter's fingerprint, window and groups by key. Equal contents give equal bytes.</summary>
    public void Write(IBufferWriter<byte> output)
    {
        var writer = new AvroWriter(output);
        writer.WriteInt(Version);
        StateFormat.WriteFingerprint(writer, Meter.Fingerprint);
        writer.WriteLong(Window.Start.Micros);
        writer.WriteLong(Window.Micros);
        writer.WriteInt(_groups.Count);
        foreach (var (key, group) in _groups.OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            writer.WriteString(key);
            group.Accumulator.Write(writer);
        }
    }

    /// <exception cref="MeterException">Not such a state, or one of another meter.</exception>
    public static MeterState Read(UsageMeter meter, ReadOnlySpan<byte> bytes)
    {
        try
        {
            var reader = new AvroReader(bytes);
            var state = Read(meter, ref reader);
            reader.ExpectEnd();
            return state;
        }
        catch (Exception e) when (e is AvroException or OverflowException)
        {
            throw new MeterException(MeterCodes.StateMalformed, $"The state is malformed: {e.Message}", e);
        }
    }

    static MeterState Read(UsageMeter meter, ref AvroReader reader)
    {
        var version = reader.ReadInt();
        if (version != Version) throw new MeterException(MeterCodes.StateMalformed, $"The state has version {version}, {Version} is known");
        if (StateFormat.ReadFingerprint(ref reader) != meter.Fingerprint) throw new MeterException(MeterCodes.StateOfOtherMeter, $"The state is not of this edition of meter '{meter.Definition.Id}'");
        var start = reader.ReadLong();
        var window = new TimeWindow(new(start), new(start + reader.ReadLong()));
        if (window.IsEmpty) throw StateFormat.Malformed($"the window {window} is empty");
        var state = new MeterState(meter, window);
        for (var count = StateFormat.ReadCount(ref reader, meter.Definition.MaxGroups, 2); count > 0; count--)
        {
            var key = reader.ReadString();
            if (state._groups.ContainsKey(key)) throw StateFormat.Malformed("a group comes twice");
            state.Grown(key).Accumulator.Read(ref reader);
        }
        return state;
    }

    void AddFirst(ReadOnlySpan<char> key, in Sample sample)
    {
        var group = New(key.ToString());
        group.Accumulator.Add(sample);
        _groups.Add(group.Key.Encoded, group);
    }

    Group Grown(string key)
    {
        if (!_groups.TryGetValue(key, out var group)) _groups.Add(key, group = New(key));
        return group;
    }

    Group New(string key)
    {
        var limit = Meter.Definition.MaxGroups;
        if (_groups.Count >= limit) throw new MeterException(MeterCodes.GroupLimit, $"Meter '{Meter.Definition.Id}' has reached its {limit} groups");
        return new(GroupKey.Decode(key, Meter.Definition.GroupBy.Count), Accumulator.Create(Meter.Definition, Window));
    }

    /// <summary>Forgets a group that nothing is left of.</summary>
    void Tidy(Group group)
    {
        if (group.Accumulator.IsEmpty) _groups.Remove(group.Key.Encoded);
    }
}
