using Streams.Rating.Pricing;

namespace Streams.Rating.Invoicing;

/// <summary>A price of which a share is due, as a fee for part of its time.</summary>
sealed record ShareOfPrice(PriceModel Whole, Exact Share) : PriceModel
{
    public override bool ByItem => Whole.ByItem;

    public override Exact Price(in Usage usage, in Calculation calculation)
    {
        var whole = Whole.Price(usage, calculation);
        if (calculation.Records) calculation.Trail!.Add(new(StepKind.Proration, "share of the period", whole, Share, whole * Share));
        return whole * Share;
    }

    /// <summary>A fee for a share of its time: its price and the amounts of discounts in proportion.</summary>
    public static Charge Of(Charge fee, Exact share) => share == Exact.One ? fee : new(fee.Id, new ShareOfPrice(fee.Model, share), PartTerms.Of(fee.Terms, share));
}

/// <summary>
/// The price of a part of a period that stands alone: usage is priced as if it had gone on like that for the whole period, and the part's share of that is due.
/// So tier ends, free units and fees of a period count for the share, and prices of a unit stay. Peaks are priced as they are; events and windows, which have
/// prices of their own each, are not prorated.
/// </summary>
sealed record PartOfPeriod(PriceModel Whole, Exact Share) : PriceModel
{
    public override bool ByItem => Whole.ByItem;

    public override Exact Price(in Usage usage, in Calculation calculation)
    {
        if (Whole is Percentage or Windowed or Grouped { Group: not RatingGroup.Key }) return Whole.Price(usage, calculation);
        var longer = Whole is CapacityTiers ? usage : Longer(usage);
        if (calculation.Records) calculation.Trail!.Add(StepKind.Quantity, "as much in the whole period", longer.Quantity);
        var price = Whole.Price(longer, calculation);
        if (calculation.Records) calculation.Trail!.Add(new(StepKind.Proration, "share of the period", price, Share, price * Share));
        return price * Share;
    }

    Usage Longer(Usage usage) => ByItem ? new(usage.Items.Select(i => i with { Quantity = i.Quantity / Share }).ToList()) : new Usage(usage.Quantity / Share);

    /// <summary>A charge in a part of a period that stands alone: units given, amounts of discounts, minimum and maximum count for its share too.</summary>
    public static Charge Of(Charge charge, Exact share) => share == Exact.One ? charge : new(charge.Id, new PartOfPeriod(charge.Model, share), PartTerms.Of(charge.Terms, share));
}

/// <summary>What surrounds a price, for a share of the period.</summary>
static class PartTerms
{
    public static ChargeTerms Of(ChargeTerms terms, Exact share) => terms with
    {
        Quantity = terms.Quantity with { UsageDiscount = terms.Quantity.UsageDiscount * share },
        Minimum = terms.Minimum * share,
        Maximum = terms.Maximum * share,
        Discounts = terms.Discounts.Select(d => d.Kind == DiscountKind.Amount ? d with { Value = d.Value * share } : d).ToList(),
    };
}

/// <summary>
/// The price of certain units that came or went in mid-period and count for the rest of it: see <see cref="ProratedGraduated"/> and <see cref="Volume.PriceProrated"/>.
/// </summary>
sealed record UnitsForRest(PriceModel Units, IReadOnlyList<ProratedUnits> Changes) : PriceModel
{
    public override bool ByItem => true;

    public override Exact Price(in Usage usage, in Calculation calculation) => Units switch
    {
        Graduated graduated => new ProratedGraduated(graduated.Tiers, graduated.FlatAtZeroUsage).Price(Changes, calculation),
        Volume volume => volume.PriceProrated(NotBelowZero(Changes.Select(c => c.Full)), NotBelowZero(Changes.Select(c => c.Prorated)), calculation),
        _ => throw new PricingException("price", "cannot prorate units"),
    };

    static Exact NotBelowZero(IEnumerable<Exact> values) => Exact.Max(Exact.Sum(values), Exact.Zero);
}
