using System.Numerics;
using Streams.Aggregators.Rating;
using Streams.Schemas;
using Streams.Rating.Contracts;

namespace Streams.Aggregators.Tests.Rating;

public sealed class RateCardTests
{
    static ExactDecimal D(string text) => ExactDecimal.Parse(text);

    static RateCard Card(params (string? UpTo, string Price)[] tiers) =>
        new("USD", tiers.Select(t => new RateTier(t.UpTo is null ? null : D(t.UpTo), D(t.Price))).ToList());

    [Theory]
    [InlineData("0", "1000", "12.5")]
    [InlineData("0", "1001", "12.51")]
    [InlineData("999", "1001", "0.0225")]
    [InlineData("500", "20000", "171.25")]
    [InlineData("7", "7", "0")]
    public void Graduated_tiers_price_what_the_period_grew_by(string before, string after, string amount) =>
        Assert.Equal(D(amount), Card(("1000", "0.0125"), ("10000", "0.01"), (null, "0.0075")).Amount(D(before), D(after)));

    [Theory]
    [InlineData("0.000000001", "0.5", "0")]
    [InlineData("0.000000003", "0.5", "0.000000002")]
    [InlineData("0.000000005", "0.5", "0.000000002")]
    [InlineData("0.000000001", "0.500000001", "0.000000001")]
    public void Halves_go_to_the_even_billionth(string quantity, string price, string amount) =>
        Assert.Equal(D(amount), Card((null, price)).Amount(ExactDecimal.Zero, D(quantity)));

    [Fact]
    public void Agrees_with_rational_arithmetic_of_any_size()
    {
        const int Seed = 20260131;
        var random = new Random(Seed);
        for (var i = 0; i < 20_000; i++)
        {
            var digits = random.Next(1, 16);
            var tiers = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Number(random, digits) + 1).Distinct().Order().Select(u => (Int128?)u).Append(null)
                .Select(u => new RateTier(u is { } end ? new(end) : null, new(Number(random, random.Next(1, 14))))).ToList();
            var (a, b) = (Number(random, digits), Number(random, digits));
            var (before, after) = (Int128.Min(a, b), Int128.Max(a, b));
            var expected = Round(Price(tiers, before, after));
            var actual = new RateCard("USD", tiers).Amount(new(before), new(after)).Unscaled;
            Assert.True(expected == (BigInteger)actual, $"seed {Seed}, case {i}: {expected} is not {actual}");
        }
    }

    [Fact]
    public void What_a_card_admits_can_be_priced()
    {
        var card = Card(("1", "123456.789"), (null, "9999999999.999999999"));
        Assert.True(card.Amount(ExactDecimal.Zero, card.MaxQuantity) > ExactDecimal.Zero);
    }

    static Int128 Number(Random random, int digits)
    {
        Int128 value = 0;
        for (var i = 0; i < digits; i++) value = value * 10 + random.Next(10);
        return value;
    }

    /// <summary>Unit by tier from the top down: independent of the card's way from the bottom up. Scale 18.</summary>
    static BigInteger Price(List<RateTier> tiers, Int128 before, Int128 after)
    {
        BigInteger Total(BigInteger quantity)
        {
            BigInteger sum = 0;
            for (var i = tiers.Count - 1; i >= 0; i--)
            {
                var below = i == 0 ? 0 : (BigInteger)tiers[i - 1].UpTo!.Value.Unscaled;
                if (quantity <= below) continue;
                sum += (quantity - below) * (BigInteger)tiers[i].UnitPrice.Unscaled;
                quantity = below;
            }
            return sum;
        }
        return Total((BigInteger)after) - Total((BigInteger)before);
    }

    static BigInteger Round(BigInteger scale18)
    {
        var unit = BigInteger.Pow(10, 9);
        var floor = scale18 / unit;
        var twice = 2 * (scale18 - floor * unit);
        return twice > unit || (twice == unit && !floor.IsEven) ? floor + 1 : floor;
    }
}
