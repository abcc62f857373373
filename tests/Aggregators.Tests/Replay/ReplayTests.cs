using System.Text;
using System.Text.Json.Nodes;
using Streams.Aggregators.Editions;
using Streams.Aggregators.Metering;
using Streams.Aggregators.Replay;
using Streams.Aggregators.Tests.Billing;
using Streams.Aggregators.Tests.Metering;
using Streams.Rating.Contracts;
using Streams.Rating.Tests.Oracle;
using Streams.Schemas;
using Streams.Testing;
using Xunit.Abstractions;
using static Streams.Aggregators.Tests.Billing.Billed;

namespace Streams.Aggregators.Tests.Replay;

/// <summary>A replay of the topics makes the bytes that the stream made, whatever came late, twice or corrected, whatever crashed, and whenever contracts changed.</summary>
public sealed class ReplayTests(ITestOutputHelper output)
{
    const int Seed = 20260814;

    internal const string Contracts = """
        {"customers": [{"id": "acme", "name": "Acme", "legalEntity": "de"}, {"id": "beta", "name": "Beta", "legalEntity": "de"}],
         "meters": [{"id": "api", "unit": "requests", "product": "api"}],
         "priceBooks": [{"id": "list", "currency": "EUR", "versions": [{"version": 1, "from": "2026-01-01", "charges": [
           {"kind": "usage", "id": "api", "product": "api", "meter": "api", "price": {"model": "perUnit", "unitPrice": "0.10"}}]}]}],
         "contracts": [
           {"id": "acme-1", "customer": "acme", "currency": "EUR", "timeZone": "UTC", "versions": [{"version": 1, "from": "2026-01-01", "priceBook": "list"}]},
           {"id": "beta-1", "customer": "beta", "currency": "EUR", "timeZone": "UTC", "versions": [{"version": 1, "from": "2026-01-01", "priceBook": "list"}]}]}
        """;

    /// <summary>The price book as it is changed on 10 February: the price that holds already, too.</summary>
    internal const string Dearer = """
        {"priceBooks": [{"id": "list", "currency": "EUR", "versions": [{"version": 1, "from": "2026-01-01", "charges": [
           {"kind": "usage", "id": "api", "product": "api", "meter": "api", "price": {"model": "perUnit", "unitPrice": "0.20"}}]}]}]}
        """;

    [Fact]
    public void Random_contracts_with_late_duplicate_and_corrected_events_and_crashes()
    {
        var count = Tier.Of(40, 2_000);
        output.WriteLine($"seeds {Seed} to {Seed + count - 1}");
        var documents = 0;
        for (var seed = Seed; seed < Seed + count; seed++)
        {
            var (file, usage) = new RandomContracts(seed).Next();
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
            var events = usage.Select((u, i) => CalculatorTests.EventOf(u!, i)).OfType<UsageEvent>().OrderBy(e => e.OccurredAt).ToList();
            using var billed = new Billed(book, new MeteringOptions { DuplicateHorizon = 3 * Hour }, random);
            billed.Send(CalculatorTests.Disturbed(events, book, random).Sent);
            billed.Flush(new(events.Select(e => e.OccurredAt.Micros).Append(At("2026-06-01").Micros).Max() + 400 * Day));
            var again = Replays.Of(billed);
            Assert.True(Replays.OnRecord(billed).SequenceEqual(Replays.Again(again)), $"seed {seed}");
            documents += again.Count;
        }
        output.WriteLine($"{documents} documents");
        Assert.True(documents > 3 * count, $"only {documents} documents");
    }

