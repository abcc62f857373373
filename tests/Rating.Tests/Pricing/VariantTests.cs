using Streams.Rating.Periods;
using Streams.Rating.Pricing;

namespace Streams.Rating.Tests.Pricing;

/// <summary>Questions that systems answer differently: each answer is an option with a name.</summary>
public sealed class VariantTests
{
    static Exact E(string text) => Exact.Parse(text);

    static readonly PriceTier[] Tiers = [new(10, 2), new(null, 1)];

    static Exact Rate(PriceModel model, ChargeTerms terms, LineUsage usage) => new Charge("c", model, terms).Rate(usage).Amount;

    [Theory]
    [InlineData(ConversionPlace.Line, 2, 2)]
    [InlineData(ConversionPlace.Cumulative, 2, 1)]
    public void Units_are_rounded_on_each_line_or_through_the_period(ConversionPlace place, int first, int second)
    {
        var terms = new ChargeTerms { Quantity = new(Conversion: new(1000, divides: true, new(0, RoundingMode.Ceiling)), Place: place) };
        Assert.Equal<Exact>(first, Rate(new PerUnit(1), terms, new(1500)));
        Assert.Equal<Exact>(second, Rate(new PerUnit(1), terms, new(3000, (Usage)(Exact)1500)));
    }

    [Theory]
    [InlineData(SplitMethod.CumulativeTiers, "6")]
    [InlineData(SplitMethod.RerateAndCredit, "6")]
    [InlineData(SplitMethod.RestartTiers, "10")]
    public void A_second_line_of_a_period(SplitMethod split, string second) =>
        Assert.Equal(E(second), Rate(new Graduated(Tiers), new() { Split = split }, new(14, (Usage)(Exact)9, 18)));

    [Fact]
    public void A_cheaper_tier_is_credited_when_the_period_is_rated_again_and_not_when_only_the_growth_is_priced()
    {
        Assert.Equal<Exact>(-9, new Volume(Tiers).Between(10, 11));
        Assert.Equal<Exact>(1, new Volume(Tiers, growth: VolumeGrowth.AtReachedTier).Between(10, 11));
    }

    [Theory]
    [InlineData(RoundingPlace.Tier, "0.02", "0.02")]
    [InlineData(RoundingPlace.Line, "0.01", "0.01")]
    [InlineData(RoundingPlace.Document, "0.01", "0.01")]
    public void The_place_of_rounding(RoundingPlace place, string line, string document)
    {
        var charge = new Charge("c", new Graduated([new(1, E("0.005")), new(null, E("0.005"))]), new() { Rounding = new(new(2), place) });
        var rated = charge.Rate(new(2));
        Assert.Equal(E(line), rated.Amount);
        Assert.Equal(E(document), RatedDocument.Of(new(new(2)), [new("c", rated.Amount)]).Total);
    }

    [Fact]
    public void Lines_rounded_each_and_lines_rounded_as_a_sum()
    {
        Exact Document(RoundingPlace place)
        {
            var charge = new Charge("c", new PerUnit(E("0.004")), new() { Rounding = new(new(2), place) });
            return RatedDocument.Of(new(new(2)), [.. Enumerable.Range(0, 3).Select(i => new DocumentLine($"{i}", charge.Rate(new(1)).Amount))]).Total;
        }
        Assert.Equal<Exact>(0, Document(RoundingPlace.Line));
        Assert.Equal(E("0.01"), Document(RoundingPlace.Document));
    }

    [Theory]
    [InlineData(TrueUpOrder.RoundThenSubtract, "8235.61")]
    [InlineData(TrueUpOrder.SubtractThenRound, "8235.62")]
    public void A_true_up_is_rounded_before_or_after_the_difference(TrueUpOrder order, string expected) =>
        Assert.Equal(E(expected), new MinimumCommitment(10_000, new(2), order).TrueUp([(Exact)1000 * 334 / 365], Prorated.Share(334, 365)));

    [Theory]
    [InlineData(AdjustmentOrder.DiscountMaximumMinimum, "80", "40")]
    [InlineData(AdjustmentOrder.MaximumMinimumDiscount, "72", "36")]
    public void A_discount_before_or_on_maximum_and_minimum(AdjustmentOrder order, string high, string low)
    {
        var terms = new ChargeTerms { Discounts = [new(DiscountKind.Percent, 10)], Minimum = 40, Maximum = 80, Order = order };
        Assert.Equal(E(high), Rate(new PerUnit(1), terms, new(100)));
        Assert.Equal(E(low), Rate(new PerUnit(1), terms, new(41 - 5)));
    }

