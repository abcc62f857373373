using System.Collections.Immutable;
using Streams.Rating.Contracts;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Invoicing;

/// <summary>The documents that a change of closed periods makes, and the state after them.</summary>
public readonly record struct Corrected(IReadOnlyList<InvoiceDocument> Documents, InvoicingState State);

/// <summary>
/// Corrections keep the period: a closed period is rated again with what is known now, and the differences to what was booked for it (lines, coupons, limits, tax)
/// become a document of their own, booked in the open period and linked to what it corrects. So the documents of a period always add up to what rating it at once
/// gives. Grants of units get back what they no longer cover and cover what is added, as far as they still have it (<see cref="UnitCorrections"/>); what is to be paid then
/// is paid from grants of money as they are now.
/// </summary>
public sealed partial class InvoicingEngine
{
    /// <param name="state">Where the contract stands.</param>
    /// <param name="usage">
    /// All the usage, as known now, of the periods that changed, by their numbers; also of those behind them whose tiers run on from a changed one, and of the last
    /// one where a commitment of the term has to be counted anew.
    /// </param>
    /// <param name="at">The time of the documents.</param>
    /// <exception cref="PricingException">A period that is open or can no longer be corrected, or whose usage is needed and missing; and as <see cref="Close"/>.</exception>
    public Corrected Correct(InvoicingState state, IReadOnlyDictionary<int, PeriodUsage> usage, Timestamp at)
    {
        CheckClosed(state, usage);
        var grants = new UnitCorrections(_agreement, state, usage, at);
        var documents = new List<InvoiceDocument>();
        var closed = state.Closed.ToList();
        ImmutableSortedDictionary<string, Accumulated>? runUp = null;
        for (var i = 0; i < closed.Count; i++)
        {
            var isMoved = runUp is not null && !runUp.SequenceEqual(closed[i].Before);
            var isLast = i == closed.Count - 1;
            if (grants.Runs(closed[i].Ordinal) is not { } runs)
            {
                if (isMoved || (isLast && documents.Count > 0 && OwesTerm(state))) throw new PricingException("usage", $"of period {closed[i].Ordinal} is needed too: a change before it moves its tiers or its true-up");
                runUp = null;
                continue;
            }
            var again = Again(closed[i] with { Before = runUp ?? closed[i].Before }, runs, grants.Of(closed[i]), state.Fees, out runUp);
            if (again.Voided) again = Waived(again);
            var lines = Explained(LineDifferences.Of(again.Lines, closed[i].Lines), closed[i].Units, again.Units).ToList();
            var sums = again.Sums.Less(closed[i].Sums);
            if (lines.Count > 0 || !sums.IsZero)
            {
                var booked = Book(state, closed[i], lines, sums, at);
                documents.Add(booked.Document!);
                (state, again) = (booked.State, again with { Corrections = again.Corrections + 1 });
            }
            closed[i] = Plain(again);
            if (isLast) state = state with { Accumulated = runUp };
        }
        return new(documents, grants.Stored(state) with { Closed = closed });
    }

    /// <summary>
    /// Marks the documents of a closed period as void, or (false) as to be billed again. The credit note, or the new bill, is the next correction of the period: what is
    /// booked for it and what it costs then differ by all of it, and grants get back all that they paid for it, or pay again. Tiers that run on over several periods keep
    /// counting its usage, which took place.
    /// </summary>
    /// <exception cref="PricingException">The period is open, or can no longer be corrected.</exception>
    public static InvoicingState Void(InvoicingState state, int ordinal, bool voided = true)
    {
        if (state.Closed.All(c => c.Ordinal != ordinal)) throw new PricingException("document", $"of period {ordinal} cannot be voided: the period is {(ordinal >= state.Next ? "open" : "final")}");
        return state with { Closed = [.. state.Closed.Select(c => c.Ordinal == ordinal ? c with { Voided = voided } : c)] };
    }

    /// <summary>What a void period still costs: what its document billed in advance for the next one, which is not void.</summary>
    ClosedPeriod Waived(ClosedPeriod closed)
    {
        var period = _agreement.Period(closed.Ordinal);
        var version = _agreement.VersionAt(new(period.InForce.End.Micros - 1));
        var sums = closed.AdvanceBilled.Count == 0 ? DocumentSums.None
            : DocumentSumming.Of(version, Currency, closed.AdvanceBilled, new(closed.Ordinal, closed.CouponsBefore, Maximum: false, Minimum: false), _explain);
        return closed with { Lines = closed.AdvanceBilled, Sums = sums };
    }

    static void CheckClosed(InvoicingState state, IReadOnlyDictionary<int, PeriodUsage> usage)
    {
        foreach (var ordinal in usage.Keys.Order())
        {
            if (ordinal >= state.Next) throw new PricingException("usage", $"of period {ordinal} is not to be corrected: it is open");
            if (state.Closed.All(c => c.Ordinal != ordinal)) throw new PricingException("usage", $"of period {ordinal} can no longer be corrected");
        }
    }

    bool OwesTerm(InvoicingState state) => state.Ended && _agreement.VersionAt(_agreement.End).Commitments.Any(c => c.Per == CommitmentPer.Term);

