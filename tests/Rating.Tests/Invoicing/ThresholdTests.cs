using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Pricing;
using Streams.Schemas;
using static Streams.Rating.Tests.Invoicing.Given;

namespace Streams.Rating.Tests.Invoicing;

/// <summary>Documents in mid-period.</summary>
public sealed class ThresholdTests
{
    static readonly Timestamp January = Day(2026, 1, 1), March = Day(2026, 3, 1);

    static UsageCharge Api(SplitMethod split) => Graduated("api", Tier(1000, "0.1"), Tier(null, "0.05")) with { Split = split };

    static InvoicingEngine Engine(ThresholdBilling threshold, params ChargeDefinition[] charges) => new(Agree(From(January, March, 1, charges) with { Threshold = threshold }));

    [Theory]
    [InlineData(SplitMethod.CumulativeTiers, "80", "22", "50")]
    [InlineData(SplitMethod.RerateAndCredit, "80", "22", "50")]
    [InlineData(SplitMethod.RestartTiers, "80", "24", "75")]
    public void Spending_that_reaches_a_threshold_is_billed_at_once_and_the_period_bills_the_rest(SplitMethod split, string first, string second, string rest)
    {
        var engine = Engine(new([75], 25, ThresholdScope.Period), Api(split));
        var state = engine.Start().State;
        var usage = new List<UsageFigure> { Used(Day(2026, 1, 2), "700") };
        (var none, state) = engine.Threshold(state, new(usage), Day(2026, 1, 3));
        Assert.Null(none);
        usage.Add(Used(Day(2026, 1, 3), "100"));
        (var one, state) = engine.Threshold(state, new(usage), Day(2026, 1, 4));
        Assert.Equal(("c/0000/threshold-1", Number(first)), (one!.Id, one.Total));
        (none, state) = engine.Threshold(InvoicingStateJson.Read(InvoicingStateJson.Write(state)), new(usage), Day(2026, 1, 5));
        Assert.Null(none);
        usage.Add(Used(Day(2026, 1, 6), "240"));
        (var two, state) = engine.Threshold(state, new(usage), Day(2026, 1, 7));
        Assert.Equal(("c/0000/threshold-2", Number(second)), (two!.Id, two.Total));
        usage.Add(Used(Day(2026, 1, 20), split == SplitMethod.RestartTiers ? "750" : "1000"));
        var last = engine.Close(state, new(usage)).Document!;
        Assert.Equal(Number(rest), last.Total);
    }

    [Fact]
    public void A_threshold_of_the_lifetime_counts_periods_before()
    {
        var engine = Engine(new([100]), PerUnit("api", "1"));
        var (_, state) = engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 2), "90")));
        (var none, state) = engine.Threshold(state, Usage(Used(Day(2026, 2, 2), "9")), Day(2026, 2, 3));
        Assert.Null(none);
        var document = engine.Threshold(state, Usage(Used(Day(2026, 2, 2), "10")), Day(2026, 2, 4)).Document!;
        Assert.Equal(10, document.Total);
    }

    [Fact]
    public void A_coupon_of_an_amount_and_the_maximum_hold_for_all_documents_of_a_period()
    {
        var version = From(January, March, 1, PerUnit("api", "1")) with { Threshold = new([50], null, ThresholdScope.Period), Coupons = [new("c", new(DiscountKind.Amount, 60))], Maximum = 70 };
        var engine = new InvoicingEngine(Agree(version));
        var (first, state) = engine.Threshold(engine.Start().State, Usage(Used(Day(2026, 1, 2), "55")), Day(2026, 1, 3));
        Assert.Equal((55, 0), (first!.CouponTotal, first.Total));
        var last = engine.Close(state, Usage(Used(Day(2026, 1, 2), "200"))).Document!;
        Assert.Equal((145, 5, -70, 70), (last.SubTotal, last.CouponTotal, last.Adjustment, last.Total));
    }

    [Fact]
    public void Units_and_money_are_burned_once_whatever_the_documents()
    {
        var version = From(January, March, 1, PerUnit("api", "1")) with
        {
            Threshold = new([50], 50, ThresholdScope.Period), Credits = new() { Grants = [new("units", 20) { Meter = "calls" }, new("money", 40)] },
        };
        var engine = new InvoicingEngine(Agree(version));
        var (first, state) = engine.Threshold(engine.Start().State, Usage(Used(Day(2026, 1, 2), "75")), Day(2026, 1, 3));
        Assert.Equal((20, 55, 40, 15), (first!.Lines[0].Covered, first.Lines[0].Amount, first.Credit, first.Total));
        var last = engine.Close(state, Usage(Used(Day(2026, 1, 2), "75"), Used(Day(2026, 1, 9), "10"))).Document!;
        Assert.Equal((0, 10, 10), (last.Lines[0].Covered, last.Lines[0].Amount, last.Total));
    }
}
