using Streams.Rating.Pricing;
using Streams.Rating.Contracts;

namespace Streams.Rating.Tests.Pricing;

/// <summary>What is wrong with terms is said by field and reason.</summary>
public sealed class FaultTests
{
    static Exact E(string text) => Exact.Parse(text);

    static void Says(string expected, Func<object> make) =>
        Assert.Equal(expected, string.Join('\n', Assert.Throws<ContractFaultException>(make).Faults.Select(f => $"{f.Path}: {f.Reason}")));

    [Fact]
    public void Tiers()
    {
        Says("tiers: is empty", () => new Graduated([]));
        Says("tiers[1].upTo: 10 is not above 10", () => new Graduated([new(10, 1), new(10, 1), new(null, 1)]));
        Says("tiers[0].upTo: 0 is not above 0", () => new Volume([new(0, 1), new(null, 1)]));
        Says("tiers[1]: stands behind a tier without end", () => new Volume([new(null, 1), new(5, 1)]));
        Says("tiers[0].unit: -1 is negative\ntiers[0].flat: -2 is negative", () => new Graduated([new(null, -1, -2)]));
        Says("steps[0].price: -1 is negative", () => new Stairstep([new(null, -1)]));
        Says("tiers[0].maxBlocks: only the last tier is without end", () => new BlockTiers([new(1, null, 1), new(1, null, 1)], BlockPolicy.AllTiers));
        Says("tiers[0].size: 0 is not above zero", () => new BlockTiers([new(0, 1, 1)], BlockPolicy.TopTier));
        Says("tiers[0].limits.cpu: -1 is negative", () => new CapacityTiers([new(new Dictionary<string, Exact> { ["cpu"] = -1 }, 1)]));
        Says("tiers: has more than 10000 entries", () => new Graduated(Enumerable.Range(1, 10_001).Select(i => new PriceTier(i, 1)).ToList()));
    }

    [Fact]
    public void Prices()
    {
        Says("unitPrice: -0.01 is negative", () => new PerUnit(E("-0.01")));
        Says("size: 0 is not above zero", () => new Package(0, 1));
        Says("ratePercent: -1 is negative", () => new Percentage(-1));
        Says("maximumPerEvent: 1 is below the minimum, 2", () => new Percentage(1, minimumPerEvent: 2, maximumPerEvent: 1));
        Says("freeEvents: -1 is negative", () => new Percentage(1, freeEvents: -1));
        Says("overage: prices items, not a quantity", () => new BaseFee(1, 1, new Percentage(1)));
        Says("cells[1].values: has a price already", () => new Matrix(["d"], [new(["a"], new PerUnit(1)), new(["a"], new PerUnit(2))]));
        Says("cells[0].values: has 2 values for 1 dimensions", () => new Matrix(["d"], [new(["a", "b"], new PerUnit(1))]));
        Says("rules[1].name: 'a' stands there twice", () => new Windowed([new("a", new PerUnit(1)), new("a", new PerUnit(1))]));
        Says("amount: -1 is negative", () => new Commitment(-1));
        Says("thresholds[1]: 5 is not above 10", () => new ThresholdBilling([10, 5]));
    }

    [Fact]
    public void Charges_and_documents()
    {
        Says("maximum: 1 is below the minimum, 2", () => new Charge("c", new PerUnit(1), new() { Minimum = 2, Maximum = 1 }));
        Says("discounts[0].value: 101 is not between 0 and 100", () => new Charge("c", new PerUnit(1), new() { Discounts = [new(DiscountKind.Percent, 101)] }));
        Says("discounts[0].periods: 0 is not above zero", () => new Charge("c", new PerUnit(1), new() { Discounts = [new(DiscountKind.Amount, 1, 0)] }));
        Says("factor: 0 is not above zero", () => new UnitConversion(0));
        Says("quantity: cannot change the quantities of a model that prices items", () => new Charge("c", new Percentage(1), new() { Quantity = new(UsageDiscount: 1) }));
        Says("maximum: 1 is below the minimum, 2", () => RatedDocument.Of(new(new(2)) { Minimum = 2, Maximum = 1 }, []));
        Says("couponPlaces: 19 is not between 0 and 18", () => RatedDocument.Of(new(new(2)) { CouponPlaces = 19 }, []));
    }

    [Fact]
    public void Usage_without_a_price()
    {
        Assert.Equal("region: mars has no price", Assert.Throws<PricingException>(() => new Matrix(["region"], [new(["eu"], new PerUnit(1))]).Price(new Usage([new(1, "mars")]))).Message);
        Assert.Equal("window: 'night' has no price", Assert.Throws<PricingException>(() => new Windowed([new("day", new PerUnit(1))]).Price(new Usage([new(1, "night")]))).Message);
        Assert.Equal("quantity: 11 is more than the 10 included units, and no overage is agreed", Assert.Throws<PricingException>(() => new BaseFee(1, 10).Price(11)).Message);
        Assert.Equal("grants[1].id: 'a' stands there twice", Assert.Throws<PricingException>(() => CreditAccount.Run([new("a", 1), new("a", 1)], [], default)).Message);
        Assert.Equal("grants[0].successor: 'b' is unknown", Assert.Throws<PricingException>(() => CreditAccount.Run([new("a", 1) { Successor = "b" }], [], default)).Message);
    }
}