    [Fact]
    public void A_credit_note_of_a_void_period_and_its_bill_anew()
    {
        using var billed = new Billed(Book(Contracts), new MeteringOptions { DuplicateHorizon = 300 * Day });
        UsageEvent Order(string action) => Event(action, "acme", "flush", At("2000-01-01"), "0",
            ("correction", action), ("correction.of", "acme-1/0000/period"), ("correction.by", "ann"), ("correction.reason", "wrong prices"));
        billed.Send(Event("1", "acme", "api", At("2026-01-10"), "100"));
        billed.Flush(At("2026-02-02"));
        billed.Send(Order("void"));
        billed.Flush(At("2026-02-04"));
        billed.Send(Order("rebill"));
        billed.Flush(At("2026-02-06"));
        Assert.Equal(["acme-1/0000/period", "acme-1/0000/correction-1", "acme-1/0000/correction-2"], billed.Parsed.Where(d => (string)d["customer"]! == "acme").Select(d => (string)d["id"]!));
        Assert.Equal(Replays.OnRecord(billed), Replays.Again(Replays.Of(billed)));
    }

    [Fact]
    public void Documents_before_and_after_a_change_of_the_prices()
    {
        using var billed = Changed();
        Assert.Equal(["10", "20", "20", "10", "20", "20"], billed.Parsed.OrderBy(d => (string)d["id"]!, StringComparer.Ordinal).Select(d => (string)d["total"]!));
        var again = Replays.Of(billed);
        Assert.Equal(Replays.OnRecord(billed), Replays.Again(again));
        Assert.Equal(4, again.Select(d => d.Edition).Distinct().Count());
    }

    [Fact]
    public void Contracts_that_come_go_and_change_while_events_flow_and_crashes_between()
    {
        for (var seed = Seed; seed < Seed + Tier.Of(20, 500); seed++)
        {
            var random = new Random(seed);
            using var billed = new Billed(Book(Contracts), new MeteringOptions { DuplicateHorizon = 300 * Day }, random);
            var at = At("2026-01-01").Micros;
            for (var i = 0; i < 120; i++)
            {
                at += random.Next(60) * Hour;
                billed.Send(Event($"e{i}", random.Next(2) == 0 ? "acme" : "beta", "api", new(at - random.Next(2) * random.Next(20) * Day), random.Next(100).ToString(System.Globalization.CultureInfo.InvariantCulture)));
                if (random.Next(8) == 0) billed.Load(Dearer.Replace("0.20", $"0.{random.Next(1, 99):00}", StringComparison.Ordinal));
                if (random.Next(25) == 0) billed.Source.Apply(new(EntryKind.Contract, "beta-1"), null);
                if (random.Next(15) == 0) billed.Load(ContractOf("beta", random.Next(1, 4)));
                if (random.Next(15) == 0) billed.Load(ContractOf("acme", random.Next(1, 4)));
            }
            billed.Flush(new(at + 60 * Day));
            var again = Replays.Of(billed);
            Assert.True(Replays.OnRecord(billed).SequenceEqual(Replays.Again(again)), $"seed {seed}");
        }
    }

    [Fact]
    public void A_task_that_starts_again_under_other_settings_goes_on_where_it_stood()
    {
        using var billed = Changed();
        var history = Replays.History(billed);
        var first = history.Of(Topics.UsageEvents, 0)[0];
        for (var offset = 1; offset < billed.Input.Count; offset++)
        {
            var taken = first with { Offset = offset, Part = 9, Settings = first.Settings with { MaxQuantity = $"{1_000_000 + offset}" }, Definitions = [] };
            history.Add(Encoding.UTF8.GetString(EditionRecords.KeyOf(taken)), EditionRecords.TakeUp(taken));
        }
        Assert.Equal(Replays.OnRecord(billed), Replays.Again(Replays.Of(billed, history)));
        var strict = first with { Offset = 1, Part = 9, Settings = first.Settings with { MaxQuantity = "99" }, Definitions = [] };
        history.Add(Encoding.UTF8.GetString(EditionRecords.KeyOf(strict)), EditionRecords.TakeUp(strict));
        Assert.NotEqual(Replays.OnRecord(billed), Replays.Again(Replays.Of(billed, history)));
    }

