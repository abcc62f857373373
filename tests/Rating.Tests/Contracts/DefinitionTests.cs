using Streams.Rating.Contracts;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;
using static Streams.Rating.Tests.Periods.Times;

namespace Streams.Rating.Tests.Contracts;

/// <summary>What the typed definitions can do besides being read.</summary>
public sealed class DefinitionTests
{
    static readonly ZoneClock NewYork = ZoneClock.Of("America/New_York");

    [Fact]
    public void A_grant_that_comes_again_comes_at_local_midnight()
    {
        var version = new ContractVersion(1, T("2026-01-31T05:00Z"), T("2026-05-01T04:00Z"));
        var grants = new GrantTerms("g", 100) { Recurrence = Recurrence.EveryMonths(1), RollOver = new(0, 50) }.Expand(version, NewYork, T("2027-01-01"));
        Assert.Equal(["2026-01-31T05:00:00Z", "2026-02-28T05:00:00Z", "2026-03-31T04:00:00Z", "2026-04-30T04:00:00Z"], grants.Select(g => g.EffectiveAt.ToString()));
        Assert.Equal(["g#1 g#2", "g#2 g#3", "g#3 g#4", "g#4 "], grants.Select(g => $"{g.Id} {g.Successor}"));
        Assert.All(grants.Zip(grants.Skip(1)), pair => Assert.Equal(pair.First.ExpiresAt, pair.Second.EffectiveAt));
    }

    [Fact]
    public void A_grant_is_given_when_it_begins_and_not_before()
    {
        var version = new ContractVersion(1, T("2026-01-01"));
        var grant = new GrantTerms("g", 5) { From = T("2026-02-01"), Expires = T("2026-03-01") };
        Assert.Empty(grant.Expand(version, ZoneClock.Utc, T("2026-02-01")));
        Assert.Equal((T("2026-02-01"), T("2026-03-01"), "g"), Assert.Single(grant.Expand(version, ZoneClock.Utc, T("2026-02-02"))) is var g ? (g.EffectiveAt, g.ExpiresAt!.Value, g.Id) : default);
        var weekly = grant with { Recurrence = Recurrence.Every(TimeSpan.FromDays(7)) };
        Assert.Equal(4, weekly.Expand(version, ZoneClock.Utc, T("2027-01-01")).Count);
    }

    [Theory]
    [InlineData("2026-03-06T13:00Z", "day")] // Friday, 8 in New York
    [InlineData("2026-03-07T00:59Z", "day")] // Friday, 19:59
    [InlineData("2026-03-07T01:00Z", "night")]
    [InlineData("2026-03-07T13:00Z", "night")] // Saturday
    [InlineData("2026-03-09T12:00Z", "day")] // Monday, summer time
    [InlineData("2026-03-09T11:59Z", "night")]
    public void A_window_goes_by_the_clock_of_the_contract(string at, string rule)
    {
        DayOfWeek[] week = [DayOfWeek.Monday, DayOfWeek.Tuesday, DayOfWeek.Wednesday, DayOfWeek.Thursday, DayOfWeek.Friday];
        var price = new Windowed([new("day", new PerUnit(2), Times: new(8, 20, week)), new("night", new PerUnit(1))]);
        Assert.Equal(rule, price.RuleOf(NewYork.MinuteOf(T(at)), NewYork));
    }

    [Fact]
    public void Hours_may_run_over_midnight()
    {
        var times = new WindowTimes(22, 6);
        Assert.Equal([22, 23, 0, 1, 2, 3, 4, 5], new[] { 22, 23 }.Concat(Enumerable.Range(0, 22)).Where(h => times.Hold(DayOfWeek.Sunday, h)));
        var other = new Windowed([new("night", new PerUnit(1), Times: times)]);
        Assert.Throws<PricingException>(() => other.RuleOf(ZoneClock.Utc.HourOf(T("2026-01-01T12:00Z")), ZoneClock.Utc));
    }

