using Streams.Rating.Periods;
using Streams.Schemas;
using static Streams.Rating.Tests.Periods.Times;

namespace Streams.Rating.Tests.Periods;

public sealed class ProrationTests
{
    static readonly ZoneClock Berlin = ZoneClock.Of("Europe/Berlin");

    static readonly TimeWindow March = BillingCalendar.Monthly(Berlin).Of(T("2026-03-15T00:00Z")).Window;

    [Theory]
    [InlineData("2026-03-14T23:00Z", Proration.Days, 17, 31)] // from the 15th
    [InlineData("2026-03-14T23:00Z", Proration.DaysBothEnds, 17, 31)]
    [InlineData("2026-03-15T11:00Z", Proration.Days, 17, 31)] // from noon of the 15th
    [InlineData("2026-03-15T11:00Z", Proration.DaysBothEnds, 17, 31)]
    [InlineData("2026-03-14T23:00Z", Proration.Seconds, (17 * 24 - 1) * 3_600_000_000L, (31 * 24 - 1) * 3_600_000_000L)]
    public void The_rest_of_a_month(string from, Proration rule, long numerator, long denominator) =>
        Assert.Equal(new Share(numerator, denominator), Shares.Of(March with { Start = T(from) }, March, rule, Berlin));

    [Theory]
    [InlineData("2026-03-15T11:00Z", Proration.Days, 14)]
    [InlineData("2026-03-15T11:00Z", Proration.DaysBothEnds, 15)] // the day of the change counts on both sides
    [InlineData("2026-03-14T23:00Z", Proration.DaysBothEnds, 14)]
    public void The_first_part_of_a_month(string to, Proration rule, long days) =>
        Assert.Equal(new Share(days, 31), Shares.Of(March with { End = T(to) }, March, rule, Berlin));

    [Fact]
    public void Parts_add_up_to_the_period_by_days_and_by_seconds()
    {
        const int Seed = 31;
        var random = new Random(Seed);
        for (var i = 0; i < 2000; i++)
        {
            var clock = ZoneClock.Of(new[] { "Europe/Berlin", "Pacific/Apia", "America/St_Johns", "Australia/Lord_Howe" }[random.Next(4)]);
            var at = new Timestamp(random.NextInt64(T("1975-01-01").Micros, T("2100-01-01").Micros));
            var period = new BillingCalendar(clock, random.Next(1, 13), DateOnly.FromDayNumber(730_000 + random.Next(1000))).Of(at).Window;
            var cuts = Enumerable.Range(0, random.Next(5)).Select(_ => random.NextInt64(period.Start.Micros + 1, period.End.Micros)).Distinct().Order().ToList();
            var borders = cuts.Prepend(period.Start.Micros).Append(period.End.Micros).ToList();
            foreach (var rule in new[] { Proration.Days, Proration.Seconds })
            {
                var shares = borders.Zip(borders.Skip(1), (from, to) => Shares.Of(new(new(from), new(to)), period, rule, clock)).ToList();
                Assert.True(shares.Sum(s => s.Numerator) == shares[0].Denominator, $"seed {Seed}, case {i}, {rule}");
            }
        }
    }

    [Fact]
    public void A_part_lies_within_its_period()
    {
        Assert.Throws<ArgumentException>(() => Shares.Of(March with { End = March.Start }, March, Proration.Days, Berlin));
        Assert.Throws<ArgumentException>(() => Shares.Of(March with { End = new(March.End.Micros + 1) }, March, Proration.Days, Berlin));
    }

    [Fact]
    public void Versions_cut_a_period_into_segments()
    {
        EffectiveVersion[] versions = [new(1, T("2025-01-01"), T("2026-03-10T12:00Z")), new(2, T("2026-03-10T12:00Z"), T("2026-03-20")), new(4, T("2026-03-25"), null)];
        Assert.Equal(
            [
                new VersionSegment(1, March with { End = T("2026-03-10T12:00Z") }),
                new VersionSegment(2, new(T("2026-03-10T12:00Z"), T("2026-03-20"))),
                new VersionSegment(4, March with { Start = T("2026-03-25") }),
            ],
            VersionSegments.Cut(March, versions));
        Assert.Empty(VersionSegments.Cut(March, []));
        Assert.Empty(VersionSegments.Cut(March, [new(1, T("2020-01-01"), March.Start), new(2, March.End, null)]));
    }

    [Fact]
    public void Versions_in_force_at_once_are_refused()
    {
        var overlap = Assert.Throws<ArgumentException>(() => VersionSegments.Cut(March, [new(1, T("2025-01-01"), null), new(2, T("2026-03-10"), null)]));
        Assert.Contains("Version 2 begins at 2026-03-10T00:00:00Z, before version 1 has ended", overlap.Message);
        Assert.Throws<ArgumentException>(() => VersionSegments.Cut(March, [new(1, T("2025-01-01"), T("2025-01-01"))]));
    }
}
