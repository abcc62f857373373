using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Rating.Calculator;

/// <summary>What a contract's meter shows, from all of its usage: the figures that invoicing asks for.</summary>
sealed class MeterFigures
{
    readonly Agreement _agreement;
    readonly Meter _meter;
    readonly List<UsageEntry> _entries;
    readonly SortedDictionary<int, MeterState?> _closing = [];

    public MeterFigures(Agreement agreement, Meter meter, IEnumerable<UsageEntry> entries)
    {
        (_agreement, _meter) = (agreement, meter);
        _entries = [.. entries.Where(e => e.Meter == meter.Id).OrderBy(e => e.At)];
    }

    bool IsGauge => _meter.Definition.Aggregation is Aggregation.TimeWeightedLevel or Aggregation.TimeWeightedDelta;

    /// <summary>The figures of a period, from the entries before a time.</summary>
    /// <exception cref="ContractFaultException">An event that the meter refuses.</exception>
    public IEnumerable<UsageFigure> Of(int ordinal, Timestamp until)
    {
        var period = _agreement.Period(ordinal).InForce;
        var entries = _entries.Where(e => period.Contains(e.At) && e.At < until).ToList();
        foreach (var entry in entries)
        {
            if (entry.Event is null) yield return new(_meter.Id, entry.Window, entry.Quantity, Group(entry));
        }
        var events = entries.Where(e => e.Event is not null).ToList();
        if (events.Count == 0 && !IsGauge) yield break;
        var grain = _agreement.Grain(ordinal, _meter.Id);
        foreach (var figure in grain == UsageItems.Events ? Each(events) : Windowed(ordinal, events, until)) yield return figure;
    }

    IEnumerable<UsageFigure> Each(List<UsageEntry> events)
    {
        foreach (var entry in events)
        {
            var sample = Guarded(entry, () => _meter.Usage.Matches(entry.Event!) ? (Exact?)Value(entry) : null);
            if (sample is { } value) yield return new(_meter.Id, entry.Window, value, Group(entry));
        }
    }

    Exact Value(UsageEntry entry) => _meter.Definition.Aggregation == Aggregation.Count ? Exact.One : _meter.Usage.Read(entry.Event!).Value;

    IEnumerable<UsageFigure> Windowed(int ordinal, List<UsageEntry> events, Timestamp until)
    {
        var state = ordinal > 0 && IsGauge ? Closing(ordinal - 1) : null;
        foreach (var window in _agreement.Windows(ordinal, _meter.Id))
        {
            if (window.Start >= until) yield break;
            state = State(window, events, state);
            foreach (var value in state.Values())
            {
                if (value.Value is { } figure) yield return new(_meter.Id, window, figure, [.. value.Group.Values]);
            }
        }
    }

    /// <summary>A gauge as it stood when a period ended; null where it had not begun.</summary>
    MeterState? Closing(int ordinal)
    {
        if (_closing.TryGetValue(ordinal, out var known)) return known;
        var state = ordinal > 0 ? Closing(ordinal - 1) : null;
        var period = _agreement.Period(ordinal).InForce;
        var events = _entries.Where(e => e.Event is not null && period.Contains(e.At)).ToList();
        foreach (var window in _agreement.Windows(ordinal, _meter.Id)) state = State(window, events, state);
        return _closing[ordinal] = state;
    }

    MeterState State(TimeWindow window, List<UsageEntry> events, MeterState? before)
    {
        var state = new MeterState(_meter.Usage, window);
        if (IsGauge && before is not null && _meter.GapPolicy == GapPolicy.Hold) state.CarryFrom(before);
        foreach (var entry in events.Where(e => window.Contains(e.At))) Guarded(entry, () => state.Add(entry.Event!));
        return state;
    }

    string?[] Group(UsageEntry entry) => [.. _meter.Definition.GroupBy.Select(d => entry.Dimensions.GetValueOrDefault(d))];

    static T Guarded<T>(UsageEntry entry, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (MeterException e)
        {
            throw new ContractFaultException([new(entry.Path, e.Code, e.Message)]);
        }
    }
}
