using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;
using static Streams.Rating.Tests.Invoicing.Given;

namespace Streams.Rating.Tests.Invoicing;

/// <summary>Where periods, days and parts of them begin and end.</summary>
public sealed class PeriodTests
{
    const string Berlin = "Europe/Berlin";

    static InvoicingEngine Engine(Timestamp from, Timestamp? to, BillingTerms billing, params ChargeDefinition[] charges) =>
        new(Agree(new Contract("c", "acme", "EUR", Berlin, [From(from, to, 1, charges)], billing)));

    static UsageFigure At(Timestamp at, int quantity) => new("calls", new(at, new(at.Micros + 1)), quantity);

    [Fact]
    public void Usage_belongs_to_the_month_of_the_zone()
    {
        var engine = Engine(Day(2026, 3, 1, Berlin), null, BillingTerms.Monthly, PerUnit("api", "1"));
        var (april, may) = (Day(2026, 4, 1, Berlin), Day(2026, 5, 1, Berlin));
        Assert.Equal("2026-03-31T22:00:00Z", april.ToString());
        var (first, state) = engine.Close(engine.Start().State, Usage(At(new(april.Micros - 1), 7)));
        Assert.Equal((7, april), (first!.Total, first.Period.End));
        var second = engine.Close(state, Usage(At(april, 5), At(new(may.Micros - 1), 6))).Document!;
        Assert.Equal(11, second.Total);
        Assert.Contains("reaches over", Assert.Throws<PricingException>(() => engine.Close(state, Usage(new UsageFigure("calls", new(new(april.Micros - 1), new(april.Micros + 1)), 1)))).Reason);
    }

    [Theory]
    [InlineData(Proration.Days, "16")] // 16 to 31 March: 16 days of 31
    [InlineData(Proration.DaysBothEnds, "16")] // the same: the end is midnight
    [InlineData(Proration.Seconds, "15.98")] // 16 days less an hour (383 h) of 31 days less an hour (743 h)
    public void A_month_in_which_the_clock_goes_forward_has_an_hour_less(Proration rule, string expected)
    {
        var fee = Fee("base", "31") with { Proration = rule, Timing = ChargeTiming.Arrears };
        var engine = Engine(Day(2026, 3, 16, Berlin), null, BillingTerms.Monthly, fee);
        Assert.Equal(Number(expected), engine.Close(engine.Start().State, PeriodUsage.None).Document!.Total);
    }

    [Fact]
    public void Periods_from_the_31st_end_with_shorter_months_and_leap_days_count()
    {
        var fee = Fee("base", "29") with { Timing = ChargeTiming.Arrears };
        var engine = Engine(Day(2028, 1, 31, Berlin), Day(2028, 3, 10, Berlin), new(1, new(2028, 1, 31)), fee);
        var (first, state) = engine.Close(engine.Start().State, PeriodUsage.None);
        Assert.Equal((Day(2028, 1, 31, Berlin), Day(2028, 2, 29, Berlin), (Exact)29), (first!.Period.Start, first.Period.End, first.Total));
        // 29 February to 10 March are 10 of the 31 days to 31 March.
        var (second, ended) = engine.Close(state, PeriodUsage.None);
        Assert.Equal((Day(2028, 3, 10, Berlin), Number("9.35"), true), (second!.Period.End, second.Total, ended.Ended));
    }

    [Fact]
    public void The_windows_that_figures_are_needed_for_are_cut_by_terms_trials_and_grants()
    {
        var old = PerUnit("api", "1") with { TrialDays = 5 };
        var contract = Contract(
            From(Day(2026, 1, 1), Day(2026, 1, 11), 1, old) with { Credits = new() { Grants = [new("g", 5) { Expires = Day(2026, 1, 21) }] } },
            From(Day(2026, 1, 11), null, 2, PerUnit("api", "2")));
        string Cuts(Aggregation aggregation) =>
            string.Join(" ", Agree(contract, new Meter("u", "p", new() { Id = "calls", Aggregation = aggregation })).Windows(0, "calls").Select(w => w.Start.ToString()[8..10]));
        Assert.Equal("01 06 11 21", Cuts(Aggregation.Sum));
        Assert.Equal("01 06 11", Cuts(Aggregation.Max));
    }

    [Fact]
    public void A_maximum_goes_on_from_the_greatest_before_a_change()
    {
        var contract = Contract(
            From(Day(2026, 1, 1), Day(2026, 1, 11), 1, PerUnit("peak", "1")),
            From(Day(2026, 1, 11), null, 2, PerUnit("peak", "2")) with { Amendment = AmendmentProration.Usage });
        var engine = new InvoicingEngine(Agree(contract, Of("calls", Aggregation.Max)));
        Exact[] Amounts(string first, string second) => [.. engine.Close(engine.Start().State, Usage(Used(Day(2026, 1, 5), first), Used(Day(2026, 1, 15), second))).Document!.Lines.Select(l => l.Amount)];
        Assert.Equal([80, 40], Amounts("80", "100"));
        Assert.Equal([80, 0], Amounts("80", "30"));
        // The mean of two means is not that of the whole.
        var mean = new InvoicingEngine(Agree(contract, Of("calls", Aggregation.Average)));
        var fault = Assert.Throws<PricingException>(() => mean.Close(mean.Start().State, Usage(Used(Day(2026, 1, 5), "1"), Used(Day(2026, 1, 15), "2"))));
        Assert.Contains("Average of parts", fault.Reason);
    }

    [Fact]
    public void Windows_without_usage_owe_their_commitment_when_the_period_is_over()
    {
        var price = new Windowed([new("all", new PerUnit(1), new Commitment(2))]);
        var meter = new Meter("u", "p", new() { Id = "calls", Aggregation = Aggregation.Sum, Window = WindowSize.Day });
        var version = From(Day(2026, 2, 1), Day(2026, 3, 1), 1, new UsageCharge("api", "api", "calls", price)) with { Threshold = new([3]) };
        var engine = new InvoicingEngine(Agree(Contract(version), meter));
        var usage = Usage(Used(Day(2026, 2, 3), "5"));
        var (threshold, state) = engine.Threshold(engine.Start().State, usage, Day(2026, 2, 4));
        Assert.Equal(5, threshold!.Total);
        Assert.Equal(54, engine.Close(state, usage).Document!.Total);
    }
}
