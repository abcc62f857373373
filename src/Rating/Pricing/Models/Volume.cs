namespace Streams.Rating.Pricing;

/// <summary>What a growth from one quantity to another costs under volume prices.</summary>
public enum VolumeGrowth
{
    /// <summary>The difference of both prices: when a cheaper tier is reached, the units before it become cheaper too.</summary>
    Rerate,

    /// <summary>Only the growth, at the price of the tier that the new quantity lies in; a tier's flat fee when the growth enters it.</summary>
    AtReachedTier,
}

/// <summary>Volume prices: every unit costs what the tier says that the whole quantity falls into, plus the flat fee of that tier alone.</summary>
public sealed record Volume : PriceModel
{
    public Volume(IReadOnlyList<PriceTier> tiers, bool flatAtZeroUsage = false, VolumeGrowth growth = VolumeGrowth.Rerate)
    {
        Tiers = PriceTiers.Checked(tiers);
        FlatAtZeroUsage = flatAtZeroUsage;
        Growth = growth;
    }

    public IReadOnlyList<PriceTier> Tiers { get; }

    public bool FlatAtZeroUsage { get; }

    public VolumeGrowth Growth { get; }

    public override Exact Price(in Usage usage, in Calculation calculation) => PriceProrated(usage.Quantity, usage.Quantity, calculation);

    /// <summary>The tier of the full units, applied to units that count for part of the period only.</summary>
    public Exact PriceProrated(Exact fullUnits, Exact proratedUnits, in Calculation calculation)
    {
        NotNegative(fullUnits);
        if (fullUnits.IsZero && !FlatAtZeroUsage) return Exact.Zero;
        var reached = PriceTiers.Reached(Tiers, fullUnits);
        var tier = Tiers[reached];
        var name = calculation.Records ? PriceTiers.Name(Tiers, reached) : "";
        var price = calculation.Part(StepKind.Tier, proratedUnits, tier.Unit, name);
        return tier.Flat.IsZero ? price : price + calculation.Part(StepKind.FlatFee, null, null, tier.Flat, calculation.Records ? $"flat fee of {name}" : "");
    }

    public override Exact Between(Exact before, Exact after, in Calculation calculation)
    {
        if (Growth == VolumeGrowth.Rerate || after <= before) return base.Between(before, after, calculation);
        NotNegative(before);
        var reached = PriceTiers.Reached(Tiers, after);
        var tier = Tiers[reached];
        var name = calculation.Records ? PriceTiers.Name(Tiers, reached) : "";
        var price = calculation.Part(StepKind.Tier, after - before, tier.Unit, name);
        var enters = before.IsZero || (reached > 0 && before <= Tiers[reached - 1].UpTo!.Value);
        return enters && !tier.Flat.IsZero ? price + calculation.Part(StepKind.FlatFee, null, null, tier.Flat, calculation.Records ? $"flat fee of {name}" : "") : price;
    }
}
