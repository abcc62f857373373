using System.Buffers;
using System.Globalization;
using Streams.Aggregators.Entitlements;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Tests.Billing;
using Streams.Rating.Entitlements;
using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Testing;
using Xunit.Abstractions;
using static Streams.Aggregators.Tests.Billing.Billed;

namespace Streams.Aggregators.Tests.Entitlements;

/// <summary>The use of metered features on the stream, held against a naive model; what is shown and told is what was committed, once.</summary>
public sealed class EntitlementStreamTests(ITestOutputHelper output)
{
    const int Seed = 20260921;

    static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    static readonly NaiveFeature[] Features =
    [
        new("calls-day", "calls", 40, 24, 15, Hard: true, 50, 80, 100),
        new("calls-hour", "calls", 6, 1, null, Hard: false, 100, 150),
        new("calls-ever", "calls", 100, 0, null, Hard: true, 25, 75),
        new("seats-day", "seats", 3, 24, 100, Hard: true),
    ];

    [Fact]
    public void Random_usage_with_resets_late_duplicate_and_corrected_events_and_crashes()
    {
        var count = Tier.Of(60, 3_000);
        output.WriteLine($"seeds {Seed} to {Seed + count - 1}");
        var alerts = 0;
        for (var seed = Seed; seed < Seed + count; seed++)
        {
            try
            {
                alerts += Run(new Random(seed));
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
        output.WriteLine($"{alerts} alerts");
        Assert.True(alerts > count * 20, $"{alerts} alerts");
    }

    static int Run(Random random)
    {
        var view = new EntitlementView();
        using var billed = new Billed(EntitlementFixture.Book(Features), new MeteringOptions { DuplicateHorizon = 40 * Day }, random, view);
        var script = new Script(billed, random);
        for (var i = 0; i < 120; i++)
        {
            script.Step(i);
            if (i % 30 == 29 && !script.Compare(view)) break;
        }
        return billed.Alerts.Count;
    }

    /// <summary>What is sent, to the stream and to the model.</summary>
    sealed class Script(Billed billed, Random random)
    {
        readonly List<(string Customer, NaiveFeature Feature, NaiveUse Use)> _models = [.. EntitlementFixture.Customers.SelectMany(c => Features.Select(f => (c, f, new NaiveUse(f, c, Start))))];
        readonly List<UsageEvent> _sent = [];
        readonly HashSet<string> _corrected = [];
        DateTimeOffset _now = Start, _streamTime = Start;

        public void Step(int i)
        {
            _now += TimeSpan.FromSeconds(random.Next(random.Next(4) == 0 ? 40_000 : 900));
            var open = _sent.Where(e => !_corrected.Contains(e.Id)).ToList();
            switch (random.Next(10))
            {
                case 0 when _sent.Count > 0:
                    Send(_sent[random.Next(_sent.Count)]);
                    break;
                case 1 when open.Count > 0:
                    Correct(open[random.Next(open.Count)], i);
                    break;
                default:
                    var usage = Event($"e{i}", EntitlementFixture.Customers[random.Next(3)], random.Next(5) == 0 ? "seats" : "calls", Some(), Quantity());
                    Effect(usage, 1);
                    _sent.Add(usage);
                    Send(usage);
                    break;
            }
        }

        void Correct(UsageEvent original, int i)
        {
            _corrected.Add(original.Id);
            var replacement = random.Next(2) == 0 ? null : original with { OccurredAt = Some(), Quantity = ExactDecimal.Parse(Quantity()) };
            // A replacement's time moves stream time on before anything is taken back.
            MoveOn((replacement ?? original).OccurredAt);
            Effect(original, -1);
            if (replacement is not null) Effect(replacement, 1);
            Send(Correction(original, $"x{i}", replacement));
        }

        /// <summary>Now, or up to five hours ago.</summary>
        Timestamp Some() => Timestamp.From(random.Next(4) == 0 && _now > Start.AddHours(5) ? _now.AddMinutes(-random.Next(300)) : _now);

        string Quantity() => random.Next(1, 9).ToString(CultureInfo.InvariantCulture);

        void Effect(UsageEvent usage, int sign)
        {
            foreach (var (customer, feature, use) in _models)
            {
                if (customer == usage.CustomerId && feature.Meter == usage.Meter) use.Add(usage.OccurredAt.ToDateTimeOffset(), sign * decimal.Parse(usage.Quantity.ToString(), CultureInfo.InvariantCulture), _streamTime);
            }
        }

        void Send(UsageEvent usage)
        {
            billed.Send(usage);
            MoveOn(usage.OccurredAt);
        }

        void MoveOn(Timestamp time)
        {
            if (time.ToDateTimeOffset() > _streamTime) _streamTime = time.ToDateTimeOffset();
        }

        /// <returns>False: billing refused a correction of a minute that is open, which the model does not know of; that is rare.</returns>
        public bool Compare(EntitlementView view)
        {
            billed.Commit();
            if (billed.SetAside.Contains((Topics.UsageLate, "EVENT_UNKNOWN"))) return false;
            Assert.Empty(billed.SetAside);
            var reader = new EntitlementReader(() => billed.Source.Current, view, EntitlementFixture.OnePartition, TimeProvider.System);
            var expected = new List<string>();
            foreach (var (customer, feature, use) in _models)
            {
                var (allowed, used, alerts) = use.At(_streamTime);
                expected.AddRange(alerts);
                var answer = Assert.Single(reader.Find(customer, feature.Name, Timestamp.From(_streamTime)).Answers!);
                Assert.Equal((feature.Name, allowed, used), (feature.Name, Plain(answer.Answer.Allowed), Plain(answer.Answer.Used)));
                Assert.Equal(!feature.Hard || used < allowed, answer.Answer.HasAccess);
                Assert.Equal(Timestamp.From(_streamTime).Micros, answer.AsOf);
            }
            Assert.Equal(expected.Order(StringComparer.Ordinal), billed.Alerts.Select(a => (string)a["id"]!).Order(StringComparer.Ordinal));
            return true;
        }

        static decimal Plain(Streams.Rating.Numbers.Exact? number) => decimal.Parse(number!.Value.ToString(), CultureInfo.InvariantCulture);
    }

    /// <summary>Entries without what was left of the interval before are those of an earlier version, byte for byte.</summary>
    [Fact]
    public void An_entry_is_read_as_it_was_written_with_and_without_the_interval_before()
    {
        var key = new FeatureKey("ada", "calls-day");
        var use = new MeteredUse(Of(2), 15, 7, 50);
        foreach (var written in new[] { use, use with { Before = new(Of(1), -3) } })
        {
            var bytes = new ArrayBufferWriter<byte>();
            new EntitlementEntry(key, "calls", written) { LimitTold = true }.Write(bytes);
            var read = EntitlementEntry.Read(key, bytes.WrittenSpan);
            Assert.Equal(("calls", written, true), (read.Meter, read.Use, read.LimitTold));
        }

        static TimeWindow Of(int day) => new(new(day * Day), new((day + 1) * Day));
    }

    [Fact]
    public void What_is_not_committed_is_not_shown_and_a_lost_partition_is_gone()
    {
        var view = new EntitlementView();
        using var billed = new Billed(EntitlementFixture.Book(Features), view: view);
        billed.Send(Event("e1", "ada", "calls", At("2026-03-01T10:00:00Z"), "5"));

        Assert.Null(view.Find(0)!.Find(new("ada", "calls-day")));
        billed.Commit();
        Assert.Equal("5", view.Find(0)!.Find(new("ada", "calls-day"))!.Use.Used.ToString());
        billed.Driver.Dispose();
        Assert.Null(view.Find(0));
    }

    [Fact]
    public void A_threshold_is_told_once_in_an_interval_though_use_falls_and_rises()
    {
        using var billed = new Billed(EntitlementFixture.Book(Features[0]));
        var first = Event("e1", "ada", "calls", At("2026-03-01T10:00:00Z"), "25");
        billed.Send(first, Correction(first, "x1"), Event("e2", "ada", "calls", At("2026-03-01T11:00:00Z"), "39"), Event("e3", "ada", "calls", At("2026-03-02T00:00:00Z"), "1"));
        billed.Commit();

        Assert.Equal(["threshold 50", "threshold 80", "reset "], billed.Alerts.Select(a => $"{a["kind"]} {a["percent"]}"));
        Assert.Equal("39", (string)billed.Alerts[^1]["used"]!);
        Assert.Equal("1", (string)billed.Alerts[^1]["rolledOver"]!);
        Assert.Equal("41", (string)billed.Alerts[^1]["allowed"]!);
    }

    [Fact]
    public void A_meter_that_is_no_sum_keeps_its_state_over_a_crash()
    {
        const string Feature = """{"type": "metered", "feature": "people", "meter": "users", "limit": "2", "reset": {"every": "day"}}""";
        var view = new EntitlementView();
        using var billed = new Billed(Book(EntitlementFixture.Json([Feature])), view: view);
        UsageEvent Seen(string id, string user, string region = "eu") => Event(id, "ada", "users", At("2026-03-05T10:00:00Z"), "1", ("user", user), ("region", region));
        billed.Send(Seen("e1", "u1"), Seen("e2", "u1"), Seen("e3", "u2", "us"));
        billed.Commit();
        billed.Restart();
        billed.Send(Seen("e4", "u1"), Seen("e5", "u2"));
        billed.Commit();
        Assert.Equal("2", view.Find(0)!.Find(new("ada", "people"))!.Use.Used.ToString());
        billed.Send(Correction(Seen("e5", "u2"), "x1"));
        billed.Commit();

        Assert.Equal("1", view.Find(0)!.Find(new("ada", "people"))!.Use.Used.ToString());
        Assert.Equal(["limit"], billed.Alerts.Select(a => (string)a["kind"]!));
        Assert.Empty(billed.SetAside);
    }

    [Fact]
    public void A_feature_that_is_loaded_later_counts_from_the_next_minute_on()
    {
        var view = new EntitlementView();
        using var billed = new Billed(EntitlementFixture.Book(), view: view);
        billed.Send(Event("e1", "ada", "calls", At("2026-03-01T10:00:00Z"), "5"));
        billed.Load($$"""{"contracts": [{{EntitlementFixture.Contract("ada", ["""{"type": "metered", "feature": "f", "meter": "calls", "limit": "10"}"""])}}]}""");
        billed.Send(Event("e2", "ada", "calls", At("2026-03-01T10:01:00Z"), "7"));
        billed.Commit();

        Assert.Equal("7", view.Find(0)!.Find(new("ada", "f"))!.Use.Used.ToString());
    }
}
