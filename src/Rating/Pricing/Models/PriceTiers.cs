namespace Streams.Rating.Pricing;

/// <summary>
/// The units above the tier before and up to <paramref name="UpTo"/>, inclusive (null: without end): each costs <paramref name="Unit"/>, and entering the
/// tier costs <paramref name="Flat"/> once. Tiers have no gaps: a quantity of 100.5 lies in the tier behind the one that ends at 100.
/// </summary>
public sealed record PriceTier(Exact? UpTo, Exact Unit, Exact Flat = default);

/// <summary>What models with tiers have in common.</summary>
static class PriceTiers
{
    public static IReadOnlyList<PriceTier> Checked(IReadOnlyList<PriceTier> tiers)
    {
        var check = new TermsCheck();
        check.Filled("tiers", tiers);
        check.Rising("tiers", "upTo", tiers.Select(t => t.UpTo).ToList());
        for (var i = 0; i < tiers.Count; i++)
        {
            check.NotNegative($"tiers[{i}].unit", tiers[i].Unit);
            check.NotNegative($"tiers[{i}].flat", tiers[i].Flat);
        }
        check.Done();
        return tiers.ToArray();
    }

    /// <summary>The tier that a quantity ends in.</summary>
    /// <exception cref="PricingException">The quantity lies above the end of the last tier.</exception>
    public static int Reached(IReadOnlyList<PriceTier> tiers, Exact quantity)
    {
        for (var i = 0; i < tiers.Count; i++)
        {
            if (tiers[i].UpTo is not { } end || quantity <= end) return i;
        }
        throw Beyond(quantity, tiers[^1].UpTo);
    }

    public static PricingException Beyond(Exact quantity, Exact? end) => new("quantity", $"{quantity} lies above the end of the last tier, {end}");

    public static string Name(IReadOnlyList<PriceTier> tiers, int tier) => Name(tier, tier == 0 ? null : tiers[tier - 1].UpTo, tiers[tier].UpTo);

    public static string Name(int tier, Exact? above, Exact? upTo)
    {
        var from = above is null ? "" : $", above {above}";
        return upTo is null ? $"tier {tier + 1}{from}" : $"tier {tier + 1}{(from.Length == 0 ? "," : from)} up to {upTo}";
    }
}
