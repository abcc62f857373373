namespace Streams.Rating.Pricing;

/// <summary>What a quantity below zero costs: corrections can take away more than there was.</summary>
public enum NegativeUsage
{
    /// <summary>Nothing: it counts as zero.</summary>
    Zero,

    /// <summary>The price of as many units is given back.</summary>
    Credit,

    /// <summary>It is refused with <see cref="PricingException"/>.</summary>
    Refuse,
}

/// <summary>Where units are converted and rounded when a period is billed in several lines.</summary>
public enum ConversionPlace
{
    /// <summary>On the quantity since the period's start: lines add up to what one line would have had.</summary>
    Cumulative,

    /// <summary>On each line: a package begun on one line and ended on the next counts twice.</summary>
    Line,
}

/// <summary>Metered units to billed units: divided or multiplied, then rounded where <see cref="Rounding"/> says so, e.g. bytes to gigabytes begun.</summary>
public sealed record UnitConversion
{
    readonly Exact _multiplier;

    public UnitConversion(Exact factor, bool divides = false, Rounding? rounding = null)
    {
        var check = new TermsCheck();
        check.Positive("factor", Factor = factor);
        check.Done();
        (Divides, Rounding) = (divides, rounding);
        _multiplier = divides ? Exact.One / factor : factor;
    }

    public Exact Factor { get; }

    public bool Divides { get; }

    public Rounding? Rounding { get; }

    public Exact Apply(Exact quantity) => Rounding?.Apply(quantity * _multiplier) ?? quantity * _multiplier;
}

/// <summary>What happens to a metered quantity before it is priced: it is converted, units are given free of charge, and what is below zero is dealt with.</summary>
public sealed record QuantityRule(
    NegativeUsage Negative = NegativeUsage.Zero, UnitConversion? Conversion = null, ConversionPlace Place = ConversionPlace.Cumulative, Exact UsageDiscount = default)
{
    public static QuantityRule Plain { get; } = new();

    internal bool Changes => Conversion is not null || !UsageDiscount.IsZero;

    /// <summary>The billed quantities up to a line's beginning and to its end.</summary>
    internal (Exact Before, Exact After) Apply(Exact before, Exact after, Trail? trail)
    {
        if (!Changes) return (before, after);
        var first = Convert(before);
        var last = Place == ConversionPlace.Line ? first + Convert(after - before) : Convert(after);
        if (Conversion is not null) trail?.Add(StepKind.Quantity, $"{after} metered units as billed units", last);
        if (UsageDiscount.IsZero) return (first, last);
        var paid = Discounted(last);
        trail?.Add(StepKind.UsageDiscount, $"units less {UsageDiscount} given", paid);
        return (Discounted(first), paid);
    }

    internal void Check(TermsCheck check, bool byItem)
    {
        check.NotNegative("quantity.usageDiscount", UsageDiscount);
        check.That(!byItem || !Changes, "quantity", "RULE_INVALID", "cannot change the quantities of a model that prices items");
    }

    Exact Convert(Exact quantity) => Conversion?.Apply(quantity) ?? quantity;

    Exact Discounted(Exact quantity) => quantity.Sign < 0 ? quantity : Exact.Max(quantity - UsageDiscount, Exact.Zero);
}
