using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Schemas;

namespace Streams.Rating.Calculator;

/// <summary>One contract from its beginning.</summary>
sealed class ContractRun
{
    readonly Agreement _agreement;
    readonly InvoicingEngine _engine;
    readonly KnownUsage _usage;
    readonly Dictionary<string, MeterFigures> _meters = new(StringComparer.Ordinal);
    readonly Timestamp _until;
    InvoicingState _state;
    List<UsageEntry> _entries;
    int _corrected;

    public ContractRun(Agreement agreement, List<UsageEntry> entries, Timestamp? until, bool explain)
    {
        (_agreement, _engine, _usage) = (agreement, new(agreement, explain), new(agreement, entries));
        (_state, _entries) = (new() { Contract = agreement.Contract.Id }, _usage.Before(new(long.MaxValue)));
        _until = until ?? End(entries);
    }

    /// <summary>What becomes of a state between two documents: it may be stored and read again.</summary>
    public Func<InvoicingState, InvoicingState> Kept { get; init; } = state => state;

    /// <summary>See <see cref="ContractCalculator.Run"/>.</summary>
    public long? ThresholdWindow { get; init; }

    /// <summary>What came too late for the contract.</summary>
    public IReadOnlyList<UnratedUsage> Refused => _usage.Refused;

    public IEnumerable<InvoiceDocument> Documents()
    {
        if (_agreement.Start >= _until) yield break;
        (var opening, _state) = _engine.Start();
        if (opening is not null) yield return opening;
        while (!_state.Ended && _agreement.Period(_state.Next).InForce is var period && period.Start < _until)
        {
            var close = _usage.CloseOf(_state.Next);
            Know(close);
            foreach (var at in ThresholdTimes(_state.Next))
            {
                foreach (var correction in Corrections(at)) yield return correction;
                Know(close);
                (var threshold, _state) = _engine.Threshold(Kept(_state), Usage(_state.Next, new(at.Micros + 1)), at);
                if (threshold is not null) yield return threshold;
            }
            foreach (var correction in Corrections(close)) yield return correction;
            Know(close);
            if (period.End > _until)
            {
                yield return _engine.Preview(_state, Usage(_state.Next, _until), _until);
                yield break;
            }
            (var document, _state) = _engine.Close(Kept(_state), Usage(_state.Next, period.End));
            yield return document!;
        }
        foreach (var correction in Corrections(_until)) yield return correction;
    }

    /// <summary>The figures of a period, from the usage before a time.</summary>
    public PeriodUsage Usage(int ordinal, Timestamp until) => new(_agreement.Meters(ordinal).SelectMany(m => Figures(m).Of(ordinal, until)));

    /// <summary>The corrections that are due up to a time, by the usage that is known when they are.</summary>
    IEnumerable<InvoiceDocument> Corrections(Timestamp upTo)
    {
        for (; _corrected < _usage.Changes.Count && _usage.Changes[_corrected] is var change && change.Due <= upTo && change.Due <= _until; _corrected++)
        {
            Know(change.Due);
            var usage = _state.Closed.Where(c => c.Ordinal >= change.First).ToDictionary(c => c.Ordinal, c => Usage(c.Ordinal, _agreement.Period(c.Ordinal).InForce.End));
            var open = _agreement.Period(_state.Ended ? _state.Next - 1 : _state.Next).InForce;
            var corrected = _engine.Correct(Kept(_state), usage, change.Due < open.End ? change.Due : open.End);
            _state = corrected.State;
            foreach (var document in corrected.Documents) yield return document;
        }
    }

    /// <summary>From here on the usage is that which is known before a time.</summary>
    void Know(Timestamp at)
    {
        if (_usage.IsSettled) return;
        _entries = _usage.Before(at);
        _meters.Clear();
    }

    MeterFigures Figures(Meter meter)
    {
        if (!_meters.TryGetValue(meter.Id, out var figures)) _meters.Add(meter.Id, figures = new(_agreement, meter, _entries));
        return figures;
    }

    Timestamp End(List<UsageEntry> entries)
    {
        var end = _agreement.Period(entries.Count == 0 ? 0 : _agreement.OrdinalOf(entries.Max(e => e.At))).Whole.End;
        if (_usage.IsSettled) return end;
        var changed = _agreement.Calendar.Of(_usage.Changes[^1].Due).End;
        return changed > end ? changed : end;
    }

    IEnumerable<Timestamp> ThresholdTimes(int ordinal)
    {
        var period = _agreement.Period(ordinal).InForce;
        if (!_agreement.Contract.Versions.Any(v => v.Threshold is not null && v.From < period.End && (v.To is not { } to || to > period.Start))) return [];
        var times = _entries.Where(e => period.Contains(e.At) && e.At < _until).Select(e => e.At.Micros).Distinct().Order().ToList();
        if (ThresholdWindow is { } window) return times.Select(t => new Timestamp(Math.Min(t - t % window + window, Math.Min(period.End.Micros, _until.Micros)) - 1)).Distinct();
        if (times.Count <= ContractCalculator.ThresholdEntries) return times.Select(t => new Timestamp(t));
        var zone = _agreement.Calendar.Zone;
        return times.Select(t => Math.Min(zone.DayOf(new(t)).End.Micros, period.End.Micros) - 1).Distinct().Select(t => new Timestamp(t));
    }
}