    /// <summary>A closed period rated again.</summary>
    ClosedPeriod Again(ClosedPeriod closed, List<List<UsageRun>> runs, UnitCoverage paid, ImmutableSortedDictionary<string, Exact> fees, out ImmutableSortedDictionary<string, Accumulated> runUp)
    {
        var others = FeesWith(fees, closed.Lines.Select(l => l.Reversed()));
        var again = Rated(closed, _agreement.Period(closed.Ordinal), runs, paid.Covered, others, out runUp);
        var covered = closed.Voided ? closed.Covered : paid.Covered.ToImmutableSortedDictionary(StringComparer.Ordinal);
        return again with { Units = paid.Units, Covered = covered };
    }

    /// <summary>Where steps were asked for, lines say of each grant what comes back to it and what it covers in addition.</summary>
    IEnumerable<InvoiceLine> Explained(IEnumerable<InvoiceLine> lines, IReadOnlyList<PaidUnits> before, IReadOnlyList<PaidUnits> now)
    {
        if (!_explain) return lines;
        var moved = PaidUnits.Joined(now.SelectMany(u => u.Burns).Concat(before.SelectMany(u => u.Burns.Select(b => b with { Units = -b.Units }))))
            .Where(b => !b.Units.IsZero).ToLookup(b => b.Key, StringComparer.Ordinal);
        return lines.Select(l => l with { Steps = [.. moved[l.Key].Select(Step), .. l.Steps ?? []] });
        static PricingStep Step(UnitBurn burn) => burn.Units.Sign > 0
            ? new(StepKind.Grant, $"units that grant '{burn.Grant}' covers in addition", null, null, burn.Units)
            : new(StepKind.Grant, $"units that come back to grant '{burn.Grant}'", null, null, -burn.Units);
    }

    /// <summary>A closed period rated at once, whatever documents it was billed in.</summary>
    ClosedPeriod Rated(ClosedPeriod closed, BillingPeriod period, List<List<UsageRun>> runs, IReadOnlyDictionary<string, Exact> covered,
        ImmutableSortedDictionary<string, Exact> otherFees, out ImmutableSortedDictionary<string, Accumulated> runUp)
    {
        var rated = new UsageLines(_agreement, period.Ordinal, closed.Before, OpenPeriod.Untouched.Parts, final: true, _explain);
        rated.Rate(runs, covered);
        runUp = rated.After;
        var lines = Lines(period, closed.AdvanceBefore, rated.Lines, Fees(rated.Lines, OpenPeriod.Untouched), otherFees, closed.AdvanceBilled);
        var version = _agreement.VersionAt(new(period.InForce.End.Micros - 1));
        return closed with { Lines = lines, Sums = DocumentSumming.Of(version, Currency, lines, new(period.Ordinal, closed.CouponsBefore), _explain) };
    }

    Invoiced Book(InvoicingState state, ClosedPeriod closed, List<InvoiceLine> lines, DocumentSums sums, Timestamp at)
    {
        var period = _agreement.Period(state.Ended ? state.Next - 1 : state.Next);
        var draft = Draft(InvoiceKind.Correction, Id(closed.Ordinal, $"correction-{closed.Corrections + 1}"), period, at, lines, sums) with { Corrects = closed.Document };
        var prepaid = new PrepaidCredit(_agreement, state, at);
        var document = Settled(draft, _agreement.VersionAt(at), prepaid, state.Carried, lines.Select(l => new TimedFee(at, l.Charge, l.Amount)));
        return new(document, prepaid.Stored(state) with
        {
            Carried = state.Carried - document.Carried + document.CarriedForward, Fees = FeesWith(state.Fees, lines),
            LifetimeSpent = state.LifetimeSpent + Exact.Sum(lines.Where(l => l.Kind == LineKind.Usage).Select(l => l.Amount)),
        });
    }

    /// <summary>What is kept of a period that has just been closed, to be corrected later.</summary>
    ClosedPeriod Closed(InvoicingState state, BillingPeriod period, InvoiceDocument document, List<List<UsageRun>> runs, UnitCoverage paid, IReadOnlyList<InvoiceLine> advance)
    {
        var closed = new ClosedPeriod
        {
            Ordinal = state.Next, Document = document.Id, Before = state.Accumulated, AdvanceBefore = state.Advance, AdvanceBilled = Plain(advance),
            Covered = paid.Covered.ToImmutableSortedDictionary(StringComparer.Ordinal), Units = paid.KnownUnits, CouponsBefore = state.Open.OpeningCoupons, Lines = document.Lines,
            Sums = new(document.SubTotal, document.Coupons, document.CouponTotal, document.Adjustment, document.Tax),
        };
        if (state.Open.Thresholds == 0) return Plain(closed);
        var others = state.Open.Parts.Aggregate(state.Fees, (fees, part) => fees.SetItem(Charge(part.Key), fees[Charge(part.Key)] - part.Value.Amount));
        return Plain(Rated(closed, period, runs, paid.Covered, others, out _));
    }

    static string Charge(string key) => key[..key.LastIndexOf('@')];

    static ClosedPeriod Plain(ClosedPeriod closed) => closed with { Lines = Plain(closed.Lines), Sums = closed.Sums with { Steps = null } };
}
