using System.Text;
using System.Text.Json.Nodes;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Replay;
using Streams.Aggregators.Tests.Replay;
using Streams.Rating.Contracts;
using Streams.Rating.Tests.Oracle;
using Streams.Schemas;
using Streams.Testing;
using Xunit.Abstractions;
using static Streams.Aggregators.Tests.Billing.Billed;

namespace Streams.Aggregators.Tests.Billing;

/// <summary>Usage of customers that are rated by the contract of one above them: judged and counted where that one's usage lies.</summary>
public sealed class ParentPaysTests(ITestOutputHelper output)
{
    const int Seed = 20261122;

    const string Volume = """{"kind":"usage","id":"calls","product":"api","meter":"m","price":{"model":"volume","tiers":[{"upTo":"10","unit":"1"},{"unit":"0.5"}]}}""";

    static readonly MeteringOptions LongMemory = new() { DuplicateHorizon = 366 * Day };

    static ContractBook BookOf(string more = "") => Billed.Book($$"""
        {"meters":[{"id":"m","unit":"call","product":"api"}],
         "customers":[{"id":"c","name":"C","legalEntity":"L"},{"id":"child","name":"D","legalEntity":"L","parent":"c","pays":"parent"},
           {"id":"grandchild","name":"G","legalEntity":"L","parent":"child","pays":"parent"}],
         "contracts":[{"id":"k","customer":"c","currency":"EUR","versions":[{"version":1,"from":"2026-01-01","charges":[{{Volume}}]}]}{{more}}]}
        """);

    static UsageEvent Used(string id, string customer, string at, string quantity) => Event(id, customer, "m", At(at), quantity);

    static List<(string Id, string Total)> Totals(Billed billed) => [.. billed.Parsed.Select(d => ((string)d["id"]!, (string)d["total"]!))];

