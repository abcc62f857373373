using Streams.Rating.Contracts;
using Streams.Rating.Entitlements;
using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Schemas;
using Xunit.Abstractions;
using static Streams.Rating.Tests.Invoicing.Given;

namespace Streams.Rating.Tests.Entitlements;

public sealed class EntitlementTests(ITestOutputHelper output)
{
    const int Seed = 20260421;

    static readonly BillingCalendar Berlin = BillingCalendar.Monthly(ZoneClock.Of("Europe/Berlin"));

    static MeteredFeature Feature(int limit, UsageReset reset, int? rollOver = null, LimitKind kind = LimitKind.Hard, params int[] alerts) =>
        new(new("calls", "calls", limit) { Reset = reset, RollOver = rollOver, Kind = kind, Alerts = [.. alerts.Select(a => (Exact)a)] }, Berlin);

    static Timestamp Local(int month, int day) => Day(2026, month, day, "Europe/Berlin");

    [Fact]
    public void A_hard_limit_denies_what_is_used_up_and_a_soft_one_tells()
    {
        var hard = Feature(10, UsageReset.Period);
        var use = hard.Add(null, Local(1, 5), 10);
        Assert.Equal((false, (Exact)0, (Exact)0), Shown(EntitlementCheck.Answer(hard, use, Local(1, 31))));
        Assert.Equal((true, (Exact)10, (Exact)0), Shown(EntitlementCheck.Answer(hard, use, Local(2, 1))));
        var soft = Feature(10, UsageReset.Period, kind: LimitKind.Soft);
        Assert.Equal((true, (Exact)0, (Exact)2), Shown(EntitlementCheck.Answer(soft, soft.Add(null, Local(1, 5), 12), Local(1, 6))));
        Assert.Equal(Local(2, 1), EntitlementCheck.Answer(soft, null, Local(1, 6)).ResetsAt);
        Assert.Null(EntitlementCheck.Answer(Feature(10, UsageReset.Never), null, Local(1, 6)).ResetsAt);

        static (bool, Exact, Exact) Shown(EntitlementAnswer answer) => (answer.HasAccess, answer.Left!.Value, answer.Overage!.Value);
    }

    [Fact]
    public void Each_alert_is_told_of_once_in_an_interval()
    {
        var feature = Feature(100, UsageReset.Each(WindowSize.Day), null, LimitKind.Soft, 50, 80, 100);
        var alerts = new List<EntitlementAlert>();
        var use = feature.Add(null, Local(1, 5), 49, alerts);
        Assert.Empty(alerts);
        use = feature.Add(use, Local(1, 5), 40, alerts);
        Assert.Equal([50, 80], alerts.Select(a => a.Percent));
        use = feature.Add(use, Local(1, 5), -60, alerts);
        use = feature.Add(use, Local(1, 5), 71, alerts);
        Assert.Equal([50, 80, 100], alerts.Select(a => a.Percent));
        feature.Add(use, Local(1, 6), 50, alerts);
        Assert.Equal([50, 80, 100, 50], alerts.Select(a => a.Percent));
    }

    [Fact]
    public void Contracts_answer_by_the_version_in_force()
    {
        var contract = Contract(
            From(Day(2026, 1, 1), Day(2026, 2, 1), 1, PerUnit("api", "1")) with { Entitlements = [new BooleanEntitlement("sso"), new StaticEntitlement("support", "gold")] },
            From(Day(2026, 2, 1), null, 2, PerUnit("api", "1")) with { Entitlements = [new StaticEntitlement("support", "silver"), new MeteredEntitlement("calls", "calls", 5)] });
        EntitlementAnswer Ask(string feature, Timestamp at) => EntitlementCheck.Answer([contract], feature, at, (_, _) => null);
        Assert.True(Ask("sso", Day(2026, 1, 31)).HasAccess);
        Assert.False(Ask("sso", Day(2026, 2, 1)).HasAccess);
        Assert.Equal(("gold", "silver"), (Ask("support", Day(2026, 1, 5)).Value, Ask("support", Day(2026, 2, 5)).Value));
        Assert.Equal(5, Ask("calls", Day(2026, 2, 5)).Left);
        Assert.False(Ask("support", Day(2025, 1, 5)).HasAccess);
    }

