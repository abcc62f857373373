using System.Numerics;
using Streams.Schemas;

namespace Streams.Aggregators.Rating;

/// <summary>Units up to <paramref name="UpTo"/> (counted from the period's start; null: without end) that lie above the tier before cost <paramref name="UnitPrice"/> each.</summary>
public sealed record RateTier(ExactDecimal? UpTo, ExactDecimal UnitPrice);

/// <summary>
/// Graduated prices of one meter in one currency. A tier's <c>upTo</c> counts from the start of the billing period, and a unit costs what its tier says.
/// </summary>
public sealed class RateCard
{
    /// <summary>Below these magnitudes a product of quantity and price, and a sum of such products over a card, fits 127 bits.</summary>
    const long FastLimit = 1L << 62;

    /// <summary>10^16, in billionths: the largest quantity and amount of a period. A hundred meters at their limit still add up within 28 digits.</summary>
    static readonly BigInteger PeriodLimit = BigInteger.Pow(10, 16 + ExactDecimal.Scale);

    /// <summary>How much a period may hold where its price needs the period.</summary>
    public static ExactDecimal MostQuantity { get; } = new((Int128)PeriodLimit);

    readonly Int128[] _upTo;
    readonly Int128[] _prices;
    readonly bool _fast;

    /// <exception cref="ArgumentException">No tier, ends that do not rise, a last tier with an end, or a negative price.</exception>
    public RateCard(string currency, IReadOnlyList<RateTier> tiers)
    {
        Currency = currency;
        Tiers = tiers;
        _upTo = tiers.Select(t => t.UpTo?.Unscaled ?? Int128.MaxValue).ToArray();
        _prices = tiers.Select(t => t.UnitPrice.Unscaled).ToArray();
        if (tiers.Count == 0 || tiers[^1].UpTo is not null) throw new ArgumentException("The last tier has an end", nameof(tiers));
        if (_prices.Any(p => p < 0)) throw new ArgumentException("A price is negative", nameof(tiers));
        if (_upTo[0] <= 0 || _upTo.Zip(_upTo.Skip(1)).Any(p => p.First >= p.Second)) throw new ArgumentException("Tiers do not rise", nameof(tiers));
        var dearest = _prices.Max();
        _fast = dearest < FastLimit;
        MaxQuantity = new((Int128)(dearest <= ExactDecimal.One ? PeriodLimit : PeriodLimit * ExactDecimal.One / dearest));
    }

    public string Currency { get; }

    public IReadOnlyList<RateTier> Tiers { get; }

    /// <summary>How much a period may hold so that its price stays within the digits of an amount.</summary>
    public ExactDecimal MaxQuantity { get; }

    /// <summary>
    /// The price of what a billing period grew by: <c>price(after) - price(before)</c>, exact, rounded half to even to nine decimals once.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">A negative quantity, or a period that shrinks.</exception>
    public ExactDecimal Amount(ExactDecimal before, ExactDecimal after)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(before.Unscaled, Int128.Zero, nameof(before));
        ArgumentOutOfRangeException.ThrowIfLessThan(after, before);
        return _fast && after.Unscaled < FastLimit ? Fast(before.Unscaled, after.Unscaled) : Exact(before.Unscaled, after.Unscaled);
    }

    ExactDecimal Fast(Int128 before, Int128 after)
    {
        Int128 sum = 0;
        Int128 from = 0;
        for (var i = 0; from < after; from = _upTo[i], i++)
        {
            var start = Int128.Max(from, before);
            var end = Int128.Min(_upTo[i], after);
            if (end > start) sum += (end - start) * _prices[i];
        }
        return new(DivideHalfEven(sum));
    }

    ExactDecimal Exact(Int128 before, Int128 after)
    {
        BigInteger sum = 0;
        Int128 from = 0;
        for (var i = 0; from < after; from = _upTo[i], i++)
        {
            var start = Int128.Max(from, before);
            var end = Int128.Min(_upTo[i], after);
            if (end > start) sum += (BigInteger)(end - start) * (BigInteger)_prices[i];
        }
        var rounded = ExactDecimal.DivideHalfEven(sum, ExactDecimal.One);
        return rounded <= (BigInteger)ExactDecimal.MaxUnscaled ? new((Int128)rounded) : throw new OverflowException("An amount of more than 28 digits");
    }

    /// <summary>A sum of products (scale 18, not negative) to scale 9.</summary>
    static Int128 DivideHalfEven(Int128 sum)
    {
        if (sum <= long.MaxValue)
        {
            var (small, left) = Math.DivRem((long)sum, ExactDecimal.One);
            return Rounded(small, left, (small & 1) != 0);
        }
        var (quotient, remainder) = Int128.DivRem(sum, ExactDecimal.One);
        return Rounded(quotient, (long)remainder, Int128.IsOddInteger(quotient));
    }

    static Int128 Rounded(Int128 quotient, long remainder, bool odd)
    {
        const long Half = ExactDecimal.One / 2;
        return remainder > Half || (remainder == Half && odd) ? quotient + 1 : quotient;
    }
}
