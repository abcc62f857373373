using Streams.Rating.Contracts;
using Streams.Rating.Meters;
using Streams.Rating.Numbers;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Aggregators.Rating;

/// <summary>
/// Which of a contract's charges can be rated window by window, as it comes: one price per unit, or graduated prices without flat fees, of the sum of the quantities, in
/// decimals of nine places, with nothing around the price. Everything else needs the period.
/// </summary>
static class WindowPrice
{
    /// <summary>The reason code of usage whose charges need the period, where no periods are billed.</summary>
    public const string NotByWindow = "PRICE_NOT_BY_WINDOW";

    /// <summary>The rates, or null.</summary>
    public static RateCard? RatesOf(string currency, Meter meter, IReadOnlyList<UsageCharge> charges) =>
        charges.Count == 1 && SumsAll(meter.Definition) && IsPlain(charges[0]) && Tiers(charges[0].Price) is { } tiers ? new(currency, tiers) : null;

    /// <summary>Whether a meter is the plain sum of all quantities; it may have groups.</summary>
    public static bool SumsAll(MeterDefinition meter) =>
        meter is { Aggregation: Aggregation.Sum, Value: null or MeterExpression.QuantityName, Where: null, Filters.Count: 0 };

    static bool IsPlain(UsageCharge charge) =>
        charge is { Discounts.Count: 0, Minimum: null, Maximum: null, TrialDays: 0, ProrateUnits: null, Accumulate: Accumulation.Period }
        && charge.Quantity == QuantityRule.Plain && charge.Rounding == RoundingTerms.Default;

    static List<RateTier>? Tiers(PriceModel price)
    {
        var tiers = price switch
        {
            PerUnit unit => [new PriceTier(null, unit.UnitPrice)],
            Graduated graduated when graduated.Tiers.All(t => t.Flat.IsZero) && graduated.Tiers[^1].UpTo is null => graduated.Tiers,
            _ => [],
        };
        if (tiers.Count == 0 || !tiers.All(t => Fits(t.Unit) && Fits(t.UpTo ?? Exact.Zero))) return null;
        return [.. tiers.Select(t => new RateTier(t.UpTo?.ToExactDecimal(), t.Unit.ToExactDecimal()))];
    }

    static bool Fits(Exact value) => value.Round(ExactDecimal.Scale, RoundingMode.Down) == value && value < Most;

    static Exact Most { get; } = (Exact)new ExactDecimal(ExactDecimal.MaxUnscaled);
}
