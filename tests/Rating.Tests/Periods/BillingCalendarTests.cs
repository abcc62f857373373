using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Testing;
using static Streams.Rating.Tests.Periods.Times;

namespace Streams.Rating.Tests.Periods;

public sealed class BillingCalendarTests
{
    static readonly string[] Zones =
        ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca"];

    static string[] Starts(BillingCalendar calendar, string from, int count) => calendar.From(T(from)).Take(count).Select(p => p.FirstDay.ToString("yyyy-MM-dd")).ToArray();

    [Fact]
    public void An_anchor_that_a_month_lacks_clamps_to_its_last_day_and_returns()
    {
        var at31 = BillingCalendar.Monthly(ZoneClock.Utc, Day("2024-01-31"));
        Assert.Equal(["2024-01-31", "2024-02-29", "2024-03-31", "2024-04-30", "2024-05-31"], Starts(at31, "2024-02-01T00:00Z", 5));
        Assert.Equal(["2025-01-31", "2025-02-28", "2025-03-31"], Starts(at31, "2025-02-27T00:00Z", 3));
        Assert.Equal(["2025-01-29", "2025-02-28", "2025-03-29"], Starts(BillingCalendar.Monthly(ZoneClock.Utc, Day("2020-05-29")), "2025-02-01T00:00Z", 3));
        Assert.Equal(["2024-01-30", "2024-02-29", "2024-03-30"], Starts(BillingCalendar.Monthly(ZoneClock.Utc, Day("2030-06-30")), "2024-02-01T00:00Z", 3));
    }

    [Fact]
    public void Quarters_and_years_follow_the_calendar_or_their_anchor()
    {
        Assert.Equal(["2026-01-01", "2026-04-01", "2026-07-01", "2026-10-01", "2027-01-01"], Starts(BillingCalendar.Quarterly(ZoneClock.Utc), "2026-03-31T23:59Z", 5));
        Assert.Equal(["2025-11-30", "2026-02-28", "2026-05-30"], Starts(BillingCalendar.Quarterly(ZoneClock.Utc, Day("2024-05-30")), "2026-02-27T00:00Z", 3));
        Assert.Equal(["2026-01-01", "2027-01-01"], Starts(BillingCalendar.Yearly(ZoneClock.Utc), "2026-12-31T23:59Z", 2));
        Assert.Equal(["2027-02-28", "2028-02-29", "2029-02-28"], Starts(BillingCalendar.Yearly(ZoneClock.Utc, Day("2024-02-29")), "2028-02-28T00:00Z", 3));
    }

    [Theory]
    [InlineData("Europe/Berlin", "2026-03-31T21:59:59Z", "2026-02-28T23:00Z", "2026-03-31T22:00Z")]
    [InlineData("Europe/Berlin", "2026-03-31T22:00Z", "2026-03-31T22:00Z", "2026-04-30T22:00Z")]
    [InlineData("America/New_York", "2026-11-30T12:00Z", "2026-11-01T04:00Z", "2026-12-01T05:00Z")]
    [InlineData("Asia/Kolkata", "2025-08-31T18:29Z", "2025-07-31T18:30Z", "2025-08-31T18:30Z")]
    [InlineData("Pacific/Apia", "2011-12-30T10:00Z", "2011-12-01T10:00Z", "2011-12-31T10:00Z")] // 30 days of time
    public void Months_begin_at_midnight_of_the_zone(string zone, string at, string start, string end)
    {
        var period = BillingCalendar.Monthly(ZoneClock.Of(zone)).Of(T(at));
        Assert.Equal((T(start), T(end)), (period.Start, period.End));
    }

    [Fact]
    public void A_period_that_begins_at_a_skipped_midnight_begins_behind_the_gap()
    {
        var calendar = BillingCalendar.Monthly(ZoneClock.Of("America/Sao_Paulo"), Day("2018-11-04"));
        Assert.Equal(T("2018-11-04T03:00Z"), calendar.Of(T("2018-11-10T00:00Z")).Start);
        var apia = BillingCalendar.Monthly(ZoneClock.Of("Pacific/Apia"), Day("2011-10-30"));
        Assert.Equal(T("2011-12-30T10:00Z"), apia.Of(T("2012-01-05T00:00Z")).Start);
    }

