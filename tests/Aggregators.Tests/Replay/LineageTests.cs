using System.Globalization;
using System.Text.Json.Nodes;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Replay;
using Streams.Aggregators.Tests.Billing;
using Streams.Schemas;
using Streams.Testing;
using Xunit.Abstractions;
using static Streams.Aggregators.Tests.Billing.Billed;

namespace Streams.Aggregators.Tests.Replay;

/// <summary>Lines and events find each other: with late, duplicate and corrected events, counts by the header, by the events, and by the dispositions are the same.</summary>
public sealed class LineageTests(ITestOutputHelper output)
{
    const int Seed = 20260922;

    [Fact]
    public void Every_line_has_the_events_that_its_header_counts_and_every_event_its_line()
    {
        var (lines, events) = (0, 0);
        output.WriteLine($"seeds from {Seed}");
        for (var seed = Seed; seed < Seed + Tier.Of(15, 300); seed++)
        {
            var random = new Random(seed);
            using var billed = new Billed(Book(ReplayTests.Contracts), new MeteringOptions { DuplicateHorizon = 300 * Day }, random);
            billed.Send(Disturbed(random));
            billed.Flush(At("2026-06-03"));
            var headers = billed.Documents.ToDictionary(d => (string)JsonNode.Parse(d.Value!)!["id"]!, d => JsonNode.Parse(Header(d, "streams.lineage"))!["lines"]!.AsArray());
            var billedOnce = new Dictionary<UInt128, int>();
            var (accepted, cancelled, replaced) = (0, 0, 0);
            IReadOnlyCollection<TrailEvent> last = [];
            var reader = new LineageReader((in Streams.Streaming.Record _) => true, (made, trail) =>
            {
                last = trail.Events;
                foreach (var line in made.Usage)
                {
                    var found = trail.Of(made.Document.Customer, line);
                    Assert.Equal((seed, line.Line, line.Events), (seed, line.Line, found.Count));
                    Assert.Equal((long)headers[made.Document.Id].Single(h => (string)h!["key"]! == line.Line)!["events"]!, found.Count);
                    var back = trail.Events.Where(e => e.Customer == made.Document.Customer && e.Meter == line.Meter.Id && line.Holds(e.Usage));
                    Assert.Equal(UsageTrail.Hash(found), UsageTrail.Hash(back.Reverse()));
                    foreach (var usage in found) billedOnce[usage.Usage.Id] = billedOnce.GetValueOrDefault(usage.Usage.Id) + 1;
                    lines++;
                }
            });
            void Judged(in Streams.Streaming.Record record, Disposition disposition, string? code)
            {
                if (disposition == Disposition.Accepted)
                {
                    accepted++;
                    var action = UsageTrail.Read(record.Value)!.Dimensions.GetValueOrDefault("correction");
                    if (action == "cancel") cancelled++;
                    if (action == "replace") replaced++;
                }
                reader.Judged(record, disposition, code);
            }
            Replays.Of(billed, judged: Judged, made: reader.Made);
            Assert.Equal((seed, accepted - 2 * cancelled - replaced), (seed, last.Count));
            Assert.All(last.Where(e => !billedOnce.ContainsKey(e.Usage.Id)), e => Assert.True(IsBilled(billed, last, e), $"seed {seed}: {e.Id} is in no line"));
            events += last.Count;
            Assert.True(cancelled > 0 && replaced > 0, $"seed {seed}: {cancelled} cancelled, {replaced} replaced");
        }
        output.WriteLine($"{events} events, {lines} times a line");
    }

    /// <summary>
    /// Changes of a closed period that make no difference together make no document, so that some events stand behind no line's count: then the month's events come to what its
    /// lines come to.
    /// </summary>
    static bool IsBilled(Billed billed, IEnumerable<TrailEvent> events, TrailEvent of)
    {
        var month = Month(of);
        var lines = billed.Parsed.Where(d => (string)d["customer"]! == of.Customer).SelectMany(d => d["lines"]!.AsArray()).Where(l => ((string)l!["key"]!).Contains($"@{month}", StringComparison.Ordinal));
        var quantity = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + ExactDecimal.Parse((string)l!["quantity"]!));
        return quantity == events.Where(e => e.Customer == of.Customer && Month(e) == month).Aggregate(ExactDecimal.Zero, (sum, e) => sum + e.Usage.Quantity);
    }

    static string Month(TrailEvent e) => e.Usage.Time.ToDateTimeOffset().ToString("yyyy-MM", CultureInfo.InvariantCulture);

    /// <summary>Four months of two customers: a third of the events come up to 40 days late, a quarter again, a quarter are taken back or replaced.</summary>
    static IEnumerable<UsageEvent> Disturbed(Random random)
    {
        var sent = new List<(long At, UsageEvent Event)>();
        for (var i = 0; i < 120; i++)
        {
            var time = At("2026-01-01").Micros + random.Next(120 * 24 * 60) * Minute;
            var usage = Event($"e{i}", random.Next(2) == 0 ? "acme" : "beta", "api", new(time), random.Next(1, 100).ToString(CultureInfo.InvariantCulture));
            var arrives = time + (random.Next(3) == 0 ? random.Next(40) * Day : 0);
            sent.Add((arrives, usage));
            if (random.Next(4) == 0) sent.Add((arrives + random.Next(20) * Day, usage));
            if (random.Next(4) != 0) continue;
            var other = random.Next(2) == 0 ? null : usage with { Quantity = ExactDecimal.Parse("7") };
            sent.Add((arrives + random.Next(1, 30) * Day, Correction(usage, $"{usage.Id}x", other)));
        }
        var clock = Enumerable.Range(0, 151).Select(d => (At("2026-01-01").Micros + d * Day, Event("clock", "acme", "flush", new(At("2026-01-01").Micros + d * Day), "0")));
        return sent.Concat(clock).OrderBy(s => s.Item1).Select(s => s.Item2);
    }
}
