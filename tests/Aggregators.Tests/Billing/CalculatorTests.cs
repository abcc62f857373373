using System.Globalization;
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

/// <summary>The topology makes the documents that the calculator makes of the same events, byte for byte, whatever comes late, twice, or corrected, and whatever crashes.</summary>
public sealed class CalculatorTests(ITestOutputHelper output)
{
    const int Seed = 20260711;

    static readonly string Folder = Path.Combine(Checkout.Root, "docs", "contracts");

    public static IEnumerable<object[]> Examples() => Directory.GetFiles(Folder, "*.usage.json").Select(f => Path.GetFileName(f)[..^".usage.json".Length])
        .Order(StringComparer.Ordinal).Select(n => new object[] { n });

    [Theory, MemberData(nameof(Examples))]
    public void Each_example_of_a_contract(string name)
    {
        var book = ContractFile.Load(File.ReadAllBytes(Path.Combine(Folder, name + ".json")));
        var entries = UsageFile.Parse(File.ReadAllBytes(Path.Combine(Folder, name + ".usage.json"))).Entries;
        var events = entries.Where(e => e.Quantity.Sign >= 0).Select((e, i) => Event($"e{i}", e.Customer ?? book.Customers.Keys.Single(), e.Meter, e.At, e.Quantity.ToString(), [.. e.Dimensions.Select(d => (d.Key, d.Value))])).ToList();
        var until = new Timestamp(entries.Select(e => e.At.Micros).Concat(book.Contracts.Values.Select(c => c.Start.Micros)).Max() + 100 * Day);
        Same(book, events, events, until, new Random(name.Length));
    }

