namespace Streams.Aggregators.Rating.Pricing;

/// <summary>
/// Graduated prices: a unit costs what the tier says that it falls into, and each tier entered costs its flat fee once.
/// Whether the first tier's fee is due at zero usage is an option, since systems differ.
/// </summary>
public sealed record Graduated : PriceModel
{
    readonly GraduatedTable? _table;

    public Graduated(IReadOnlyList<PriceTier> tiers, bool flatAtZeroUsage = false)
    {
        Tiers = PriceTiers.Checked(tiers);
        FlatAtZeroUsage = flatAtZeroUsage;
        _table = GraduatedTable.TryMake(Tiers, flatAtZeroUsage);
    }

    public IReadOnlyList<PriceTier> Tiers { get; }

    public bool FlatAtZeroUsage { get; }

    public override Exact Price(in Usage usage, in Calculation calculation) =>
        _table is not null && calculation == default && _table.TryPrice(usage.Quantity, out var price) ? price : ByTier(usage.Quantity, calculation);

    public override Exact Between(Exact before, Exact after, in Calculation calculation) =>
        _table is not null && calculation == default && _table.TryPrice(before, after, out var growth) ? growth : base.Between(before, after, calculation);

    Exact ByTier(Exact quantity, Calculation calculation)
    {
        NotNegative(quantity);
        var sum = Exact.Zero;
        if (quantity.IsZero && !FlatAtZeroUsage) return sum;
        var from = Exact.Zero;
        for (var i = 0; i < Tiers.Count; i++)
        {
            var tier = Tiers[i];
            if (i > 0 && quantity <= from) return sum;
            var to = tier.UpTo is { } end ? Exact.Min(end, quantity) : quantity;
            var name = calculation.Records ? PriceTiers.Name(Tiers, i) : "";
            if (to > from) sum += calculation.Part(StepKind.Tier, to - from, tier.Unit, name);
            if (!tier.Flat.IsZero) sum += calculation.Part(StepKind.FlatFee, null, null, tier.Flat, calculation.Records ? $"flat fee of {name}" : "");
            from = to;
        }
        return Tiers[^1].UpTo is { } last && quantity > last ? throw PriceTiers.Beyond(quantity, last) : sum;
    }
}
