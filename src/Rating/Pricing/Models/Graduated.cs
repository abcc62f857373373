namespace Streams.Rating.Pricing;

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
        _table is not null && calculation == default && _table.TryPrice(usage.Quantity, out var price) ? price : ByTier(null, usage.Quantity, calculation);

    public override Exact Between(Exact before, Exact after, in Calculation calculation) =>
        _table is not null && calculation == default && _table.TryPrice(before, after, out var growth) ? growth : ByTier(before, after, calculation);

    /// <summary>The sum of what each tier's amount grew by, so that the lines of a period add up to its price wherever amounts are rounded.</summary>
    Exact ByTier(Exact? before, Exact after, Calculation calculation)
    {
        NotNegative(after);
        NotNegative(before ?? after);
        var end = Exact.Max(after, before ?? after);
        if (Tiers[^1].UpTo is { } last && end > last) throw PriceTiers.Beyond(end, last);
        var sum = Exact.Zero;
        for (var i = 0; i < Tiers.Count && (i == 0 || end > Tiers[i - 1].UpTo!.Value); i++)
        {
            var name = calculation.Records ? PriceTiers.Name(Tiers, i) : "";
            sum += Growth(i, before is { } first ? Within(i, first) : Exact.Zero, Within(i, after), calculation, name);
            if (!Tiers[i].Flat.IsZero) sum += FlatFee(i, before is { } start && IsEntered(i, start), IsEntered(i, after), calculation, name);
        }
        return sum;
    }

    Exact Growth(int tier, Exact before, Exact after, Calculation calculation, string name)
    {
        if (before == after) return Exact.Zero;
        var unit = Tiers[tier].Unit;
        var growth = calculation.Part(StepKind.Tier, after - before, unit, name);
        if (calculation.EachTier is not { } rounding || before.IsZero) return growth;
        var rounded = rounding.Apply(after * unit) - rounding.Apply(before * unit);
        if (rounded != growth) calculation.Trail?.Add(StepKind.Rounding, "as both ends of the line are rounded", rounded);
        return rounded;
    }

    Exact FlatFee(int tier, bool before, bool after, Calculation calculation, string name)
    {
        if (before == after) return Exact.Zero;
        var fee = calculation.Part(StepKind.FlatFee, null, null, Tiers[tier].Flat, !calculation.Records ? "" : after ? $"flat fee of {name}" : $"given back: flat fee of {name}");
        return after ? fee : -fee;
    }

    /// <summary>How much of a quantity lies in a tier.</summary>
    Exact Within(int tier, Exact quantity)
    {
        var from = tier == 0 ? Exact.Zero : Tiers[tier - 1].UpTo!.Value;
        var to = Tiers[tier].UpTo is { } end ? Exact.Min(end, quantity) : quantity;
        return Exact.Max(to - from, Exact.Zero);
    }

    bool IsEntered(int tier, Exact quantity) => tier == 0 ? FlatAtZeroUsage || quantity.Sign > 0 : quantity > Tiers[tier - 1].UpTo!.Value;
}
