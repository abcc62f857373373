using Streams.Rating.Pricing;

namespace Streams.Rating.Tests.Pricing;

/// <summary>Each model at a tier's end, one below, one above, a fraction above, at zero and with a quantity beyond 64 bits.</summary>
public sealed class BoundaryTests
{
    const string Huge = "1000000000000000000000";

    static Exact E(string text) => Exact.Parse(text);

    static PriceTier Tier(string? upTo, string unit, string flat = "0") => new(upTo is null ? null : E(upTo), E(unit), E(flat));

    static readonly PriceTier[] Tiers = [Tier("10", "2", "5"), Tier("20", "1", "3"), Tier(null, "0.5")];

    static void Is(string expected, PriceModel model, string quantity)
    {
        Assert.Equal(E(expected), model.Price(E(quantity)));
        Assert.Equal(E(expected), model.Price(E(quantity), new(new Trail())));
    }

    [Theory]
    [InlineData("0", "0")]
    [InlineData("0.000000001", "5.000000002")]
    [InlineData("9", "23")]
    [InlineData("10", "25")]
    [InlineData("10.5", "28.5")]
    [InlineData("11", "29")]
    [InlineData("20", "38")]
    [InlineData("21", "38.5")]
    [InlineData(Huge, "500000000000000000028")]
    public void Graduated(string quantity, string expected) => Is(expected, new Graduated(Tiers), quantity);

    [Fact]
    public void Graduated_at_zero_with_its_first_fee() => Is("5", new Graduated(Tiers, flatAtZeroUsage: true), "0");

    [Theory]
    [InlineData("0", "0")]
    [InlineData("9", "23")]
    [InlineData("10", "25")]
    [InlineData("10.5", "13.5")]
    [InlineData("11", "14")]
    [InlineData("20", "23")]
    [InlineData("21", "10.5")]
    [InlineData(Huge, "500000000000000000000")]
    public void Volume(string quantity, string expected) => Is(expected, new Volume(Tiers), quantity);

    [Theory]
    [InlineData("0", "0")]
    [InlineData("9", "0.23")]
    [InlineData("10", "0.25")]
    [InlineData("11", "0.29")]
    public void Graduated_percentage(string quantity, string expected) =>
        Is(expected, new GraduatedPercentage([Tier("10", "2", "0.05"), Tier("20", "1", "0.03"), Tier(null, "0.5")]), quantity);

    [Theory]
    [InlineData("0", "0")]
    [InlineData("9", "5")]
    [InlineData("10", "5")]
    [InlineData("10.1", "8")]
    [InlineData(Huge, "8")]
    public void Stairstep(string quantity, string expected) => Is(expected, new Stairstep([new(10, 5), new(null, 8)]), quantity);

    [Theory]
    [InlineData("0", "0", "0", "0")]
    [InlineData("5", "0", "0", "0")]
    [InlineData("6", "7", "0", "0.7")]
    [InlineData("14", "7", "0", "6.3")]
    [InlineData("15", "7", "7", "7")]
    [InlineData("16", "14", "7", "7.7")]
    public void Package_behind_five_free_units(string quantity, string up, string down, string none)
    {
        Is(up, new Package(10, 7, 5), quantity);
        Is(down, new Package(10, 7, 5, PackageRounding.Down), quantity);
        Is(none, new Package(10, 7, 5, PackageRounding.None), quantity);
    }

    [Theory]
    [InlineData("0", "9")]
    [InlineData("99", "9")]
    [InlineData("100", "9")]
    [InlineData("101", "9.25")]
    public void Base_fee_with_a_hundred_units(string quantity, string expected) => Is(expected, new BaseFee(9, 100, new PerUnit(E("0.25"))), quantity);

    [Theory]
    [InlineData("0", "0", "0")]
    [InlineData("19", "8", "8")]
    [InlineData("20", "8", "8")]
    [InlineData("20.5", "9", "5")]
    [InlineData("25", "9", "5")]
    [InlineData("26", "10", "6")]
    public void Blocks_of_ten_then_of_five(string quantity, string all, string top)
    {
        BlockTier[] tiers = [new(10, 2, 4), new(5, null, 1)];
        Is(all, new BlockTiers(tiers, BlockPolicy.AllTiers), quantity);
        Is(top, new BlockTiers(tiers, BlockPolicy.TopTier), quantity);
    }

    [Theory]
    [InlineData("500", "500")]
    [InlineData("501", "501.5")]
    [InlineData("499", "500")]
    public void Commitment(string fee, string expected) => Is(expected, new Committed(new DynamicPrice(), new(500, E("1.5"))), fee);

    [Theory]
    [InlineData(new[] { "30" }, "0")]
    [InlineData(new[] { "29", "2" }, "1.1")]
    [InlineData(new[] { "31" }, "1.1")]
    [InlineData(new[] { "30", "0" }, "1")]
    [InlineData(new[] { "1", "1", "1" }, "1.1")]
    public void Percentage_with_thirty_free_in_at_most_two_events(string[] events, string expected) =>
        Assert.Equal(E(expected), new Percentage(10, 1, freeEvents: 2, freeAmount: 30).Price(Usage.Of(events.Select(E))));

    [Fact]
    public void A_cost_is_priced_with_its_markup() => Is("1.2", new CostPlus(20), "1");

    [Fact]
    public void A_quantity_above_a_closed_last_tier_is_refused()
    {
        PriceTier[] closed = [Tier("10", "1")];
        foreach (var model in new PriceModel[] { new Graduated(closed), new Volume(closed), new Stairstep([new(10, 1)]) })
        {
            Assert.True(model.Price(10) == 10 || model.Price(10) == 1);
            var fault = Assert.Throws<PricingException>(() => model.Price(E("10.1")));
            Assert.Equal("quantity: 10.1 lies above the end of the last tier, 10", fault.Message);
        }
    }

    [Fact]
    public void A_negative_quantity_is_for_the_charge_to_say()
    {
        Assert.Throws<PricingException>(() => new PerUnit(1).Price(-1));
        Assert.Throws<PricingException>(() => new Graduated(Tiers).Price(-1));
        Exact Rated(NegativeUsage rule, LineUsage usage) => new Charge("c", new Graduated(Tiers), new() { Quantity = new(rule) }).Rate(usage).Amount;
        Assert.Equal<Exact>(0, Rated(NegativeUsage.Zero, new(-11)));
        Assert.Equal<Exact>(-29, Rated(NegativeUsage.Credit, new(-11)));
        Assert.Equal<Exact>(-25, Rated(NegativeUsage.Zero, new(-11, (Usage)(Exact)10)));
        Assert.Equal<Exact>(-54, Rated(NegativeUsage.Credit, new(-11, (Usage)(Exact)10)));
        Assert.Throws<PricingException>(() => Rated(NegativeUsage.Refuse, new(-11)));
    }

    [Fact]
    public void A_correction_takes_back_what_the_units_cost()
    {
        var model = new Graduated(Tiers);
        Assert.Equal(-E("13.5"), model.Between(21, 10));
        Assert.Equal(-E("13.5"), model.Between(21, 10, new(new Trail())));
    }

    [Fact]
    public void A_price_of_twelve_places_and_a_quantity_of_nine_stay_exact() =>
        Assert.Equal("0.000000000001000000001", new Graduated([Tier(null, "0.000000000001")]).Price(E("1.000000001")).ToString());
}