    [Fact]
    public void What_comes_back_of_the_interval_before_rolls_over_and_what_is_older_changes_nothing()
    {
        var feature = Feature(100, UsageReset.Period, 50);
        var use = feature.Add(feature.Add(null, Local(1, 5), 80), Local(2, 5), 30);
        Assert.Equal((20, 30), (use.Carried, use.Used));
        use = feature.Add(use, Local(1, 6), -20);
        Assert.Equal((40, 30), (use.Carried, use.Used));
        use = feature.Add(use, Local(1, 6), -40);
        Assert.Equal((50, 30), (use.Carried, use.Used));
        // Of 80 that were left, 50 rolled over: more use in January takes from the other 30 first.
        Assert.Equal(50, feature.Add(use, Local(1, 7), 30).Carried);
        Assert.Equal(45, feature.Add(use, Local(1, 7), 35).Carried);
        var march = feature.At(use, Local(3, 1));
        Assert.Equal(march, feature.Add(march, Local(1, 7), 35));
        Assert.Equal(50, march.Carried);
        Assert.Equal(40, feature.Add(march, Local(2, 7), 80).Carried);
    }

    /// <summary>Random use, in random order within an interval, or while the next one runs, against all events kept in a list and every interval walked from the first.</summary>
    [Fact]
    public void The_stored_use_is_what_a_list_of_all_events_gives()
    {
        var random = new Random(Seed);
        var count = Streams.Testing.Tier.Of(300, 5_000);
        output.WriteLine($"seed {Seed}, {count} features");
        for (var i = 0; i < count; i++)
        {
            UsageReset[] resets = [UsageReset.Period, UsageReset.Each(WindowSize.Day), UsageReset.Each(WindowSize.Hour), UsageReset.Monthly(1, new(2026, 1, 31)), UsageReset.Monthly(3), UsageReset.Never];
            var reset = resets[random.Next(resets.Length)];
            var (limit, rollOver) = (random.Next(0, 40), random.Next(2) == 0 ? random.Next(0, 60) : (int?)null);
            var feature = Feature(limit, reset, rollOver, LimitKind.Hard, 50, 100);
            var (start, span) = (Local(3, 27), (reset.Every == WindowSize.Hour ? 4 : 100) * ZoneClock.DayMicros);
            var events = Enumerable.Range(0, random.Next(30)).Select(_ => (At: new Timestamp(start.Micros + (long)(random.NextDouble() * span)), Amount: random.Next(-3, 20))).OrderBy(e => Comes(reset, e.At, random.Next(3) == 0)).ToList();
            MeteredUse? use = feature.At(null, start);
            var alerts = new List<EntitlementAlert>();
            foreach (var (at, amount) in events) use = feature.Add(use, at, amount, alerts);
            var asked = new Timestamp(start.Micros + span);
            var answer = EntitlementCheck.Answer(feature, use, asked);
            var (used, carried) = Naive(reset, limit, rollOver, start, events, asked);
            Assert.True(answer.Used == used && answer.Allowed == limit + carried, $"seed {Seed}, case {i}: {answer.Used} of {answer.Allowed}, not {used} of {limit + carried}");
            Assert.Equal(alerts.Count, alerts.Select(a => (a.Interval, a.Percent)).Distinct().Count());
            Assert.All(alerts, a => Assert.True(a.Used * 100 >= a.Allowed * a.Percent, $"seed {Seed}, case {i}"));
        }
    }

    /// <summary>The beginning of its interval, or, late, the last moment of the next.</summary>
    static long Comes(UsageReset reset, Timestamp at, bool late)
    {
        var own = reset.Around(at, Berlin);
        return late && reset != UsageReset.Never ? reset.Around(own.End, Berlin).End.Micros - 1 : own.Start.Micros;
    }

    static (Exact Used, Exact Carried) Naive(UsageReset reset, int limit, int? rollOver, Timestamp start, List<(Timestamp At, int Amount)> events, Timestamp asked)
    {
        var carried = 0;
        for (var interval = reset.Around(start, Berlin); ; interval = reset.Around(interval.End, Berlin))
        {
            var used = events.Where(e => interval.Contains(e.At)).Sum(e => e.Amount);
            if (interval.Contains(asked)) return (used, carried);
            carried = rollOver is { } most ? Math.Min(most, Math.Max(limit + carried - used, 0)) : 0;
        }
    }
}
