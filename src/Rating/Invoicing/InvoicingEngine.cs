using System.Collections.Immutable;
using Streams.Rating.Contracts;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Invoicing;

/// <summary>A document, or (null) nothing to bill, and where the contract's invoicing stands after it.</summary>
public readonly record struct Invoiced(InvoiceDocument? Document, InvoicingState State);

/// <summary>
/// Makes the documents of a contract, one after the other: what is due when it begins, thresholds reached, and each period when it ends. Pure: the same agreement,
/// state and usage give the same document and state.
/// <para>The document that closes a period holds its usage, what recurs in arrears, one-off charges due in it, what changed of what had been billed in advance,
/// true-ups of commitments, and what the next period costs in advance, in this order.</para>
/// </summary>
public sealed partial class InvoicingEngine
{
    readonly Agreement _agreement;
    readonly bool _explain;
    readonly FixedLines _fixed;

    /// <param name="agreement">The contract.</param>
    /// <param name="explain">Whether lines and documents get their steps. The rest is the same.</param>
    public InvoicingEngine(Agreement agreement, bool explain = false) => (_agreement, _explain, _fixed) = (agreement, explain, new(agreement, explain));

    string Currency => _agreement.Contract.Currency;

    /// <summary>The contract's beginning: what is due in advance for its first period and once.</summary>
    public Invoiced Start()
    {
        var state = new InvoicingState { Contract = _agreement.Contract.Id };
        var period = _agreement.Period(0);
        var advance = _fixed.AdvanceBegun(0);
        IReadOnlyList<InvoiceLine> lines = [.. _fixed.AtStart(), .. advance];
        if (lines.Count == 0) return new(null, state);
        var version = _agreement.VersionAt(period.InForce.Start);
        var draft = Draft(InvoiceKind.Opening, "opening", period, period.InForce.Start, version, lines, new(0, OpenPeriod.Untouched.Coupons, Maximum: false, Minimum: false));
        var prepaid = new PrepaidCredit(_agreement, state, draft.At);
        var document = Settled(draft, version, prepaid, state.Carried, lines.Select(l => new TimedFee(draft.At, l.Charge, l.Amount)));
        var coupons = CouponsWith(OpenPeriod.Untouched.Coupons, document.Coupons);
        return new(document, prepaid.Stored(state) with
        {
            Advance = Plain(advance), Carried = state.Carried - document.Carried + document.CarriedForward, Fees = FeesWith(state.Fees, lines),
            Open = OpenPeriod.Untouched with { Coupons = coupons, OpeningCoupons = coupons },
        });
    }

    /// <summary>Closes the open period with all of its usage.</summary>
    /// <exception cref="PricingException">Usage that has no price, or figures that do not fit the contract; the message names field and reason.</exception>
    /// <exception cref="InvalidOperationException">The contract has ended.</exception>
    public Invoiced Close(InvoicingState state, PeriodUsage usage)
    {
        var period = Open(state);
        var version = _agreement.VersionAt(new(period.InForce.End.Micros - 1));
        var prepaid = new PrepaidCredit(_agreement, state, period.InForce.End);
        var runs = UsageLines.Runs(_agreement, period.InForce, usage);
        var paid = prepaid.CoverUnits(runs, state.Open);
        var rated = new UsageLines(_agreement, state.Next, state.Accumulated, state.Open.Parts, final: true, _explain);
        rated.Rate(runs, paid.Covered);
        var advance = _agreement.Has(state.Next + 1) ? _fixed.AdvanceBegun(state.Next + 1) : [];
        var lines = Lines(period, state.Advance, rated.Lines, Fees(rated.Lines, state.Open), state.Fees, advance);
        var draft = Draft(InvoiceKind.Period, "period", period, period.InForce.End, version, lines, new(state.Next, state.Open.Coupons, state.Open.Net));
        var document = Settled(draft, version, prepaid, state.Carried, lines.SelectMany(l => Timed(l, period, runs, prepaid)));
        var closed = Closed(state, period, document, runs, paid, advance);
        return new(document, prepaid.Stored(state) with
        {
            Next = state.Next + 1, Ended = !_agreement.Has(state.Next + 1), Accumulated = rated.After, Open = OpenPeriod.Untouched,
            Advance = [.. Plain(_fixed.AdvanceLasting(state.Next)), .. Plain(advance)], Fees = FeesWith(state.Fees, lines), Carried = state.Carried - document.Carried + document.CarriedForward,
            LifetimeSpent = state.LifetimeSpent + Spent(rated.Lines, state.Open),
            Closed = [.. state.Closed.Append(closed).Skip(Math.Max(0, state.Closed.Count + 1 - _agreement.Contract.CorrectionPeriods))],
        });
    }

