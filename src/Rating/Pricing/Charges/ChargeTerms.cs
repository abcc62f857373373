namespace Streams.Rating.Pricing;

/// <summary>The order of what surrounds a price.</summary>
public enum AdjustmentOrder
{
    /// <summary>The minimum and maximum hold for what is left after discounts.</summary>
    DiscountMaximumMinimum,

    /// <summary>The discounts are taken from the limited amount, the minimum included.</summary>
    MaximumMinimumDiscount,
}

/// <summary>How a period that is billed in several lines (threshold invoices, progressive billing) is priced.</summary>
public enum SplitMethod
{
    /// <summary>A line costs what the quantity grew by since the line before; tiers count from the period's start.</summary>
    CumulativeTiers,

    /// <summary>Each line rates the whole period again and credits what was billed.</summary>
    RerateAndCredit,

    /// <summary>Tiers begin again with each line.</summary>
    RestartTiers,
}

/// <summary>Where amounts are rounded. What is above it adds up rounded values.</summary>
public enum RoundingPlace
{
    /// <summary>Each tier's, package's or event's amount.</summary>
    Tier,

    /// <summary>Each line, after discount, maximum and minimum.</summary>
    Line,

    /// <summary>Only the sum of a document's lines.</summary>
    Document,
}

/// <summary>Which way amounts are rounded, and where.</summary>
public readonly record struct AmountRounding(Rounding Rule, RoundingPlace Place);

/// <summary>What surrounds a price: the rule for quantities, discounts, limits and rounding, each a declared choice.</summary>
public sealed record ChargeTerms
{
    public static ChargeTerms Plain { get; } = new();

    public QuantityRule Quantity { get; init; } = QuantityRule.Plain;

    /// <summary>Taken one after the other.</summary>
    public IReadOnlyList<Discount> Discounts { get; init; } = [];

    /// <summary>What a period costs at least, billed with its last line.</summary>
    public Exact? Minimum { get; init; }

    /// <summary>What a period costs at most.</summary>
    public Exact? Maximum { get; init; }

    public AdjustmentOrder Order { get; init; } = AdjustmentOrder.DiscountMaximumMinimum;

    public SplitMethod Split { get; init; } = SplitMethod.CumulativeTiers;

    /// <summary>Null: amounts stay exact.</summary>
    public AmountRounding? Rounding { get; init; }

    internal void Check(bool byItem)
    {
        var check = new TermsCheck();
        Quantity.Check(check, byItem);
        for (var i = 0; i < Discounts.Count; i++) Discounts[i].Check(check, $"discounts[{i}]");
        check.NotNegative("minimum", Minimum);
        check.NotNegative("maximum", Maximum);
        check.That(Minimum is null || Maximum is null || Minimum.Value <= Maximum.Value, "maximum", "MAXIMUM_BELOW_MINIMUM", $"{Maximum} is below the minimum, {Minimum}");
        check.Done();
    }
}