    [Fact]
    public void A_changed_quantity_or_price_makes_other_documents()
    {
        using var billed = Changed();
        var first = billed.Input.FindIndex(i => UsageTrail.Read(i.Value)!.Meter == "api");
        var original = billed.Input[first];
        billed.Input[first] = (original.Key, Bench.Encode(UsageTrail.Read(original.Value)! with { Quantity = ExactDecimal.Parse("101") }));
        Assert.Single(Replays.OnRecord(billed).Except(Replays.Again(Replays.Of(billed))));
        billed.Input[first] = original;

        var cheaper = EditionRecords.Definition(new(EntryKind.PriceBook, "list"), JsonNode.Parse(Dearer.Replace("0.20", "0.15", StringComparison.Ordinal))!["priceBooks"]![0]!.ToJsonString());
        var dearer = billed.Editions.Single(e => Encoding.UTF8.GetString(e.Value!).Contains("\"0.2\"", StringComparison.Ordinal));
        var history = new ContractHistory();
        history.Add(EditionRecords.Hash(cheaper), cheaper);
        foreach (var record in billed.Editions)
        {
            var value = Encoding.UTF8.GetString(record.Value!).Replace(Encoding.UTF8.GetString(dearer.Key!), EditionRecords.Hash(cheaper), StringComparison.Ordinal);
            var key = Encoding.UTF8.GetString(record.Key!);
            history.Add(value.Contains("\"contract\":", StringComparison.Ordinal) ? EditionRecords.Hash(Encoding.UTF8.GetBytes(value)) : key, Encoding.UTF8.GetBytes(value));
        }
        Assert.Equal(4, Replays.OnRecord(billed).Except(Replays.Again(Replays.Of(billed, history))).Count());
    }

    [Fact]
    public void A_definition_that_was_changed_on_record_is_found_out()
    {
        using var billed = Changed();
        var record = billed.Editions.First(e => Encoding.UTF8.GetString(e.Value!).Contains("\"0.1\"", StringComparison.Ordinal));
        var changed = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(record.Value!).Replace("\"0.1\"", "\"0.3\"", StringComparison.Ordinal));
        Assert.Contains("was changed", Assert.Throws<ReplayException>(() => new ContractHistory().Add(Encoding.UTF8.GetString(record.Key!), changed)).Message);
    }

    [Fact]
    public void Without_the_contracts_of_the_first_records_nothing_is_proven()
    {
        using var billed = Changed();
        Assert.Contains("no contracts are on record", Assert.Throws<ReplayException>(() => Replays.Of(billed, new())).Message);
        var late = new ContractHistory();
        foreach (var record in billed.Editions.Where(e => !Encoding.UTF8.GetString(e.Key!).EndsWith($"{0:D19}/{0:D6}", StringComparison.Ordinal))) late.Add(Encoding.UTF8.GetString(record.Key!), record.Value);
        Assert.Contains("from offset", Assert.Throws<ReplayException>(() => Replays.Of(billed, late)).Message);
    }

    [Fact]
    public void Definitions_and_editions_are_written_once()
    {
        using var billed = Changed();
        Assert.Equal(billed.Editions.Count, billed.Editions.Select(e => Encoding.UTF8.GetString(e.Key!)).Distinct().Count());
    }

    /// <summary>100 requests a month for each of two customers; on 10 February the price of all time doubles.</summary>
    internal static Billed Changed()
    {
        var billed = new Billed(Book(Contracts), crashes: new(7));
        for (var month = 1; month <= 3; month++)
        {
            foreach (var customer in new[] { "acme", "beta" }) billed.Send(Event($"{customer}-{month}", customer, "api", At($"2026-0{month}-05T10:00:00Z"), "100"));
            billed.Send(Event("clock", "acme", "flush", At($"2026-0{month}-10"), "0"));
            if (month == 2) billed.Load(Dearer);
        }
        billed.Flush(At("2026-04-03"));
        return billed;
    }

    static string ContractOf(string customer, int price) => $$$"""
        {"contracts": [{"id": "{{{customer}}}-1", "customer": "{{{customer}}}", "currency": "EUR", "timeZone": "UTC", "versions": [{"version": 1, "from": "2026-01-01", "priceBook": "list",
          "charges": [{"kind": "recurring", "id": "base", "product": "api", "amount": "{{{price}}}"}]}]}]}
        """;
}
