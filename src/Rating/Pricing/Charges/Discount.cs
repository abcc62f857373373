namespace Streams.Rating.Pricing;

/// <summary>How a discount is measured.</summary>
public enum DiscountKind
{
    Percent,
    Amount,
}

/// <summary>
/// A discount on a charge or a coupon's terms in time: <paramref name="Value"/> is a percentage or an amount; it holds for <paramref name="Periods"/> billing
/// periods (1: once; null: for ever) from the period <paramref name="From"/> on, counted from 0. An amount never takes more than there is.
/// </summary>
public sealed record Discount(DiscountKind Kind, Exact Value, int? Periods = null, int From = 0)
{
    public bool HoldsIn(int period) => period >= From && (Periods is not { } periods || period - From < periods);

    /// <summary>What is left of an amount.</summary>
    public Exact Apply(Exact amount) => amount - Taken(amount);

    /// <summary>What it takes from an amount: nothing from an amount below zero, if it is an amount itself.</summary>
    public Exact Taken(Exact amount) => Kind == DiscountKind.Percent ? amount * Exact.Percent(Value) : Exact.Max(Exact.Min(Value, amount), Exact.Zero);

    internal void Check(TermsCheck check, string at)
    {
        if (Kind == DiscountKind.Percent) check.Share($"{at}.value", Value);
        else check.NotNegative($"{at}.value", Value);
        check.That(Periods is null or > 0, $"{at}.periods", "VALUE_NOT_POSITIVE", $"{Periods} is not above zero");
        check.That(From >= 0, $"{at}.from", "VALUE_NEGATIVE", $"{From} is negative");
    }

    internal string Describe() => Kind == DiscountKind.Percent ? $"less {Value} %" : $"less {Value}";
}

/// <summary>Discounts one after the other: two of 10 % leave 81 %.</summary>
static class DiscountChain
{
    public static Exact Apply(IReadOnlyList<Discount> discounts, int period, Exact amount)
    {
        for (var i = 0; i < discounts.Count; i++)
        {
            if (discounts[i].HoldsIn(period)) amount = discounts[i].Apply(amount);
        }
        return amount;
    }

    /// <summary>What remains of a growth on top of what was priced before: an amount that was used up there is not given again.</summary>
    public static Exact ApplyToGrowth(IReadOnlyList<Discount> discounts, int period, Exact before, Exact growth, Trail? trail)
    {
        var whole = before + growth;
        for (var i = 0; i < discounts.Count; i++)
        {
            var discount = discounts[i];
            if (!discount.HoldsIn(period)) continue;
            (before, whole) = (discount.Apply(before), discount.Apply(whole));
            trail?.Add(StepKind.Discount, discount.Describe(), whole - before);
        }
        return whole - before;
    }
}
