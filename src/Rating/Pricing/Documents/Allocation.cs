namespace Streams.Rating.Pricing;

/// <summary>Spreads an amount without losing or making a cent.</summary>
public static class Allocation
{
    /// <summary>
    /// Shares by weight with <paramref name="places"/> decimals that add up to the amount: each is first rounded down, then the units left over go one each to the
    /// largest remainders; among equal ones to the first by key, or by position where there are no keys (Hamilton's method).
    /// </summary>
    /// <exception cref="PricingException">An amount of more decimals, a negative weight, or no weight to go by.</exception>
    public static IReadOnlyList<Exact> LargestRemainder(Exact amount, IReadOnlyList<Exact> weights, int places, IReadOnlyList<string>? keys = null)
    {
        if (amount.Round(places, RoundingMode.Down) != amount) throw new PricingException("amount", $"{amount} has more than {places} decimals");
        if (weights.Any(w => w.Sign < 0)) throw new PricingException("weights", "hold a negative one");
        if (keys is not null && keys.Count != weights.Count) throw new PricingException("keys", $"are {keys.Count} for {weights.Count} weights");
        if (amount.Sign < 0) return LargestRemainder(-amount, weights, places, keys).Select(s => -s).ToArray();
        var total = Exact.Sum(weights);
        if (amount.IsZero) return new Exact[weights.Count];
        if (total.IsZero) throw new PricingException("weights", "are all zero");
        var exact = weights.Select(w => amount * w / total).ToArray();
        var shares = exact.Select(e => e.Round(places, RoundingMode.Down)).ToArray();
        var unit = Unit(places);
        var left = (amount - Exact.Sum(shares)).Count(unit, RoundingMode.HalfEven);
        var order = Enumerable.Range(0, weights.Count).OrderByDescending(i => exact[i] - shares[i]);
        var ranked = keys is null ? order.ThenBy(i => i) : order.ThenBy(i => keys[i], StringComparer.Ordinal).ThenBy(i => i);
        foreach (var i in ranked)
        {
            if (left.IsZero) break;
            shares[i] += unit;
            left -= Exact.One;
        }
        return shares;
    }

    static Exact Unit(int places)
    {
        var unit = Exact.One;
        for (var i = 0; i < places; i++) unit = Exact.Percent(unit * 10);
        return unit;
    }
}