    /// <summary>Over every zone named here: consecutive periods meet, and every instant around each border is in the one period that holds it.</summary>
    [Fact]
    public void No_gap_no_overlap_and_every_instant_in_exactly_one_period()
    {
        foreach (var zone in Zones)
        {
            foreach (var (months, anchor) in new[] { (1, "2024-01-31"), (1, "2001-06-29"), (3, "2024-02-29"), (12, "2023-12-30"), (1, "0001-01-01"), (6, "2025-05-15") })
            {
                var calendar = new BillingCalendar(ZoneClock.Of(zone), months, Day(anchor));
                var before = calendar.Of(ZoneClock.Supported.Start);
                Assert.True(before.Contains(ZoneClock.Supported.Start));
                foreach (var period in calendar.From(before.End).TakeWhile(p => p.EndDay.Year < 2199))
                {
                    Assert.Equal((before.End, before.EndDay, before.Index + 1), (period.Start, period.FirstDay, period.Index));
                    foreach (var micros in new[] { period.Start.Micros, period.Start.Micros + 1, period.Start.Micros + period.Window.Micros / 2, period.End.Micros - 1 })
                        Assert.Equal(period, calendar.Of(new(micros)));
                    Assert.Equal(period, calendar.Next(calendar.Previous(period)));
                    before = period;
                }
            }
        }
    }

    [Fact]
    public void Windows_of_every_size_tile_their_period()
    {
        const int Seed = 8;
        var random = new Random(Seed);
        foreach (var zone in Zones)
        {
            foreach (var size in Enum.GetValues<WindowSize>())
            {
                var calendar = new BillingCalendar(ZoneClock.Of(zone), size == WindowSize.Minute ? 1 : random.Next(1, 4), Day("2024-01-31").AddDays(random.Next(400)));
                var schedule = new WindowSchedule(calendar, size);
                var period = calendar.Of(size == WindowSize.Minute ? T("2011-12-30T05:00Z") : T($"{random.Next(1975, 2060)}-{random.Next(1, 13):D2}-20T00:00Z"));
                var next = period.Start;
                foreach (var window in schedule.Meeting(period.Window))
                {
                    Assert.True(window.Start == next && !window.IsEmpty, $"seed {Seed}: {zone} {size}: {window} does not follow {next}");
                    next = window.End;
                    Assert.Equal(window, schedule.Of(new(window.Start.Micros + window.Micros - 1)));
                }
                Assert.Equal(period.End, next);
            }
        }
    }

    [Fact]
    public void Look_ups_allocate_nothing()
    {
        var calendar = BillingCalendar.Quarterly(ZoneClock.Of("Europe/Berlin"), Day("2024-01-31"));
        var hours = new WindowSchedule(calendar, WindowSize.Hour);
        var start = T("2025-01-01T00:00Z").Micros;
        long Ask(int count)
        {
            long sum = 0;
            for (var i = 0; i < count; i++)
            {
                var at = new Timestamp(start + i % 365 * ZoneClock.DayMicros + i);
                sum ^= calendar.Of(at).Start.Micros ^ hours.Of(at).Start.Micros ^ calendar.MonthOf(at).Start.Micros;
            }
            return sum;
        }
        Ask(1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Ask(10_000);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void A_period_has_one_to_twelve_months_and_an_index_within_the_years()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new BillingCalendar(ZoneClock.Utc, 0, Day("2024-01-01")));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BillingCalendar(ZoneClock.Utc, 13, Day("2024-01-01")));
        foreach (var index in new[] { int.MinValue, -1, 0, 30_000, int.MaxValue })
            Assert.Throws<ArgumentOutOfRangeException>(() => BillingCalendar.Monthly(ZoneClock.Utc).At(index));
        Assert.Throws<ArgumentOutOfRangeException>(() => BillingCalendar.Yearly(ZoneClock.Utc).At(20_000));
    }
}