    [Fact]
    public void Use_is_reset_by_its_interval()
    {
        var calendar = new BillingCalendar(ZoneClock.Utc, 3, new(2026, 1, 15));
        TimeWindow Around(UsageReset reset) => reset.Around(T("2026-03-20T10:30Z"), calendar);
        Assert.Equal(new(T("2026-01-15"), T("2026-04-15")), Around(UsageReset.Period));
        Assert.Equal(new(T("2026-03-20T10:00Z"), T("2026-03-20T11:00Z")), Around(UsageReset.Each(WindowSize.Hour)));
        Assert.Equal(new(T("2026-03-01"), T("2026-04-01")), Around(UsageReset.Monthly(1)));
        Assert.Equal(new(T("2026-03-05"), T("2027-03-05")), Around(UsageReset.Monthly(12, new(2025, 3, 5))));
        Assert.Equal(ZoneClock.Supported, Around(UsageReset.Never));
    }

    [Fact]
    public void Discounts_of_a_charge_hold_in_their_periods()
    {
        var charge = new UsageCharge("x", "p", "m", new PerUnit(1))
        {
            Discounts = [new(ChargeDiscountKind.Usage, 10, 2, 1), new(ChargeDiscountKind.Percent, 50, 1), new(ChargeDiscountKind.Usage, 5)],
        };
        Assert.Equal(["47.5", "85", "85", "95"], Enumerable.Range(0, 4).Select(p => charge.InPeriod(p, "USD").Rate(new(100, Period: p)).Amount.ToString()));
        Assert.Equal("95", charge.InPeriod(9, "JPY").Rate(new(Exact.Parse("100.4"), Period: 9)).Amount.ToString());
    }

    [Fact]
    public void What_a_price_looks_at_follows_from_its_model()
    {
        Assert.Equal(UsageItems.Quantity, PriceItems.Of(new BaseFee(1, 1, new PerUnit(1))));
        Assert.Equal(UsageItems.Events, PriceItems.Of(new Committed(new Percentage(1), new(1))));
        Assert.Equal(UsageItems.Groups, PriceItems.Of(new Grouped(new PerUnit(1), RatingGroup.Key)));
        Assert.Equal(UsageItems.Windows, PriceItems.Of(new Grouped(new PerUnit(1), RatingGroup.Window)));
        Assert.Equal(UsageItems.Events, new UsageCharge("x", "p", "m", new Graduated([new(null, 1)])) { ProrateUnits = Proration.Days }.Items);
    }

    [Fact]
    public void Own_charges_stand_in_the_place_of_the_books()
    {
        var prices = new PriceBookVersion(1, default, [Once("a", 1), Once("b", 2), Once("c", 3)]);
        var version = new ContractVersion(1, default) { PriceBook = "x", Remove = ["c"], Charges = [Once("d", 5), Once("b", 4)] };
        Assert.Equal("a1 b4 d5", string.Join(' ', version.ChargesWith(prices).Cast<OneOffCharge>().Select(c => c.Id + c.Amount)));
        Assert.Equal("d5 b4", string.Join(' ', version.ChargesWith(null).Cast<OneOffCharge>().Select(c => c.Id + c.Amount)));
    }

    [Fact]
    public void Numbers_of_periods_count_from_the_contracts_start()
    {
        var contract = new Contract("k", "c", "EUR", "Europe/Berlin", [new(1, T("2026-02-10")) { Charges = [Once("a", 1)] }], new(3, new(2026, 1, 31)));
        Assert.Equal([0, 1, 4], new[] { "2026-02-10", "2026-05-01", "2027-02-10" }.Select(d => contract.NumberOf(contract.Calendar.Of(T(d)))));
        Assert.Null(contract.At(T("2026-02-09T23:59Z")));
        Assert.Equal(1, contract.At(T("2099-01-01"))?.Version);
    }

    static OneOffCharge Once(string id, Exact amount) => new(id, "p", amount);
}
