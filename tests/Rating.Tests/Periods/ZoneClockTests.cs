using System.Globalization;
using Streams.Rating.Periods;
using Streams.Schemas;
using static Streams.Rating.Tests.Periods.Times;

namespace Streams.Rating.Tests.Periods;

static class Times
{
    public static Timestamp T(string text) => Timestamp.From(DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal));

    public static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture);
}

public sealed class ZoneClockTests
{
    [Theory]
    [InlineData("Europe/Berlin", "2026-03-29", "2026-03-28T23:00Z", 23)]
    [InlineData("Europe/Berlin", "2026-10-25", "2026-10-24T22:00Z", 25)]
    [InlineData("America/New_York", "2026-03-08", "2026-03-08T05:00Z", 23)]
    [InlineData("America/New_York", "2026-11-01", "2026-11-01T04:00Z", 25)]
    [InlineData("Asia/Kolkata", "2026-03-29", "2026-03-28T18:30Z", 24)]
    [InlineData("Australia/Lord_Howe", "2026-04-05", "2026-04-04T13:00Z", 24.5)]
    [InlineData("Australia/Lord_Howe", "2026-10-04", "2026-10-03T13:30Z", 23.5)]
    [InlineData("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00Z", 23)] // midnight is skipped: the day begins at 01:00
    [InlineData("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00Z", 25)] // its last hour is shown twice
    [InlineData("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00Z", 24)]
    [InlineData("America/Havana", "2025-11-02", "2025-11-02T04:00Z", 25)] // midnight is shown twice: the day begins at the first
    [InlineData("Africa/Cairo", "2089-10-27", "2089-10-26T21:00Z", 25)] // by a rule of 24:00 on the last Thursday of October
    [InlineData("Asia/Jerusalem", "2089-03-25", "2089-03-24T22:00Z", 23)]
    [InlineData("Pacific/Apia", "2011-12-29", "2011-12-29T10:00Z", 24)]
    [InlineData("Pacific/Apia", "2011-12-31", "2011-12-30T10:00Z", 24)]
    public void A_day_begins_at_the_first_instant_that_shows_its_midnight_or_later(string zone, string date, string start, double hours)
    {
        var clock = ZoneClock.Of(zone);
        var window = clock.DayOf(T(start));
        Assert.Equal(T(start), clock.StartOf(Day(date)));
        Assert.Equal(Day(date), clock.DateOf(T(start)));
        Assert.Equal((T(start), (long)(hours * ZoneClock.HourMicros)), (window.Start, window.Micros));
        Assert.Equal(Day(date).AddDays(-1).Day == 30 && zone == "Pacific/Apia" ? Day(date).AddDays(-2) : Day(date).AddDays(-1), clock.DateOf(new(T(start).Micros - 1)));
    }

    [Fact]
    public void A_skipped_date_has_no_length()
    {
        var apia = ZoneClock.Of("Pacific/Apia");
        Assert.Equal(apia.StartOf(Day("2011-12-31")), apia.StartOf(Day("2011-12-30")));
    }

    /// <summary>St. John's went back from 00:01 to 23:01 of the day before: what is shown again belongs to the new date.</summary>
    [Fact]
    public void The_hour_shown_again_before_midnight_belongs_to_the_new_date()
    {
        var clock = ZoneClock.Of("America/St_Johns");
        var again = T("2006-10-29T02:45Z");
        Assert.Equal(Day("2006-10-28"), clock.DateShown(again));
        Assert.Equal(Day("2006-10-29"), clock.DateOf(again));
        Assert.Equal(T("2006-10-29T02:30Z"), clock.StartOf(Day("2006-10-29")));
    }

    [Theory]
    [InlineData("Europe/Berlin", "2026-10-25T00:30Z", "2026-10-25T00:00Z", "2026-10-25T01:00Z")] // 02:30 the first time
    [InlineData("Europe/Berlin", "2026-10-25T01:30Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z")] // 02:30 the second time
    [InlineData("Asia/Kolkata", "2026-01-01T00:00Z", "2025-12-31T23:30Z", "2026-01-01T00:30Z")]
    [InlineData("Australia/Lord_Howe", "2026-04-04T14:40Z", "2026-04-04T14:00Z", "2026-04-04T15:00Z")] // 01:40 the first time
    [InlineData("Australia/Lord_Howe", "2026-04-04T15:10Z", "2026-04-04T15:00Z", "2026-04-04T15:30Z")] // 01:40 the second time
    [InlineData("Australia/Lord_Howe", "2026-10-03T15:40Z", "2026-10-03T15:30Z", "2026-10-03T16:00Z")] // 02:40; 02:00 to 02:30 is skipped
    public void Hours_follow_the_clock_and_a_repeated_one_is_two(string zone, string at, string start, string end) =>
        Assert.Equal(new TimeWindow(T(start), T(end)), ZoneClock.Of(zone).HourOf(T(at)));

    [Fact]
    public void Only_known_zones_and_supported_years_are_answered()
    {
        foreach (var id in new[] { "Europe/Atlantis", "", "/etc/localtime", "../zoneinfo/UTC", "Europe", "zone.tab", new string('A', 65) })
            Assert.Throws<TimeZoneNotFoundException>(() => ZoneClock.Of(id));
        var clock = ZoneClock.Of("Asia/Tokyo");
        Assert.Throws<ArgumentOutOfRangeException>(() => clock.OffsetAt(new(ZoneClock.Supported.Start.Micros - 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => clock.DayOf(ZoneClock.Supported.End));
        Assert.Equal(Day("2200-01-01"), clock.DateOf(new(ZoneClock.Supported.End.Micros - 1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => clock.StartOf(DateOnly.MaxValue));
    }
}
