using System.Collections.Immutable;
using Streams.Rating.Contracts;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Invoicing;

/// <summary>An amount that a charge was billed with.</summary>
readonly record struct Fee(string Charge, Exact Amount);

/// <summary>What fees leave open of a contract's commitments, as lines of their own.</summary>
static class CommitmentLines
{
    /// <param name="agreement">The contract.</param>
    /// <param name="ordinal">The period that ends.</param>
    /// <param name="fees">What is for this period, whenever it was billed.</param>
    /// <param name="billed">All fees since the contract began, by charge, this document's included.</param>
    /// <param name="explain">Whether lines get steps.</param>
    public static List<InvoiceLine> Of(Agreement agreement, int ordinal, IReadOnlyList<Fee> fees, ImmutableSortedDictionary<string, Exact> billed, bool explain)
    {
        var lines = new List<InvoiceLine>();
        var period = agreement.Period(ordinal);
        var versions = agreement.Contract.Versions.Where(v => !Window(v).Intersect(period.InForce).IsEmpty).ToList();
        var last = versions[^1];
        foreach (var commitment in last.Commitments.Where(c => c.Per == CommitmentPer.Period))
        {
            var counted = fees.Where(l => commitment.Counts(l.Charge)).Select(l => l.Amount);
            lines.AddRange(Line(agreement, commitment, Due(agreement, commitment, versions, period), last, period.InForce, counted, explain));
        }
        if (agreement.Has(ordinal + 1)) return lines;
        foreach (var commitment in last.Commitments.Where(c => c.Per == CommitmentPer.Term))
        {
            var counted = billed.Where(f => commitment.Counts(f.Key)).Select(f => f.Value);
            lines.AddRange(Line(agreement, commitment, commitment.Amount, last, new(agreement.Start, agreement.End), counted, explain));
        }
        return lines;
    }

    /// <summary>
    /// For a period in which the contract holds all the time, the amount; else its share by days. Where a change in mid-period cuts by time, each version's amount
    /// counts for the version's days; where it cuts by usage, that of the period's end holds for all of them.
    /// </summary>
    static Exact Due(Agreement agreement, CommitmentTerms commitment, List<ContractVersion> versions, BillingPeriod period)
    {
        if (versions[^1].Amendment == AmendmentProration.Usage || versions.Count == 1) return commitment.Amount * ShareOf(period.InForce, period, agreement);
        return Exact.Sum(versions.SelectMany(v => v.Commitments.Where(c => c.Id == commitment.Id && c.Per == CommitmentPer.Period)
            .Select(c => c.Amount * ShareOf(Window(v).Intersect(period.InForce), period, agreement))));
    }

    static TimeWindow Window(ContractVersion version) => new(version.From, version.To ?? new(long.MaxValue));

    static Exact ShareOf(TimeWindow part, BillingPeriod period, Agreement agreement)
    {
        var share = Shares.Of(part, period.Whole.Window, Proration.Days, agreement.Calendar.Zone);
        return (Exact)share.Numerator / share.Denominator;
    }

    static IEnumerable<InvoiceLine> Line(
        Agreement agreement, CommitmentTerms commitment, Exact due, ContractVersion version, TimeWindow service, IEnumerable<Exact> fees, bool explain)
    {
        var trail = explain ? new Trail() : null;
        var currency = agreement.Contract.Currency;
        var missing = (commitment with { Amount = due }).Rounded(version.DocumentTerms(currency).Rounding).TrueUp(fees, Exact.One, trail);
        if (missing.IsZero) yield break;
        yield return new(InvoiceLine.KeyOf(commitment.Id, service), LineKind.TrueUp, commitment.Id)
        {
            Product = commitment.Product ?? "", Description = $"Up to the commitment of {due.ToString(Money.MinorUnits(currency))} {currency}", Service = service, Version = version.Version,
            Quantity = Exact.One, Unrounded = missing, Amount = missing, TaxPercents = version.TaxPercents(commitment.Product ?? ""), Steps = trail?.Steps,
        };
    }
}