    /// <summary>Events apart from one another, none while the period before is open still: there thresholds are looked for as soon as that has closed.</summary>
    [Fact]
    public void Random_contracts_with_thresholds_and_crashes()
    {
        var count = Tier.Of(60, 2_000);
        output.WriteLine($"seeds {Seed} to {Seed + count - 1}");
        var thresholds = 0;
        for (var seed = Seed; seed < Seed + count; seed++)
        {
            var (file, usages) = new RandomContracts(seed).Next();
            var version = file["contracts"]![0]!["versions"]![0]!.AsObject();
            version["threshold"] = new JsonObject { ["recurring"] = (1 + seed % 40).ToString(CultureInfo.InvariantCulture), ["scope"] = seed % 2 == 0 ? "period" : "lifetime" };
            ContractBook book;
            try
            {
                book = ContractFile.Load(Encoding.UTF8.GetBytes(file.ToJsonString()));
            }
            catch (ContractFaultException)
            {
                continue;
            }
            var agreement = Agreement.Of(book, book.Contracts["k"]);
            var events = new List<UsageEvent>();
            foreach (var usage in usages.Select((u, i) => EventOf(u!, i)).OfType<UsageEvent>().OrderBy(e => e.OccurredAt))
            {
                var alone = events.Count == 0 || usage.OccurredAt.Micros > events[^1].OccurredAt.Micros + 3 * Minute;
                if (alone && usage.OccurredAt.Micros > agreement.Period(agreement.OrdinalOf(usage.OccurredAt)).Whole.Start.Micros + agreement.Contract.GraceMicros + 2 * Hour) events.Add(usage);
            }
            var until = new Timestamp(events.Select(e => e.OccurredAt.Micros).Append(At("2026-06-01").Micros).Max() + 400 * Day);
            try
            {
                thresholds += Same(book, events, events, until, new Random(seed), "threshold");
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
        output.WriteLine($"{thresholds} threshold documents");
        Assert.True(thresholds > count / 2, $"only {thresholds} threshold documents");
    }

    [Fact]
    public void Random_contracts_with_late_duplicate_and_corrected_events_and_crashes()
    {
        var count = Tier.Of(60, 2_000);
        var first = int.TryParse(Environment.GetEnvironmentVariable("STREAMS_CONTRACT_SEED"), out var one) ? one : Seed;
        output.WriteLine($"seeds {first} to {first + count - 1}");
        var (documents, corrected) = (0, 0);
        for (var seed = first; seed < first + count; seed++)
        {
            var (file, usage) = new RandomContracts(seed).Next();
            foreach (var version in file["contracts"]![0]!["versions"]!.AsArray()) version!.AsObject().Remove("threshold");
            var random = new Random(seed);
            ContractBook book;
            try
            {
                book = ContractFile.Load(Encoding.UTF8.GetBytes(file.ToJsonString()));
            }
            catch (ContractFaultException)
            {
                continue; // what the generator makes is not always a contract
            }
            var events = usage.Select((u, i) => EventOf(u!, i)).OfType<UsageEvent>().OrderBy(e => e.OccurredAt).ToList();
            var (sent, final) = Disturbed(events, book, random);
            corrected += sent.Count(e => e.Dimensions.ContainsKey("correction"));
            var until = new Timestamp(events.Select(e => e.OccurredAt.Micros).Append(At("2026-06-01").Micros).Max() + 400 * Day);
            try
            {
                documents += Same(book, sent, final, until, random);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
        output.WriteLine($"{documents} documents, {corrected} corrections");
        Assert.True(documents > 3 * count && corrected > count / 2, $"{documents} documents, {corrected} corrections");
    }

    /// <summary>Without grants, which pay at the time of the document: what is late for weeks comes to what would have been billed in time.</summary>
    [Fact]
    public void Corrections_of_closed_periods_add_up_to_what_the_calculator_bills_at_once()
    {
        var count = Tier.Of(60, 1_000);
        output.WriteLine($"seeds {Seed} to {Seed + count - 1}");
        var corrections = 0;
        for (var seed = Seed; seed < Seed + count; seed++)
        {
            var (file, usage) = new RandomContracts(seed).Next();
            foreach (var version in file["contracts"]![0]!["versions"]!.AsArray())
            {
                version!.AsObject().Remove("threshold");
                version!.AsObject().Remove("credits");
            }
            ContractBook book;
            try
            {
                book = ContractFile.Load(Encoding.UTF8.GetBytes(file.ToJsonString()));
            }
            catch (ContractFaultException)
            {
                continue;
            }
            var events = usage.Select((u, i) => EventOf(u!, i)).OfType<UsageEvent>().ToList();
            corrections += Together(book, events, new Random(seed), seed);
        }
        output.WriteLine($"{corrections} corrections");
        Assert.True(corrections > count / 2, $"only {corrections} corrections");
    }

    static int Together(ContractBook book, List<UsageEvent> events, Random random, int seed)
    {
        var sent = new List<(long At, UsageEvent Event)>();
        var final = new List<UsageEvent>();
        foreach (var usage in events)
        {
            var arrives = usage.OccurredAt.Micros + (random.Next(2) == 0 ? random.Next(50) * Day : 0);
            sent.Add((arrives, usage));
            if (random.Next(4) == 0) sent.Add((arrives + random.Next(40) * Day, usage));
            if (random.Next(3) == 0 && book.Meters[usage.Meter].Definition.Aggregation == Aggregation.Sum) sent.Add((arrives + random.Next(50) * Day + 1, Correction(usage, usage.Id + "x")));
            else final.Add(usage);
        }
        var until = new Timestamp(events.Select(e => e.OccurredAt.Micros).Append(At("2026-06-01").Micros).Max() + 400 * Day);
        using var billed = new Billed(book, new MeteringOptions { DuplicateHorizon = 1000 * Day }, random);
        billed.Send(sent.SelectMany(s => new[] { (s.At, s.Event), (s.At, Flush(s.At)) }).OrderBy(s => s.At).Select(s => s.Item2));
        billed.Flush(new(until.Micros + Contract.DefaultGraceMicros));
        Assert.DoesNotContain(billed.Journal, j => (string)j["kind"]! is "blocked" or "unbilled");
        var priced = final.Where(e => book.Find(e.CustomerId, e.Meter, e.OccurredAt).Found).ToList();
        Assert.Equal((seed, Calculation.Billable(Calculated(book, priced, until))), (seed, Calculation.Billable(billed.Texts)));
        return billed.Parsed.Count(d => (string)d["kind"]! == "correction");
    }

    internal static UsageEvent? EventOf(JsonNode usage, int number)
    {
        var quantity = (string)usage["quantity"]!;
        if (quantity.StartsWith('-')) return null;
        var dimensions = usage["dimensions"]?.AsObject().Select(d => (d.Key, (string)d.Value!)).ToArray() ?? [];
        return Event($"e{number}", "acme", (string)usage["meter"]!, At((string)usage["at"]!), quantity, dimensions);
    }

    /// <summary>Some come again, some late (within an hour, in which identities are remembered), some are taken back or replaced a moment later.</summary>
    internal static (List<UsageEvent> Sent, List<UsageEvent> Final) Disturbed(List<UsageEvent> events, ContractBook book, Random random)
    {
        var sent = new List<(long At, UsageEvent Event)>();
        var final = new List<UsageEvent>();
        foreach (var usage in events)
        {
            var arrives = usage.OccurredAt.Micros + (random.Next(4) == 0 ? random.Next(2, 50) * Minute : random.Next(20) * Second);
            sent.Add((arrives, usage));
            if (random.Next(4) == 0) sent.Add((usage.OccurredAt.Micros + random.Next(55) * Minute, usage));
            if (random.Next(3) == 0 && book.Meters[usage.Meter].Definition.Aggregation == Aggregation.Sum)
            {
                var other = random.Next(2) == 0 ? null : usage with { Quantity = ExactDecimal.Parse(random.Next(50).ToString(CultureInfo.InvariantCulture)) };
                var correction = Correction(usage, usage.Id + "x", other);
                var at = arrives + random.Next(3 * 60) * Minute + 1;
                sent.Add((at, correction));
                if (random.Next(2) == 0) sent.Add((at + 1, correction));
                if (other is not null) final.Add(other with { Id = usage.Id + "x" });
            }
            else final.Add(usage);
        }
        // Time goes on with what another customer sends: that is when late events are late.
        var clock = sent.Select(s => (s.At, Flush(s.At))).ToList();
        return ([.. sent.Concat(clock).OrderBy(s => s.At).ThenBy(s => s.Item2.Meter == "flush" ? 1 : 0).Select(s => s.Item2)], final);
    }

    static UsageEvent Flush(long at) => Event("flush", "acme", "flush", new(at), "0");

    static string Summary(string document)
    {
        var json = JsonNode.Parse(document)!;
        return $"{json["id"]} at {json["at"]}: {json["total"]}";
    }

    internal static int Same(ContractBook book, List<UsageEvent> sent, List<UsageEvent> final, Timestamp until, Random random, string? kind = null)
    {
        using var billed = new Billed(book, new MeteringOptions { DuplicateHorizon = 3 * Hour }, random);
        billed.Send(sent);
        billed.Flush(new(until.Micros + Contract.DefaultGraceMicros));
        Assert.DoesNotContain(billed.Journal, j => (string)j["kind"]! is "blocked" or "unbilled");
        Assert.DoesNotContain(billed.SetAside, s => s.Topic == Topics.UsageDeadLetters);
        var priced = final.Where(e => book.Find(e.CustomerId, e.Meter, e.OccurredAt).Found).ToList();
        var expected = Calculated(book, priced, until).Order(StringComparer.Ordinal).ToList();
        var (one, other) = (string.Join('\n', expected.Select(Summary)), string.Join('\n', billed.Texts.Order(StringComparer.Ordinal).Select(Summary)));
        Assert.True(one == other, $"expected\n{one}\nactual\n{other}");
        Assert.Equal(expected, billed.Texts.Order(StringComparer.Ordinal));
        return kind is null ? expected.Count : billed.Parsed.Count(d => (string)d["kind"]! == kind);
    }
}
