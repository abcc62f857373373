using System.Collections.Immutable;
using Streams.Rating.Contracts;
using Streams.Rating.Pricing;

namespace Streams.Rating.Invoicing;

/// <summary>What lines add up to in a document, before credit: net = subtotal - coupons + adjustment.</summary>
public sealed record DocumentSums(Exact SubTotal, IReadOnlyList<CouponUse> Coupons, Exact CouponTotal, Exact Adjustment, Exact Tax)
{
    internal static readonly DocumentSums None = new(Exact.Zero, [], Exact.Zero, Exact.Zero, Exact.Zero);

    /// <summary>The steps, where they were asked for.</summary>
    public IReadOnlyList<PricingStep>? Steps { get; init; }

    public Exact Net => SubTotal - CouponTotal + Adjustment;

    /// <summary>Whether nothing differs.</summary>
    internal bool IsZero => SubTotal.IsZero && CouponTotal.IsZero && Adjustment.IsZero && Tax.IsZero && Coupons.Count == 0;

    /// <summary>What to book so that sums already booked become these.</summary>
    internal DocumentSums Less(DocumentSums booked)
    {
        var coupons = Coupons.Select(c => c.Coupon).Union(booked.Coupons.Select(c => c.Coupon), StringComparer.Ordinal)
            .Select(id => new CouponUse(id, Of(Coupons, id) - Of(booked.Coupons, id))).Where(c => !c.Amount.IsZero).ToList();
        return new(SubTotal - booked.SubTotal, coupons, CouponTotal - booked.CouponTotal, Adjustment - booked.Adjustment, Tax - booked.Tax) { Steps = Steps };
    }

    static Exact Of(IReadOnlyList<CouponUse> uses, string coupon) => Exact.Sum(uses.Where(u => u.Coupon == coupon).Select(u => u.Amount));
}

/// <summary>What is known of a document's place among others of its period.</summary>
/// <param name="Ordinal">The period, for coupons that end.</param>
/// <param name="CouponsUsed">What coupons gave in the period's documents before: one of an amount gives no more than is left of it.</param>
/// <param name="NetBefore">The net of the period's documents before, for the maximum and minimum.</param>
/// <param name="Maximum">Whether the document's maximum holds: not for what opens a contract.</param>
/// <param name="Minimum">Whether its minimum holds: for what closes a period.</param>
readonly record struct DocumentPlace(int Ordinal, ImmutableSortedDictionary<string, Exact> CouponsUsed, Exact NetBefore = default, bool Maximum = true, bool Minimum = true);

/// <summary>Adds lines up by the terms of a version.</summary>
static class DocumentSumming
{
    public static DocumentSums Of(ContractVersion version, string currency, IReadOnlyList<InvoiceLine> lines, DocumentPlace place, bool explain)
    {
        var terms = version.DocumentTerms(currency);
        terms = terms with
        {
            Coupons = [.. terms.Coupons.Select(c => Left(c, place.CouponsUsed))],
            Maximum = place.Maximum && terms.Maximum is { } most ? Exact.Max(most - place.NetBefore, Exact.Zero) : null,
            Minimum = place.Minimum && terms.Minimum is { } least ? Exact.Max(least - place.NetBefore, Exact.Zero) : null,
        };
        var trail = explain ? new Trail() : null;
        var rated = RatedDocument.Of(terms, lines.Select(l => new DocumentLine(l.Charge, l.Amount, l.TaxPercents)).ToList(), default, place.Ordinal, trail);
        return new(rated.SubTotal, Coupons(terms, lines, place.Ordinal), rated.Coupons, rated.Adjustment, rated.Tax) { Steps = trail?.Steps };
    }

    static Coupon Left(Coupon coupon, ImmutableSortedDictionary<string, Exact> used) =>
        coupon.Terms.Kind == DiscountKind.Amount && used.TryGetValue(coupon.Id, out var gone) ? coupon with { Terms = coupon.Terms with { Value = Exact.Max(coupon.Terms.Value - gone, Exact.Zero) } } : coupon;

    static List<CouponUse> Coupons(DocumentTerms terms, IReadOnlyList<InvoiceLine> lines, int ordinal)
    {
        if (terms.Coupons.Count == 0) return [];
        var shares = CouponAllocation.Apply(terms.Coupons, lines.Select(l => (l.Charge, l.Amount)).ToList(), ordinal, terms.CouponPlaces ?? terms.Rounding.Places, terms.CouponRounding);
        return terms.Coupons.Select((c, i) => new CouponUse(c.Id, shares.ByCoupon[i])).Where(u => !u.Amount.IsZero).ToList();
    }
}