    /// <summary>What the open period would cost with the usage known so far. Nothing is booked.</summary>
    /// <exception cref="PricingException">As <see cref="Close"/>.</exception>
    public InvoiceDocument Preview(InvoicingState state, PeriodUsage usage, Timestamp at) =>
        Close(state, usage).Document! with { Kind = InvoiceKind.Preview, Id = Id(state.Next, "preview"), At = at };

    /// <summary>
    /// Looks at the usage of the open period so far: where spending on usage reached a threshold, there is a document of what is not billed yet. Coupons of an amount
    /// and the document's maximum hold for all documents of the period together.
    /// </summary>
    /// <exception cref="PricingException">As <see cref="Close"/>.</exception>
    public Invoiced Threshold(InvoicingState state, PeriodUsage usage, Timestamp at)
    {
        var period = Open(state);
        var version = _agreement.VersionAt(at);
        if (version.Threshold is not { } threshold) return new(null, state);
        var prepaid = new PrepaidCredit(_agreement, state, at);
        var runs = UsageLines.Runs(_agreement, period.InForce, usage);
        var rated = new UsageLines(_agreement, state.Next, state.Accumulated, state.Open.Parts, final: false, _explain);
        var paid = prepaid.CoverUnits(runs, state.Open);
        rated.Rate(runs, paid.Covered);
        var spent = Exact.Max(Spent(rated.Lines, state.Open), state.Open.Spent);
        var earlier = threshold.Scope == ThresholdScope.Lifetime ? state.LifetimeSpent : Exact.Zero;
        var reached = threshold.Reached(earlier + state.Open.Spent, earlier + spent);
        var open = state.Open with { Spent = spent };
        if (reached is null) return new(null, state with { Open = open });
        var lines = rated.Lines.Where(l => !l.Amount.IsZero || !l.Quantity.IsZero || !l.Covered.IsZero).ToList();
        var draft = Draft(InvoiceKind.Threshold, $"threshold-{open.Thresholds + 1}", period, at, version, lines, new(state.Next, open.Coupons, open.Net, Minimum: false));
        var document = Settled(draft, version, prepaid, state.Carried, lines.SelectMany(l => Timed(l, period, runs, prepaid)));
        return new(document, prepaid.Stored(state) with
        {
            Fees = FeesWith(state.Fees, lines), Carried = state.Carried - document.Carried + document.CarriedForward,
            Open = open with { Thresholds = open.Thresholds + 1, Parts = PartsWith(open.Parts, lines), Units = paid.Units, Coupons = CouponsWith(open.Coupons, document.Coupons), Net = open.Net + document.Net },
        });
    }

    BillingPeriod Open(InvoicingState state)
    {
        if (state.Contract != _agreement.Contract.Id) throw new ArgumentException($"A state of contract '{state.Contract}', not of '{_agreement.Contract.Id}'", nameof(state));
        return state.Ended ? throw new InvalidOperationException($"Contract '{state.Contract}' has ended") : _agreement.Period(state.Next);
    }

    /// <summary>All lines of the document that closes a period, around those of its usage.</summary>
    List<InvoiceLine> Lines(BillingPeriod period, IReadOnlyList<InvoiceLine> billedInAdvance, IReadOnlyList<InvoiceLine> usage, IEnumerable<Fee> usageFees,
        ImmutableSortedDictionary<string, Exact> feesBefore, IReadOnlyList<InvoiceLine> advance)
    {
        var inAdvance = _fixed.Advance(period.Ordinal);
        var own = new List<InvoiceLine>([.. usage, .. _fixed.Arrears(period.Ordinal), .. _fixed.Within(period.Ordinal), .. LineDifferences.Of(inAdvance, billedInAdvance)]);
        var fees = usageFees
            .Concat(own.Where(l => l.Kind != LineKind.Usage && !inAdvance.Any(a => a.Key == l.Key) && !billedInAdvance.Any(a => a.Key == l.Key)).Select(l => new Fee(l.Charge, l.Amount)))
            .Concat(inAdvance.Where(l => period.InForce.Contains(l.Service.Start)).Select(l => new Fee(l.Charge, l.Amount)));
        own.AddRange(CommitmentLines.Of(_agreement, period.Ordinal, [.. fees], FeesWith(feesBefore, [.. own, .. advance]), _explain));
        own.AddRange(advance);
        return own;
    }

    InvoiceDocument Draft(InvoiceKind kind, string name, BillingPeriod period, Timestamp at, ContractVersion version, IReadOnlyList<InvoiceLine> lines, DocumentPlace place) =>
        Draft(kind, Id(period.Ordinal, name), period, at, lines, DocumentSumming.Of(version, Currency, lines, place, _explain));

