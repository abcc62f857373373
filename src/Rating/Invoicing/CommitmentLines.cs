using System.Collections.Immutable;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;

namespace Streams.Rating.Invoicing;

/// <summary>What fees leave open of a contract's commitments, as lines of their own.</summary>
static class CommitmentLines
{
    /// <param name="agreement">The contract.</param>
    /// <param name="ordinal">The period that ends.</param>
    /// <param name="fees">The lines that are for this period, whenever they were billed.</param>
    /// <param name="billed">All fees since the contract began, by charge, this document's included.</param>
    /// <param name="explain">Whether lines get steps.</param>
    public static List<InvoiceLine> Of(Agreement agreement, int ordinal, IReadOnlyList<InvoiceLine> fees, ImmutableSortedDictionary<string, Exact> billed, bool explain)
    {
        var lines = new List<InvoiceLine>();
        var period = agreement.Period(ordinal);
        var versions = agreement.Versions.Where(v => !v.Window.Intersect(period.InForce).IsEmpty).ToList();
        foreach (var id in versions.SelectMany(v => v.Commitments).Where(c => !c.OfTerm).Select(c => c.Id).Distinct(StringComparer.Ordinal))
        {
            var parts = versions.SelectMany(v => v.Commitments.Where(c => c.Id == id && !c.OfTerm), (v, c) => (Commitment: c, Share: ShareOf(v, period, agreement))).ToList();
            var counted = fees.Where(l => parts[^1].Commitment.Counts(l.Charge)).Select(l => l.Amount);
            lines.AddRange(Line(agreement, id, versions[^1], period.InForce, parts, counted, explain));
        }
        if (agreement.Has(ordinal + 1)) return lines;
        foreach (var commitment in versions[^1].Commitments.Where(c => c.OfTerm))
        {
            var counted = billed.Where(f => commitment.Counts(f.Key)).Select(f => f.Value);
            lines.AddRange(Line(agreement, commitment.Id, versions[^1], new(agreement.Start, agreement.End), [(commitment, Exact.One)], counted, explain));
        }
        return lines;
    }

    /// <summary>By days of the whole calendar period, so that a contract that begins in mid-period owes its part.</summary>
    static Exact ShareOf(AgreedVersion version, BillingPeriod period, Agreement agreement)
    {
        var share = Shares.Of(version.Window.Intersect(period.InForce), period.Whole.Window, Proration.Days, agreement.Calendar.Zone);
        return (Exact)share.Numerator / share.Denominator;
    }

    static IEnumerable<InvoiceLine> Line(
        Agreement agreement, string id, AgreedVersion version, TimeWindow service, List<(AgreedCommitment Commitment, Exact Share)> parts, IEnumerable<Exact> fees, bool explain)
    {
        var last = parts[^1].Commitment.Terms;
        var (terms, share) = parts.Count == 1 ? (last, parts[0].Share) : (new MinimumCommitment(Exact.Sum(parts.Select(p => p.Commitment.Terms.Amount * p.Share)), last.Rounding, last.Order), Exact.One);
        var trail = explain ? new Trail() : null;
        var missing = terms.TrueUp(fees, share, trail);
        if (missing.IsZero) yield break;
        yield return new(InvoiceLine.KeyOf(id, service), LineKind.TrueUp, id)
        {
            Product = "", Description = $"Up to the commitment of {(terms.Amount * share).Round(Math.Max(last.Rounding.Places, 0), RoundingMode.HalfUp)} {agreement.Currency}", Service = service, Version = version.Version,
            Quantity = Exact.One, Unrounded = missing, Amount = missing, TaxPercents = version.OtherTaxPercents, Steps = trail?.Steps,
        };
    }
}
