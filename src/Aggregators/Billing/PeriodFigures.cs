using System.Buffers;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Meters;
using Streams.Rating.Periods;

namespace Streams.Aggregators.Billing;

/// <summary>The figures that invoicing asks for, from a contract's slices.</summary>
static class PeriodFigures
{
    /// <summary>All usage of a period that is known.</summary>
    /// <exception cref="MeterException">States that do not fit together any more, after a change of the contract for time that is over.</exception>
    public static PeriodUsage Of(ContractAccount account, Agreement agreement, int ordinal) => new(All(account, agreement, ordinal));

    /// <summary>The same, one by one.</summary>
    public static IEnumerable<UsageFigure> All(ContractAccount account, Agreement agreement, int ordinal) =>
        agreement.Meters(ordinal).SelectMany(m => Figures(account, agreement, m, ordinal));

    static IEnumerable<UsageFigure> Figures(ContractAccount account, Agreement agreement, Meter meter, int ordinal)
    {
        if (IsGauge(meter)) return Gauges(account, agreement, meter, ordinal);
        var windows = agreement.Windows(ordinal, meter.Id);
        return Slices(account, ordinal, meter.Id).Where(s => s.Count > 0).GroupBy(s => Within(windows, s)).SelectMany(g => Figures(meter.Id, g.Key, [.. g]));
    }

    static bool IsGauge(Meter meter) => meter.Definition.Aggregation is Aggregation.TimeWeightedLevel or Aggregation.TimeWeightedDelta;

    static IEnumerable<UsageSlice> Slices(ContractAccount account, int ordinal, string meter) => account.Slices.Values.Where(s => s.Key.Ordinal == ordinal && s.Key.Meter == meter);

    /// <summary>The window that invoicing asks for; where a change of the contract cut a slice afterwards, the one that its last event lies in.</summary>
    static TimeWindow Within(IReadOnlyList<TimeWindow> windows, UsageSlice slice) =>
        windows.FirstOrDefault(w => w.Contains(slice.Key.Window), windows.LastOrDefault(w => w.Start <= slice.LastTime, windows[0]));

    static IEnumerable<UsageFigure> Figures(string meter, TimeWindow window, List<UsageSlice> slices)
    {
        foreach (var slice in slices.Where(s => s.Kind == SliceKind.Events))
        {
            foreach (var one in slice.Events) yield return new(meter, new(one.Time, new(one.Time.Micros + 1)), one.Value, [.. one.Group]);
        }
        foreach (var slice in slices.Where(s => s.Kind == SliceKind.Sum)) yield return new(meter, Part(window, slice.Key.Window), slice.Sum);
        var states = slices.Where(s => s.Kind == SliceKind.State).ToList();
        if (states.Count == 0) yield break;
        foreach (var value in Merged(states).Values())
        {
            if (value.Value is { } figure) yield return new(meter, states.Count == 1 ? Part(window, states[0].Key.Window) : window, figure, [.. value.Group.Values]);
        }
    }

    static TimeWindow Part(TimeWindow window, TimeWindow slice) => window.Intersect(slice) is { IsEmpty: false } part ? part : window;

    static MeterState Merged(List<UsageSlice> slices)
    {
        if (slices.Count == 1) return slices[0].State;
        var buffer = new ArrayBufferWriter<byte>(256);
        slices[0].State.Write(buffer);
        var merged = MeterState.Read(slices[0].Meter.Usage, buffer.WrittenSpan);
        foreach (var slice in slices.Skip(1)) merged.Merge(slice.State);
        return merged;
    }

    /// <summary>Levels run on from window to window, also through those without an event.</summary>
    static IEnumerable<UsageFigure> Gauges(ContractAccount account, Agreement agreement, Meter meter, int ordinal)
    {
        var before = ordinal > 0 ? Closing(account, agreement, meter, ordinal - 1) : null;
        foreach (var state in Chain(account, agreement, meter, ordinal, before))
        {
            foreach (var value in state.Values())
            {
                if (value.Value is { } figure) yield return new(meter.Id, state.Window, figure, [.. value.Group.Values]);
            }
        }
    }

    /// <summary>How a gauge stood when a period ended: the level of the period before is in its slices, as far as it is kept.</summary>
    static MeterState? Closing(ContractAccount account, Agreement agreement, Meter meter, int ordinal)
    {
        var first = account.Slices.Keys.Where(k => k.Meter == meter.Id).Select(k => k.Ordinal).DefaultIfEmpty(ordinal).Min();
        MeterState? state = null;
        for (var earlier = Math.Min(first, ordinal); earlier <= ordinal; earlier++) state = Chain(account, agreement, meter, earlier, state).LastOrDefault(state);
        return state;
    }

    static IEnumerable<MeterState> Chain(ContractAccount account, Agreement agreement, Meter meter, int ordinal, MeterState? before)
    {
        foreach (var window in agreement.Windows(ordinal, meter.Id))
        {
            var state = account.Slices.GetValueOrDefault(new(account.Contract, ordinal, meter.Id, window))?.State ?? new MeterState(meter.Usage, window);
            if (before is not null && meter.GapPolicy == GapPolicy.Hold && before.Window.End == window.Start && before.Meter.Fingerprint == state.Meter.Fingerprint) state.CarryFrom(before);
            yield return before = state;
        }
    }
}
