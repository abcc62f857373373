using System.Collections.Immutable;
using Streams.Rating.Contracts;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Invoicing;

/// <summary>A part of what is to be paid: when it fell due, and for which charge.</summary>
readonly record struct TimedFee(Timestamp At, string Charge, Exact Amount);

/// <summary>
/// A contract's credit while a document is made: money in one account, units in one for each meter. What credit covers is decided by time: a grant pays for
/// what happened while it was in force, so one that expires in mid-period pays for the usage before that only.
/// </summary>
sealed class PrepaidCredit
{
    readonly Agreement _agreement;
    readonly Dictionary<string, GrantTerms> _terms = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, CreditAccount> _units = new(StringComparer.Ordinal);
    readonly CreditAccount _money;
    readonly bool _restricted;
    ImmutableSortedDictionary<string, int> _granted;

    /// <param name="agreement">The contract.</param>
    /// <param name="state">Where its accounts stand.</param>
    /// <param name="until">Grants that begin up to here, inclusive, are given.</param>
    public PrepaidCredit(Agreement agreement, InvoicingState state, Timestamp until)
    {
        (_agreement, _granted) = (agreement, state.Granted);
        var terms = agreement.VersionAt(until).Credits;
        _money = new(terms.BurnOrder, terms.OlderOverage, state.Credits);
        foreach (var (meter, account) in state.UnitCredits) _units.Add(meter, new(terms.BurnOrder, terms.OlderOverage, account));
        foreach (var version in agreement.Contract.Versions)
        {
            foreach (var grant in version.Credits.Grants)
            {
                _terms[grant.Id] = grant;
                _restricted |= grant.Charges is not null;
                Give(grant, version, until, terms);
            }
        }
    }

    /// <summary>The state's accounts as they are now.</summary>
    public InvoicingState Stored(InvoicingState state) => StoredUnits(state) with { Credits = _money.State() };

    /// <summary>The state's accounts of units as they are now: with grants that have ended, as long as usage of their time can be corrected.</summary>
    public InvoicingState StoredUnits(InvoicingState state)
    {
        if (_units.Count == 0) return state with { Granted = _granted };
        var first = _agreement.Period(state.Closed is [var oldest, ..] ? oldest.Ordinal : state.Next).InForce.Start;
        return state with { UnitCredits = _units.ToImmutableSortedDictionary(u => u.Key, u => u.Value.State(first), StringComparer.Ordinal), Granted = _granted };
    }

    /// <summary>Units that grants pay for: those of earlier documents of the period and what grants of the meter hold for the rest, in the order of time.</summary>
    public UnitCoverage CoverUnits(List<List<UsageRun>> runs, OpenPeriod open)
    {
        var covered = open.Parts.Where(b => !b.Value.Covered.IsZero).ToDictionary(b => b.Key, b => b.Value.Covered, StringComparer.Ordinal);
        var units = new List<PaidUnits>();
        foreach (var (meter, account) in _units)
        {
            var demands = UnitDemands.Of(runs, meter, key => open.Parts.TryGetValue(key, out var part) ? part.Quantity + part.Covered : Exact.Zero);
            var burns = Paid(account, demands, fee => account.Burn(new(fee.At, fee.Amount), Pays(fee.Charge)));
            foreach (var burn in burns) covered[burn.Key] = covered.GetValueOrDefault(burn.Key) + burn.Units;
            units.Add(new PaidUnits(meter, UnitDemands.Hash(runs, meter), burns).With(open.Units.FirstOrDefault(u => u.Meter == meter)));
        }
        return new(units, covered);
    }

    /// <summary>Units that grants pay for in a closed period, with what they hold for its time still.</summary>
    public PaidUnits CoverLate(string meter, List<List<UsageRun>> runs, BurnOrder order)
    {
        var account = _units[meter];
        return new(meter, UnitDemands.Hash(runs, meter), Paid(account, UnitDemands.Of(runs, meter, _ => Exact.Zero), fee => account.BurnLate(new(fee.At, fee.Amount), Pays(fee.Charge), order)));
    }

    /// <summary>Gives grants back what they paid for in a closed period.</summary>
    public void GiveBack(PaidUnits paid)
    {
        foreach (var burn in paid.Burns) _units[paid.Meter].GiveBack(burn.Grant, burn.Units);
    }