    [Fact]
    public void A_share_is_taken_as_it_was_counted()
    {
        Assert.Equal((Exact)17 / 31, Prorated.Share(new Share(17, 31)));
        Assert.Throws<PricingException>(() => Prorated.Share(new Share(32, 31)));
        Assert.Throws<PricingException>(() => Prorated.Share(new Share(0, 0)));
    }

    [Theory]
    [InlineData(CreditPlace.BeforeTax, "19")]
    [InlineData(CreditPlace.AfterTax, "0")]
    public void Credit_pays_lines_or_lines_and_tax(CreditPlace place, string total) =>
        Assert.Equal(E(total), RatedDocument.Of(new(new(2)) { Credit = place }, [new("a", 100, 19)], 500).Total);

    [Theory]
    [InlineData(TaxRounding.Line, "0.02")]
    [InlineData(TaxRounding.Rate, "0.02")]
    [InlineData(TaxRounding.Document, "0.02")]
    public void Tax_of_single_cents(TaxRounding place, string expected) => Assert.Equal(E(expected), Tax.Of([new(E("0.1"), [5, 5]), new(E("0.1"), [10])], new(2), place));

    [Fact]
    public void Tax_is_rounded_per_line_per_rate_or_once()
    {
        TaxedAmount[] lines = [new(E("0.04"), [10]), new(E("0.04"), [10]), new(E("0.02"), [20])];
        Assert.Equal<Exact>(0, Tax.Of(lines, new(2), TaxRounding.Line));
        Assert.Equal(E("0.01"), Tax.Of(lines, new(2), TaxRounding.Rate));
        Assert.Equal(E("0.01"), Tax.Of(lines, new(2), TaxRounding.Document));
        Assert.Equal(E("0.03"), Tax.Of([new(E("0.126"), [20])], new(2), TaxRounding.Document));
        Assert.Equal<Exact>(0, Tax.Of([new(E("0.005"), [50])], new(2), TaxRounding.Document));
        Assert.Equal(E("0.01"), Tax.Of([new(E("0.005"), [50])], new(2), TaxRounding.Document, TaxBase.Rounded));
    }

    [Fact]
    public void An_amount_off_is_given_once_in_a_period_however_many_lines_it_has()
    {
        var terms = new ChargeTerms { Discounts = [new(DiscountKind.Amount, 10, Periods: 2)] };
        Assert.Equal<Exact>(0, Rate(new PerUnit(1), terms, new(6, Final: false)));
        Assert.Equal<Exact>(2, Rate(new PerUnit(1), terms, new(12, (Usage)(Exact)6)));
        Assert.Equal<Exact>(2, Rate(new PerUnit(1), terms, new(12, Period: 1)));
        Assert.Equal<Exact>(12, Rate(new PerUnit(1), terms, new(12, Period: 2)));
    }

    [Fact]
    public void Documents_have_a_minimum_and_a_maximum_of_their_own()
    {
        Assert.Equal<Exact>(30, RatedDocument.Of(new(new(2)) { Minimum = 50 }, [new("a", 20)]).Adjustment);
        Assert.Equal<Exact>(-70, RatedDocument.Of(new(new(2)) { Maximum = 50 }, [new("a", 120)]).Adjustment);
        Assert.Equal<Exact>(0, RatedDocument.Of(new(new(2)) { Minimum = 10, Maximum = 50 }, [new("a", 20)]).Adjustment);
    }

    [Fact]
    public void Thresholds_are_reached_inclusively_and_recur()
    {
        var thresholds = new ThresholdBilling([10, 50], recurring: 100);
        Assert.Null(thresholds.Reached(0, E("9.99")));
        Assert.Equal<Exact?>(10, thresholds.Reached(E("9.99"), 10));
        Assert.Null(thresholds.Reached(10, 49));
        Assert.Equal<Exact?>(50, thresholds.Reached(0, 149));
        Assert.Null(thresholds.Reached(50, 149));
        Assert.Equal<Exact?>(250, thresholds.Reached(50, 251));
        Assert.Null(thresholds.Reached(250, 349));
    }
}