    InvoiceDocument Draft(InvoiceKind kind, string id, BillingPeriod period, Timestamp at, IReadOnlyList<InvoiceLine> lines, DocumentSums sums) => new()
    {
        Id = id, Kind = kind, Contract = _agreement.Contract.Id, Customer = _agreement.Contract.Customer, Payer = _agreement.Payer, Currency = Currency, Ordinal = period.Ordinal,
        Period = period.InForce, At = at, Lines = lines, SubTotal = sums.SubTotal, Coupons = sums.Coupons, CouponTotal = sums.CouponTotal, Adjustment = sums.Adjustment, Tax = sums.Tax, Steps = sums.Steps,
    };

    /// <summary>Pays a document from grants, then from what earlier documents owe; what it owes itself is carried forward.</summary>
    InvoiceDocument Settled(InvoiceDocument draft, ContractVersion version, PrepaidCredit prepaid, Exact carried, IEnumerable<TimedFee> fees)
    {
        var terms = version.DocumentTerms(Currency);
        if (!prepaid.HasNoMoney)
        {
            var payable = terms.Credit == CreditPlace.BeforeTax ? draft.Net : draft.Net + draft.Tax;
            draft = draft with { Burns = prepaid.Pay(payable, [.. fees.Append(new(draft.At, "", Exact.Max(draft.Adjustment, Exact.Zero)))], terms.Rounding.Places) };
        }
        var due = draft.Total;
        return due.Sign < 0 ? draft with { CarriedForward = -due } : draft with { Carried = Exact.Min(carried, due) };
    }

    /// <summary>
    /// When a line fell due: usage at its time (where grants change within it, its amount is spread over its figures by their units), recurring charges in arrears and
    /// true-ups at the end, what is paid in advance or once at its beginning.
    /// </summary>
    IEnumerable<TimedFee> Timed(InvoiceLine line, BillingPeriod period, List<List<UsageRun>> runs, PrepaidCredit prepaid)
    {
        if (line.Kind == LineKind.OneOff || line.Service.Start >= period.InForce.End) return [new(line.Service.Start, line.Charge, line.Amount)];
        var end = new Timestamp(Math.Min(line.Service.End.Micros, period.InForce.End.Micros) - 1);
        if (line.Kind != LineKind.Usage || !prepaid.ChangesWithin(line.Service)) return [new(end, line.Charge, line.Amount)];
        var figures = runs.SelectMany(r => r).Where(r => r.Key == line.Key).SelectMany(r => r.Figures).Where(f => f.Quantity.Sign > 0).ToList();
        var units = Exact.Sum(figures.Select(f => f.Quantity));
        if (units.IsZero) return [new(end, line.Charge, line.Amount)];
        return figures.Select(f => new TimedFee(new(f.Window.End.Micros - 1), line.Charge, line.Amount * f.Quantity / units));
    }

    string Id(int ordinal, string name) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{_agreement.Contract.Id}/{ordinal:0000}/{name}");

    static IEnumerable<Fee> Fees(IEnumerable<InvoiceLine> usage, OpenPeriod open) =>
        usage.Select(l => new Fee(l.Charge, l.Amount + (open.Parts.GetValueOrDefault(l.Key)?.Amount ?? Exact.Zero)));

    static Exact Spent(IEnumerable<InvoiceLine> usage, OpenPeriod open) => Exact.Sum(usage.Select(l => l.Amount)) + Exact.Sum(open.Parts.Values.Select(p => p.Amount));

    static ImmutableSortedDictionary<string, Exact> FeesWith(ImmutableSortedDictionary<string, Exact> fees, IEnumerable<InvoiceLine> lines)
    {
        var sum = fees.ToBuilder();
        foreach (var line in lines)
        {
            if (line.Kind != LineKind.TrueUp) sum[line.Charge] = sum.GetValueOrDefault(line.Charge) + line.Amount;
        }
        return sum.ToImmutable();
    }

    static ImmutableSortedDictionary<string, Exact> CouponsWith(ImmutableSortedDictionary<string, Exact> coupons, IEnumerable<CouponUse> uses) =>
        uses.Aggregate(coupons, (sum, use) => sum.SetItem(use.Coupon, sum.GetValueOrDefault(use.Coupon) + use.Amount));

    static ImmutableSortedDictionary<string, BilledPart> PartsWith(ImmutableSortedDictionary<string, BilledPart> parts, IEnumerable<InvoiceLine> lines)
    {
        foreach (var line in lines)
        {
            var before = parts.GetValueOrDefault(line.Key) ?? new(Exact.Zero, Exact.Zero, Exact.Zero);
            parts = parts.SetItem(line.Key, new(before.Quantity + line.Quantity, before.Covered + line.Covered, before.Amount + line.Amount));
        }
        return parts;
    }

    /// <summary>Lines as they are kept: without their steps.</summary>
    static IReadOnlyList<InvoiceLine> Plain(IReadOnlyList<InvoiceLine> lines) => lines.All(l => l.Steps is null) ? lines : [.. lines.Select(l => l with { Steps = null })];
}