    [Fact]
    public void Tiers_count_over_all_that_the_contract_rates()
    {
        using var billed = new Billed(BookOf());
        billed.Send(Used("1", "c", "2026-01-10T10:00:00Z", "6"), Used("2", "child", "2026-01-11T10:00:00Z", "4"), Used("3", "grandchild", "2026-01-12T10:00:00Z", "2"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Equal([("k/0000/period", "6")], Totals(billed));
        Assert.Empty(billed.SetAside);
    }

    [Fact]
    public void A_routed_event_says_who_used_it_and_keeps_its_identity()
    {
        using var billed = new Billed(BookOf());
        billed.Send(Event("1", "child", "m", At("2026-01-11T10:00:00Z"), "4", ("region", "eu")));
        var (key, value) = billed.Input[^1];
        var routed = UsageEvent.Read(value.AsSpan(5));
        Assert.Equal(("c", "c", "s", "1", "4"), (Encoding.UTF8.GetString(key!), routed.CustomerId, routed.Source, routed.Id, routed.Quantity.ToString()));
        Assert.Equal([("region", "eu"), ("routed.from", "child")], routed.Dimensions.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => (d.Key, d.Value)));
    }

    [Fact]
    public void Twice_it_counts_once_and_late_it_makes_a_correction()
    {
        using var billed = new Billed(BookOf(), LongMemory);
        var usage = Used("1", "child", "2026-01-11T10:00:00Z", "4");
        billed.Send(usage, usage);
        billed.Flush(At("2026-02-02T00:00:00Z"));
        billed.Restart();
        billed.Send(Used("2", "child", "2026-01-12T10:00:00Z", "2"), usage);
        billed.Flush(At("2026-02-04T00:00:00Z"));
        billed.Flush(At("2026-03-02T00:00:00Z"));
        Assert.Equal([("k/0000/period", "4"), ("k/0000/correction-1", "2")], Totals(billed).Take(2));
        Assert.Empty(billed.SetAside);
    }

    [Fact]
    public void What_it_corrects_is_corrected_there()
    {
        using var billed = new Billed(BookOf(), LongMemory);
        var usage = Used("1", "child", "2026-01-11T10:00:00Z", "4");
        var other = Used("2", "child", "2026-01-11T12:00:00Z", "3");
        billed.Send(usage, other);
        billed.Send(Correction(usage, "1x"), Correction(other, "2x", other with { Quantity = ExactDecimal.Parse("7") }));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Equal([("k/0000/period", "7")], Totals(billed));
        Assert.Empty(billed.SetAside);
    }

    [Fact]
    public void A_contract_of_its_own_takes_over_within_a_minute()
    {
        using var billed = new Billed(BookOf($$""",{"id":"own","customer":"child","currency":"EUR","versions":[{"version":1,"from":"2026-01-15T10:00:30Z","charges":[{{Volume}}]}]}"""));
        billed.Send(Used("1", "child", "2026-01-15T10:00:10Z", "2"), Used("2", "child", "2026-01-15T10:00:40Z", "3"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        Assert.Equal([("k/0000/period", "2"), ("own/0000/period", "3")], Totals(billed).Order());
    }

    [Fact]
    public void Every_record_has_one_disposition_and_a_routed_one_is_judged_where_it_goes()
    {
        using var billed = new Billed(BookOf());
        billed.Send(Used("1", "child", "2026-01-11T10:00:00Z", "4"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        var counts = billed.Driver.ReadOutput(Topics.UsageDispositions).Select(o => Dispositions.Read(o.Value.AsSpan(5))).ToList();
        Assert.Equal((1L, 1L, 1L), (counts.Sum(c => c.Routed), counts.Sum(c => c.Accepted), counts.Sum(c => c.Control)));
        Assert.All(counts, c => Assert.Equal(c.Records, c.Accepted + c.Duplicate + c.Late + c.Parked + c.DeadLettered + c.Control + c.Routed));
    }

    [Fact]
    public void A_replay_makes_the_same_documents()
    {
        using var billed = new Billed(BookOf(), LongMemory);
        billed.Send(Used("1", "c", "2026-01-10T10:00:00Z", "6"), Used("2", "child", "2026-01-11T10:00:00Z", "5"));
        billed.Flush(At("2026-02-02T00:00:00Z"));
        billed.Send(Used("3", "grandchild", "2026-01-12T10:00:00Z", "2"));
        billed.Flush(At("2026-02-04T00:00:00Z"));
        var dispositions = new List<Disposition>();
        var again = Replays.Of(billed, judged: (in Streams.Streaming.Record _, Disposition disposition, string? _) => dispositions.Add(disposition));
        Assert.Equal(Replays.OnRecord(billed), Replays.Again(again));
        Assert.Equal((2, 3), (dispositions.Count(d => d == Disposition.Routed), dispositions.Count(d => d == Disposition.Accepted)));
    }

    /// <summary>The calculator knows of no partitions: it rates all usage of a contract together.</summary>
    [Fact]
    public void Random_contracts_whose_usage_comes_from_several_customers_are_billed_as_the_calculator_does()
    {
        var count = Tier.Of(30, 1_000);
        output.WriteLine($"seeds {Seed} to {Seed + count - 1}");
        var (documents, below) = (0, 0);
        for (var seed = Seed; seed < Seed + count; seed++)
        {
            var (file, usage) = new RandomContracts(seed).Next();
            var random = new Random(seed);
            foreach (var version in file["contracts"]![0]!["versions"]!.AsArray()) version!.AsObject().Remove("threshold");
            file["customers"]!.AsArray().Add(new JsonObject { ["id"] = "below", ["name"] = "Below", ["legalEntity"] = "x", ["parent"] = "acme", ["pays"] = "parent" });
            ContractBook book;
            try
            {
                book = ContractFile.Load(Encoding.UTF8.GetBytes(file.ToJsonString()));
            }
            catch (ContractFaultException)
            {
                continue; // what the generator makes is not always a contract
            }
            var events = usage.Select((u, i) => CalculatorTests.EventOf(u!, i)).OfType<UsageEvent>().Select(e => random.Next(2) == 0 ? e : e with { CustomerId = "below" }).OrderBy(e => e.OccurredAt).ToList();
            var (sent, final) = CalculatorTests.Disturbed(events, book, random);
            below += final.Count(e => e.CustomerId == "below");
            var until = new Timestamp(events.Select(e => e.OccurredAt.Micros).Append(At("2026-06-01").Micros).Max() + 400 * Day);
            try
            {
                documents += CalculatorTests.Same(book, sent, final, until, random);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
        }
        output.WriteLine($"{documents} documents, {below} events of the customer below");
        Assert.True(documents > 3 * count && below > count, $"{documents} documents, {below} events of the customer below");
    }

    /// <summary>Two instances may know different contracts for a moment.</summary>
    [Fact]
    public void What_was_routed_is_not_routed_on()
    {
        using var billed = new Billed(BookOf());
        billed.Send(Event("1", "child", "m", At("2026-01-11T10:00:00Z"), "4", ("routed.from", "grandchild")));
        billed.Commit();
        Assert.Equal([(Topics.UsageParked, "CONTRACT_OF_PARENT")], billed.SetAside);
    }
}
