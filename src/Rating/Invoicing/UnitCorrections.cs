using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Invoicing;

/// <summary>
/// Grants of units while closed periods are corrected. Where the usage that they were asked to pay for has changed, they first get back all that they paid for it, in all
/// those periods; then they pay, period after period, as if the usage had been known from the beginning, but not with what others have used since. Every other period
/// keeps what was paid for it.
/// </summary>
sealed class UnitCorrections
{
    readonly Agreement _agreement;
    readonly PrepaidCredit _prepaid;
    readonly Timestamp _at;
    readonly Dictionary<int, List<List<UsageRun>>> _runs = [];
    readonly HashSet<(int Ordinal, string Meter)> _open = [];
    bool _moved;

    /// <param name="agreement">The contract.</param>
    /// <param name="state">Where it stands.</param>
    /// <param name="usage">As for <see cref="InvoicingEngine.Correct"/>.</param>
    /// <param name="at">The time of the correction: grants up to here are given.</param>
    public UnitCorrections(Agreement agreement, InvoicingState state, IReadOnlyDictionary<int, PeriodUsage> usage, Timestamp at)
    {
        (_agreement, _prepaid, _at) = (agreement, new(agreement, state, at), at);
        // Grants end and roll over up to the last period that was billed, and no further: the open one's usage is still to come.
        _prepaid.AdvanceUnits(state.Ended ? agreement.Period(state.Next - 1).InForce.End : agreement.Period(state.Next).InForce.Start);
        foreach (var closed in state.Closed)
        {
            if (usage.TryGetValue(closed.Ordinal, out var own)) Open(closed, _runs[closed.Ordinal] = UsageLines.Runs(agreement, agreement.Period(closed.Ordinal).InForce, own));
        }
    }

    /// <summary>The runs of a period whose usage was given.</summary>
    public List<List<UsageRun>>? Runs(int ordinal) => _runs.GetValueOrDefault(ordinal);

    /// <summary>What grants pay for in a period, and by line: to be asked for one period after the other.</summary>
    public UnitCoverage Of(ClosedPeriod closed)
    {
        var runs = _runs[closed.Ordinal];
        var units = closed.Units.Select(u => _open.Contains((closed.Ordinal, u.Meter)) ? Again(closed, u, runs) : u).ToList();
        if (!closed.Voided && units.Count > 0) return new(units, UnitCoverage.ByLine(units.SelectMany(u => u.Burns)));
        // A void period counts for tiers as it did; what an earlier version of this program billed is not known by grant, and stays.
        var covered = new Dictionary<string, Exact>(StringComparer.Ordinal);
        foreach (var run in runs.SelectMany(r => r))
        {
            if (closed.Covered.TryGetValue(run.Key, out var paid)) covered.Add(run.Key, Exact.Max(Exact.Min(paid, run.Units), Exact.Zero));
        }
        return new(units, covered);
    }

    /// <summary>The state, with its grants of money as they are in it, and with what the grants of units hold now.</summary>
    public InvoicingState Stored(InvoicingState state) => _moved ? _prepaid.StoredUnits(new PrepaidCredit(_agreement, state, _at).Stored(state)) : state;

    void Open(ClosedPeriod closed, List<List<UsageRun>> runs)
    {
        foreach (var paid in closed.Units)
        {
            if (!closed.Voided && paid.Usage == UnitDemands.Hash(runs, paid.Meter)) continue;
            _open.Add((closed.Ordinal, paid.Meter));
            _prepaid.GiveBack(paid);
        }
    }

    PaidUnits Again(ClosedPeriod closed, PaidUnits before, List<List<UsageRun>> runs)
    {
        var now = closed.Voided ? new PaidUnits(before.Meter, "", []) : _prepaid.CoverLate(before.Meter, runs, _agreement.VersionAt(_agreement.Period(closed.Ordinal).InForce.End).Credits.BurnOrder);
        _moved |= !now.Burns.SequenceEqual(before.Burns);
        return now;
    }
}
