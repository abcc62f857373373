namespace Streams.Rating.Pricing;

/// <summary>Blocks of <paramref name="Size"/> units at <paramref name="Price"/>; the tier holds <paramref name="MaxBlocks"/> of its own blocks (null: without end).</summary>
public sealed record BlockTier(Exact Size, long? MaxBlocks, Exact Price);

/// <summary>Which tiers price a quantity.</summary>
public enum BlockPolicy
{
    /// <summary>Each tier is filled in turn.</summary>
    AllTiers,

    /// <summary>Every block is priced by the tier that the quantity reaches.</summary>
    TopTier,
}

/// <summary>
/// Tiers that count blocks (as Kill Bill's catalogue does): a tier's maximum is a number of its own blocks, not a cumulative bound; a block begun is paid;
/// beyond the last maximum the last tier goes on.
/// </summary>
public sealed record BlockTiers : PriceModel
{
    public BlockTiers(IReadOnlyList<BlockTier> tiers, BlockPolicy policy)
    {
        var check = new TermsCheck();
        check.Filled("tiers", tiers);
        for (var i = 0; i < tiers.Count; i++)
        {
            check.Positive($"tiers[{i}].size", tiers[i].Size);
            check.NotNegative($"tiers[{i}].price", tiers[i].Price);
            check.That(tiers[i].MaxBlocks is null or > 0, $"tiers[{i}].maxBlocks", "VALUE_NOT_POSITIVE", $"{tiers[i].MaxBlocks} is not above zero");
            check.That(tiers[i].MaxBlocks is not null || i == tiers.Count - 1, $"tiers[{i}].maxBlocks", "TIERS_NOT_RISING", "only the last tier is without end");
        }
        check.Done();
        (Tiers, Policy) = (tiers.ToArray(), policy);
    }

    public IReadOnlyList<BlockTier> Tiers { get; }

    public BlockPolicy Policy { get; }

    public override Exact Price(in Usage usage, in Calculation calculation)
    {
        NotNegative(usage.Quantity);
        return Policy == BlockPolicy.AllTiers ? All(usage.Quantity, calculation) : Top(usage.Quantity, calculation);
    }

    Exact All(Exact quantity, in Calculation calculation)
    {
        var sum = Exact.Zero;
        var left = quantity;
        for (var i = 0; i < Tiers.Count && left.Sign > 0; i++)
        {
            var here = i == Tiers.Count - 1 ? left : Exact.Min(left, Tiers[i].Size * Tiers[i].MaxBlocks!.Value);
            sum += Blocks(i, here, calculation);
            left -= here;
        }
        return sum;
    }

    Exact Top(Exact quantity, in Calculation calculation)
    {
        var end = Exact.Zero;
        for (var i = 0; i < Tiers.Count - 1; i++)
        {
            end += Tiers[i].Size * Tiers[i].MaxBlocks!.Value;
            if (quantity <= end) return Blocks(i, quantity, calculation);
        }
        return Blocks(Tiers.Count - 1, quantity, calculation);
    }

    Exact Blocks(int tier, Exact quantity, in Calculation calculation) =>
        calculation.Part(StepKind.Block, quantity.Count(Tiers[tier].Size, RoundingMode.Up), Tiers[tier].Price, calculation.Records ? $"blocks of {Tiers[tier].Size} in tier {tier + 1}" : "");
}

/// <summary>A price for as long as no unit goes above its limit; a unit without a limit is not limited.</summary>
public sealed record CapacityTier(IReadOnlyDictionary<string, Exact> Limits, Exact Price);

/// <summary>A price by peaks: the first tier whose limits hold for every unit. Items are named by unit; of several, the highest counts.</summary>
public sealed record CapacityTiers : PriceModel
{
    public CapacityTiers(IReadOnlyList<CapacityTier> tiers)
    {
        var check = new TermsCheck();
        check.Filled("tiers", tiers);
        for (var i = 0; i < tiers.Count; i++)
        {
            check.NotNegative($"tiers[{i}].price", tiers[i].Price);
            foreach (var (unit, limit) in tiers[i].Limits.OrderBy(l => l.Key, StringComparer.Ordinal)) check.NotNegative($"tiers[{i}].limits.{unit}", limit);
        }
        check.Done();
        Tiers = tiers.ToArray();
    }

    public IReadOnlyList<CapacityTier> Tiers { get; }

    public override bool ByItem => true;

    public override Exact Price(in Usage usage, in Calculation calculation)
    {
        var items = usage.Items;
        foreach (var item in items) NotNegative(item.Quantity);
        for (var i = 0; i < Tiers.Count; i++)
        {
            if (items.Any(item => Tiers[i].Limits.TryGetValue(item.Key[0], out var limit) && item.Quantity > limit)) continue;
            return calculation.Part(StepKind.Capacity, null, null, Tiers[i].Price, calculation.Records ? $"tier {i + 1}, whose limits hold for every peak" : "");
        }
        throw new PricingException("peaks", "lie above the limits of the last tier");
    }
}
