namespace Streams.Rating.Pricing;

/// <summary>Each unit costs the same.</summary>
public sealed record PerUnit : PriceModel
{
    public PerUnit(Exact unitPrice)
    {
        var check = new TermsCheck();
        check.NotNegative("unitPrice", UnitPrice = unitPrice);
        check.Done();
    }

    public Exact UnitPrice { get; }

    public override Exact Price(in Usage usage, in Calculation calculation)
    {
        NotNegative(usage.Quantity);
        return calculation.Part(StepKind.Unit, usage.Quantity, UnitPrice, "units");
    }
}

/// <summary>
/// The price stands in the events: the quantity is the sum of the amounts they carry, each times <see cref="Multiplier"/> (1 as it is, 0.01 where
/// events carry minor units, 1.2 with a fifth on top).
/// </summary>
public sealed record DynamicPrice : PriceModel
{
    public DynamicPrice(Exact? multiplier = null)
    {
        var check = new TermsCheck();
        check.NotNegative("multiplier", Multiplier = multiplier ?? Exact.One);
        check.Done();
    }

    public Exact Multiplier { get; }

    public override Exact Price(in Usage usage, in Calculation calculation)
    {
        NotNegative(usage.Quantity);
        return calculation.Part(StepKind.Unit, usage.Quantity, Multiplier, "amounts carried by the events");
    }
}

/// <summary>What it cost, which is the quantity, and a markup on it.</summary>
public sealed record CostPlus : PriceModel
{
    readonly Exact _factor;

    public CostPlus(Exact markupPercent)
    {
        var check = new TermsCheck();
        check.NotNegative("markupPercent", MarkupPercent = markupPercent);
        check.Done();
        _factor = Exact.One + Exact.Percent(markupPercent);
    }

    public Exact MarkupPercent { get; }

    public override Exact Price(in Usage usage, in Calculation calculation)
    {
        NotNegative(usage.Quantity);
        return calculation.Part(StepKind.CostPlus, usage.Quantity, _factor, calculation.Records ? $"cost with {MarkupPercent} % on top" : "");
    }
}

/// <summary>A fee that includes units; what goes beyond them is priced by <see cref="Overage"/>, whose tiers begin behind the included units.</summary>
public sealed record BaseFee : PriceModel
{
    public BaseFee(Exact fee, Exact includedUnits, PriceModel? overage = null)
    {
        var check = new TermsCheck();
        check.NotNegative("fee", Fee = fee);
        check.NotNegative("includedUnits", IncludedUnits = includedUnits);
        check.That(overage is not { ByItem: true }, "overage", "MODEL_INVALID", "prices items, not a quantity");
        check.Done();
        Overage = overage;
    }

    public Exact Fee { get; }

    public Exact IncludedUnits { get; }

    /// <summary>Null: units beyond the included ones have no price and are refused.</summary>
    public PriceModel? Overage { get; }

    public override Exact Price(in Usage usage, in Calculation calculation)
    {
        NotNegative(usage.Quantity);
        var fee = calculation.Part(StepKind.BaseFee, null, null, Fee, calculation.Records ? $"base fee with {IncludedUnits} units" : "");
        var over = usage.Quantity - IncludedUnits;
        if (over.Sign <= 0) return fee;
        if (Overage is null) throw new PricingException("quantity", $"{usage.Quantity} is more than the {IncludedUnits} included units, and no overage is agreed");
        return fee + Overage.Price(over, calculation);
    }
}