    /// <summary>Grants of units begin and end up to a time.</summary>
    public void AdvanceUnits(Timestamp to)
    {
        foreach (var account in _units.Values) account.Advance(to);
    }

    /// <summary>Has what is asked for paid, and gives what each grant paid of each line.</summary>
    static IReadOnlyList<UnitBurn> Paid(CreditAccount account, List<UnitDemand> demands, Action<TimedFee> pay)
    {
        var burns = new List<UnitBurn>();
        foreach (var (key, fee) in demands)
        {
            var before = account.Burns.Count;
            pay(fee);
            for (var i = before; i < account.Burns.Count; i++) burns.Add(new(key, account.Burns[i].Grant, account.Burns[i].Amount));
        }
        return PaidUnits.Joined(burns);
    }

    /// <summary>Whether there is no grant of money, now or later.</summary>
    public bool HasNoMoney => _money.IsEmpty;

    /// <summary>Whether grants of money begin or end within a window, so that the time within it matters.</summary>
    public bool ChangesWithin(TimeWindow window) => _money.ChangesWithin(window);

    /// <summary>
    /// Pays an amount from grants. It is spread over the fees by their amounts (largest remainder), and each part is paid by what is in force at its time.
    /// </summary>
    /// <param name="payable">What is to be paid, in whole places.</param>
    /// <param name="fees">What it is for; those below zero take no part.</param>
    /// <param name="places">Decimals of an amount.</param>
    public IReadOnlyList<CreditBurn> Pay(Exact payable, IReadOnlyList<TimedFee> fees, int places)
    {
        if (payable.Sign <= 0 || fees.Count == 0) return [];
        var ordered = Joined(fees.Where(f => f.Amount.Sign > 0).OrderBy(f => f.At).ToList());
        if (ordered.Count == 0) ordered = [fees.MaxBy(f => f.At) with { Amount = Exact.One }];
        var shares = Allocation.LargestRemainder(payable, ordered.Select(f => f.Amount).ToList(), Math.Max(places, 0));
        for (var i = 0; i < ordered.Count; i++)
        {
            _money.Advance(ordered[i].At);
            var pays = Pays(ordered[i].Charge);
            var amount = Exact.Min(shares[i], _money.Available(pays).Round(places, RoundingMode.Down));
            if (amount.Sign > 0) _money.Burn(new(ordered[i].At, amount), pays);
        }
        return [.. _money.Burns];
    }

    /// <summary>Fees of one time and charge together; where every grant pays for everything, those of one time.</summary>
    List<TimedFee> Joined(List<TimedFee> fees) =>
        [.. fees.GroupBy(f => (f.At, Charge: _restricted ? f.Charge : "")).Select(g => new TimedFee(g.Key.At, g.Key.Charge, Exact.Sum(g.Select(f => f.Amount))))];

    void Give(GrantTerms grant, ContractVersion version, Timestamp until, CreditTerms terms)
    {
        var times = _granted.GetValueOrDefault(grant.Id);
        if (grant.Recurrence is null && times > 0) return;
        // Looked at beyond the end by one recurrence (and the days by which months differ), so that each grant knows whether another follows.
        var horizon = new Timestamp(grant.Recurrence is { } again ? again.At(until, 1).Micros + 4 * ZoneClock.DayMicros : until.Micros + 1);
        var due = grant.Expand(version, _agreement.Calendar.Zone, horizon).Skip(times).TakeWhile(g => g.EffectiveAt <= until).ToList();
        if (due.Count == 0) return;
        _granted = _granted.SetItem(grant.Id, times + due.Count);
        if (grant.Meter is not { } meter) _money.Add(due);
        else
        {
            if (!_units.TryGetValue(meter, out var account)) _units.Add(meter, account = new(terms.BurnOrder, terms.OlderOverage));
            account.Add(due);
        }
    }

    Func<string, bool>? Pays(string charge) => !_restricted ? null : id => !_terms.TryGetValue(Agreed(id), out var grant) || grant.Pays(charge);

    /// <summary>The id in the contract of a grant that may have been given several times.</summary>
    string Agreed(string id) => !_terms.ContainsKey(id) && id.LastIndexOf('#') is > 0 and var at ? id[..at] : id;
}
