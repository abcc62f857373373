namespace Streams.Rating.Pricing;

/// <summary>A discount on a document's lines: on those named in <paramref name="AppliesTo"/>, or on all of them (null).</summary>
public sealed record Coupon(string Id, Discount Terms, IReadOnlyList<string>? AppliesTo = null)
{
    internal bool Covers(string line) => AppliesTo is null || AppliesTo.Contains(line, StringComparer.Ordinal);
}

/// <summary>How a coupon's shares are rounded.</summary>
public enum ShareRounding
{
    /// <summary>They add up to the coupon, by largest remainder.</summary>
    AddUp,

    /// <summary>Each by itself, half up: they can miss the coupon by some of the last places. Only tax bases notice.</summary>
    Each,
}

/// <summary>What each line gives to each coupon.</summary>
public sealed record CouponShares(IReadOnlyList<Exact> ByLine, IReadOnlyList<Exact> ByCoupon)
{
    public Exact Total => Exact.Sum(ByCoupon);
}

/// <summary>Coupons one after the other, each spread over what is left of the lines that it covers.</summary>
public static class CouponAllocation
{
    /// <param name="coupons">In the order in which they apply.</param>
    /// <param name="lines">Ids and amounts; amounts below zero take no part.</param>
    /// <param name="period">The billing period, counted from 0.</param>
    /// <param name="places">Decimals of a share: the currency's, or more where the contract keeps finer tax bases.</param>
    /// <param name="rounding">How shares are rounded to the places.</param>
    /// <param name="trail">Where the steps go.</param>
    public static CouponShares Apply(
        IReadOnlyList<Coupon> coupons, IReadOnlyList<(string Id, Exact Amount)> lines, int period, int places, ShareRounding rounding = ShareRounding.AddUp, Trail? trail = null)
    {
        var left = lines.Select(l => Exact.Max(l.Amount, Exact.Zero)).ToArray();
        var taken = new Exact[lines.Count];
        var byCoupon = new Exact[coupons.Count];
        for (var c = 0; c < coupons.Count; c++)
        {
            if (!coupons[c].Terms.HoldsIn(period)) continue;
            // A line of less than a unit of the last place may have given a whole one: nothing is left of it.
            var weights = left.Select((amount, i) => coupons[c].Covers(lines[i].Id) ? Exact.Max(amount, Exact.Zero) : Exact.Zero).ToArray();
            var eligible = Exact.Sum(weights);
            byCoupon[c] = Worth(coupons[c].Terms, eligible, places);
            var shares = rounding == ShareRounding.AddUp ? Allocation.LargestRemainder(byCoupon[c], weights, places) : RoundEach(byCoupon[c], weights, eligible, places);
            for (var i = 0; i < left.Length; i++) (left[i], taken[i]) = (left[i] - shares[i], taken[i] + shares[i]);
            trail?.Add(StepKind.Coupon, $"coupon {coupons[c].Id}, {coupons[c].Terms.Describe()} on {eligible}", -byCoupon[c]);
        }
        return new(taken, byCoupon);
    }

    static Exact[] RoundEach(Exact amount, Exact[] weights, Exact total, int places) =>
        weights.Select(w => total.IsZero ? Exact.Zero : Exact.Min(w, (amount * w / total).Round(places, RoundingMode.HalfUp))).ToArray();

    /// <summary>Percentages are rounded half up to the places of the shares, but never above what there is.</summary>
    static Exact Worth(Discount terms, Exact eligible, int places) =>
        Exact.Min(terms.Taken(eligible).Round(places, RoundingMode.HalfUp), eligible.Round(places, RoundingMode.Down));
}
