using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>How a discount of a charge is measured.</summary>
public enum ChargeDiscountKind
{
    Percent,
    Amount,

    /// <summary>Units that are not charged for.</summary>
    Usage,
}

/// <summary>A discount for so many billing periods (1: once; null: for ever) from the period <paramref name="From"/> of the contract on, counted from 0.</summary>
public sealed record ChargeDiscount(ChargeDiscountKind Kind, Exact Value, int? Periods = null, int From = 0)
{
    readonly Discount _times = new(DiscountKind.Amount, Value, Periods, From);

    /// <summary>Units given free; zero for what is no usage discount.</summary>
    public Exact Units => Kind == ChargeDiscountKind.Usage ? Value : Exact.Zero;

    /// <summary>As a discount on amounts; null for a usage discount.</summary>
    public Discount? Priced => Kind switch
    {
        ChargeDiscountKind.Percent => new(DiscountKind.Percent, Value, Periods, From),
        ChargeDiscountKind.Amount => _times,
        _ => null,
    };

    public bool HoldsIn(int period) => _times.HoldsIn(period);

    internal void Check(TermsCheck check, string at) => (Priced ?? _times).Check(check, at);
}

/// <summary>Where and which way a charge's amounts are rounded; <paramref name="Places"/> null: to the currency's minor unit.</summary>
public sealed record RoundingTerms(RoundingPlace Place, RoundingMode Mode = RoundingMode.HalfUp, int? Places = null)
{
    /// <summary>Each line to the currency's minor unit, half up.</summary>
    public static RoundingTerms Default { get; } = new(RoundingPlace.Line);

    public AmountRounding For(string currency) => new(new(Places ?? Money.MinorUnits(currency), Mode), Place);
}

/// <summary>What a price looks at.</summary>
public enum UsageItems
{
    /// <summary>The meter's one figure.</summary>
    Quantity,

    /// <summary>The value of each event, in the order of their times. The meter keeps events.</summary>
    Events,

    /// <summary>The figure of each group, named by the group's values.</summary>
    Groups,

    /// <summary>The figure of each of the meter's windows, named by the rule that it goes by.</summary>
    Windows,
}

/// <summary>What models look at.</summary>
public static class PriceItems
{
    public static UsageItems Of(PriceModel price) => price switch
    {
        Percentage or Grouped { Group: RatingGroup.Event } => UsageItems.Events,
        Matrix or CapacityTiers or Grouped { Group: RatingGroup.Key } => UsageItems.Groups,
        Windowed or Grouped { Group: RatingGroup.Window } => UsageItems.Windows,
        Committed committed => Of(committed.Model),
        _ => UsageItems.Quantity,
    };
}
