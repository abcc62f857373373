using System.Text;
using System.Text.Json.Nodes;
using Streams.Aggregators.Metering;
using Streams.Rating.Calculator;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Meters;
using Streams.Rating.Tests.Oracle;
using Streams.Schemas;
using Streams.Testing;
using Xunit.Abstractions;
using static Streams.Aggregators.Tests.Billing.Billed;

namespace Streams.Aggregators.Tests.Billing;

/// <summary>
/// What comes, is taken back or replaced after its period was closed, under contracts with grants of units: the topology makes the corrections that the calculator makes
/// of usage that says when it came and when it was cancelled, byte for byte, whatever crashes.
/// </summary>
public sealed class CorrectionsTests(ITestOutputHelper output)
{
    const int Seed = 20261123;

    [Fact]
    public void Corrections_with_grants_of_units_are_the_calculators()
    {
        var count = Tier.Of(60, 2_000);
        var first = int.TryParse(Environment.GetEnvironmentVariable("STREAMS_CONTRACT_SEED"), out var one) ? one : Seed;
        output.WriteLine($"seeds {first} to {first + count - 1}");
        var (corrections, moved) = (0, 0);
        for (var seed = first; seed < first + count; seed++)
        {
            var (file, usage) = new RandomContracts(seed).Next();
            var random = new Random(seed);
            foreach (var version in file["contracts"]![0]!["versions"]!.AsArray()) version!.AsObject().Remove("threshold");
            RandomGrants.Add(random, file, usage);
            var book = ContractFile.Load(Encoding.UTF8.GetBytes(file.ToJsonString()));
            var events = usage.Select((u, i) => CalculatorTests.EventOf(u!, i)).OfType<UsageEvent>().ToList();
            try
            {
                foreach (var document in Same(book, events, random).Where(d => (string)d["kind"]! == "correction"))
                {
                    corrections++;
                    moved += document["lines"]!.AsArray().Count(l => l!["covered"] is not null);
                }
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
        output.WriteLine($"{corrections} corrections, {moved} lines with units of grants");
        Assert.True(corrections > count / 2 && moved > count / 4, $"only {corrections} corrections, {moved} lines with units of grants");
    }

    /// <summary>An event with when it came and when it was taken back, as the stream gets it and as the calculator reads it.</summary>
    sealed class Sent(ContractBook book, Random random)
    {
        readonly List<(long At, UsageEvent Event)> _stream = [];
        readonly List<UsageEntry> _entries = [];

        public IReadOnlyList<UsageEntry> Entries => _entries;

        /// <summary>Time moves on before what comes late is there.</summary>
        public IEnumerable<UsageEvent> Stream => _stream.OrderBy(s => s.At).SelectMany(s => s.Event.OccurredAt.Micros == s.At ? new[] { s.Event } : [Event("flush", "acme", "flush", new(s.At), "0"), s.Event]);

        public void Add(UsageEvent usage)
        {
            var late = random.Next(3) == 0;
            var arrives = usage.OccurredAt.Micros + (late ? random.Next(1, 50 * 24) * Hour + random.Next(59) * Minute + 1 : 0);
            _stream.Add((arrives, usage));
            if (random.Next(4) == 0) _stream.Add((arrives + random.Next(1, 20 * 24) * Hour + 2, usage));
            var entry = Entry(usage) with { Received = late ? new(arrives) : null };
            if (random.Next(3) > 0 || book.Meters[usage.Meter].Definition.Aggregation != Aggregation.Sum)
            {
                _entries.Add(entry);
                return;
            }
            var at = arrives + random.Next(1, 50 * 24) * Hour + random.Next(59) * Minute + 3;
            var other = random.Next(2) == 0 ? null : usage with { Quantity = ExactDecimal.Parse($"{random.Next(50)}") };
            _stream.Add((at, Correction(usage, usage.Id + "x", other)));
            _entries.Add(entry with { Cancelled = new(at) });
            if (other is not null) _entries.Add(Entry(other with { Id = usage.Id + "x" }) with { Received = new(at) });
        }

        static UsageEntry Entry(UsageEvent usage) => Assert.Single(UsageFile.Parse(Json([usage])).Entries);
    }

    static IEnumerable<JsonNode> Same(ContractBook book, List<UsageEvent> events, Random random)
    {
        var sent = new Sent(book, random);
        foreach (var usage in events.Where(e => book.Find(e.CustomerId, e.Meter, e.OccurredAt).Found)) sent.Add(usage);
        var until = new Timestamp(events.Select(e => e.OccurredAt.Micros).Append(At("2026-06-01").Micros).Max() + 400 * Day);
        using var billed = new Billed(book, new MeteringOptions { DuplicateHorizon = 1000 * Day }, random);
        billed.Send(sent.Stream);
        billed.Flush(new(until.Micros + Contract.DefaultGraceMicros));
        Assert.DoesNotContain(billed.Journal, j => (string)j["kind"]! is "blocked" or "unbilled");
        Assert.DoesNotContain(billed.SetAside, s => s.Topic != Topics.UsageParked);
        var rated = ContractCalculator.Run(book, sent.Entries, until: until);
        Assert.Empty(rated.Unrated);
        var expected = rated.Documents.Where(d => d.Kind != InvoiceKind.Preview).Select(d => Encoding.UTF8.GetString(InvoiceDocumentJson.Write(d))).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(expected, billed.Texts.Order(StringComparer.Ordinal));
        return billed.Parsed.ToList();
    }
}
