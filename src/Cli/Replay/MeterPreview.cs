using Streams.Aggregators.Billing;
using Streams.Rating.Contracts;
using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Cli.Replay;

/// <summary>What a meter shows of a customer's group, and how many events it took for that.</summary>
sealed record PreviewFigure(string Customer, string Group, string Value, long Events);

/// <summary>A meter over past events, each once and with what corrections made of them, in one window from the first instant to the last.</summary>
sealed class MeterPreview(Meter meter, TimeWindow window)
{
    readonly SortedDictionary<string, MeterState> _states = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, long> _refused = new(StringComparer.Ordinal);

    public Meter Meter => meter;

    public long Taken { get; private set; }

    /// <summary>Events that the meter's filters leave out.</summary>
    public long FilteredOut { get; private set; }

    /// <summary>Refused events by the meter's code.</summary>
    public IReadOnlyDictionary<string, long> Refused => _refused;

    /// <summary>By customer and group.</summary>
    public IEnumerable<PreviewFigure> Figures => _states.SelectMany(s => s.Value.Values().Select(v =>
        new PreviewFigure(s.Key, string.Join(", ", v.Group.Values.Select(g => g ?? "(none)")), (v.Value?.ToString() ?? "") + (v.ErrorPpm > 0 ? $" ± {v.ErrorPpm} ppm" : ""), v.Events)));

    public void Add(UsageEvent usage, UInt128 identity)
    {
        if (!UsageCorrection.IsOne(usage)) Add(usage.CustomerId, UsageCorrection.Plain(usage, identity));
        else if (UsageCorrection.Read(usage, identity, out _) is not { } correction) Refuse("CORRECTION_INVALID");
        else
        {
            if (window.Contains(correction.Original.Time)) Try(() => StateOf(usage.CustomerId).Remove(correction.Original));
            if (correction.Replacement is { } replacement) Add(usage.CustomerId, replacement);
        }
    }

    void Add(string customer, MeterEvent usage)
    {
        if (!window.Contains(usage.Time)) return;
        if (Try(() => StateOf(customer).Add(usage)) is not { } taken) return;
        if (taken) Taken++;
        else FilteredOut++;
    }

    MeterState StateOf(string customer)
    {
        if (!_states.TryGetValue(customer, out var state)) _states.Add(customer, state = new(meter.Usage, window));
        return state;
    }

    bool? Try(Func<bool> change)
    {
        try
        {
            return change();
        }
        catch (MeterException e)
        {
            Refuse(e.Code);
            return null;
        }
    }

    void Refuse(string code) => _refused[code] = _refused.GetValueOrDefault(code) + 1;
}
