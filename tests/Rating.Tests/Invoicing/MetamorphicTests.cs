using System.Text;
using System.Text.Json.Nodes;
using Streams.Rating.Calculator;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Pricing;
using Streams.Rating.Tests.Oracle;
using Streams.Schemas;
using Xunit.Abstractions;

namespace Streams.Rating.Tests.Invoicing;

/// <summary>Changes of the input with a known effect on the documents, on random contracts.</summary>
public sealed class MetamorphicTests(ITestOutputHelper output)
{
    const int Seed = 20260601;

    static int Count => Streams.Testing.Tier.Of(150, 2_000);

    /// <summary>Runs a law on contracts, each of a seed of its own.</summary>
    void Each(Action<int, JsonObject, JsonArray> law)
    {
        output.WriteLine($"seeds {Seed} to {Seed + Count - 1}");
        for (var seed = Seed; seed < Seed + Count; seed++)
        {
            var (file, usage) = new RandomContracts(seed).Next();
            law(seed, file, usage);
        }
    }

    static ContractBook Book(JsonObject file) => ContractFile.Load(Encoding.UTF8.GetBytes(file.ToJsonString()));

    static IReadOnlyList<UsageEntry> Entries(IEnumerable<JsonNode?> usage) => UsageFile.Parse(Encoding.UTF8.GetBytes(new JsonArray([.. usage.Select(u => u!.DeepClone())]).ToJsonString())).Entries;

    static IReadOnlyList<InvoiceDocument> Rate(JsonObject file, IEnumerable<JsonNode?> usage) => ContractCalculator.Run(Book(file), Entries(usage)).Documents;

    static string[] Hashes(IEnumerable<InvoiceDocument> documents) => [.. documents.Select(d => $"{d.Id} {InvoiceDocumentJson.Hash(d)}")];

    static void Same(int seed, IEnumerable<InvoiceDocument> expected, IEnumerable<InvoiceDocument> found) => Assert.True(Hashes(expected).SequenceEqual(Hashes(found)), $"seed {seed}");

    static bool Has(JsonObject file, string property) => file.ToJsonString().Contains($"\"{property}\":", StringComparison.Ordinal);

    [Fact]
    public void The_order_of_usage_does_not_matter() => Each((seed, file, usage) =>
    {
        var shuffled = usage.ToArray();
        new Random(seed).Shuffle(shuffled);
        Same(seed, Rate(file, usage), Rate(file, shuffled));
    });

    [Fact]
    public void Usage_in_two_halves_costs_the_same() => Each((seed, file, usage) =>
    {
        if (Has(file, "aggregation") || Has(file, "threshold") || file.ToJsonString().Contains("percentage", StringComparison.Ordinal) || file.ToJsonString().Contains("\"event\"", StringComparison.Ordinal)) return;
        var halves = usage.SelectMany(u => Enumerable.Repeat(Half(u!), 2));
        Same(seed, Rate(file, usage), Rate(file, halves));

        static JsonNode Half(JsonNode entry)
        {
            var half = entry.DeepClone();
            half["quantity"] = (Exact.Parse((string)entry["quantity"]!) * Exact.Parse("0.5")).ToString();
            return half;
        }
    });

    [Fact]
    public void Another_customer_changes_nothing() => Each((seed, file, usage) =>
    {
        var theirs = new RandomContracts(seed + 1_000_000).Next().Usage;
        var both = (JsonObject)JsonNode.Parse(file.ToJsonString().Replace("\"acme\"", "\"zeta\"", StringComparison.Ordinal).Replace("\"k\"", "\"z\"", StringComparison.Ordinal))!;
        foreach (var part in new[] { "customers", "contracts" }) ((JsonArray)both[part]!).Add(file[part]![0]!.DeepClone());
        var ours = usage.Select(u => Of("acme", u!)).Concat(theirs.Select(u => Of("zeta", u!)).Where(u => (string)u["at"]! is var at && string.CompareOrdinal(at, (string)both["contracts"]![0]!["versions"]![0]!["from"]!) >= 0));
        Same(seed, Rate(file, usage), ContractCalculator.Run(Book(both), Entries(ours)).Documents.Where(d => d.Customer == "acme"));

        static JsonNode Of(string customer, JsonNode entry)
        {
            var copy = entry.DeepClone();
            copy["customer"] = customer;
            return copy;
        }
    });

    [Fact]
    public void The_order_of_charges_orders_the_lines_and_nothing_else() => Each((seed, file, usage) =>
    {
        if (Has(file, "coupons") || Has(file, "credits")) return;
        var turned = (JsonObject)file.DeepClone();
        foreach (var version in turned["priceBooks"]![0]!["versions"]!.AsArray())
        {
            version!["charges"] = new JsonArray([.. version["charges"]!.AsArray().Reverse().Select(c => c!.DeepClone())]);
        }
        var (one, other) = (Rate(file, usage), Rate(turned, usage));
        Assert.Equal(one.Select(d => (d.Id, d.Net, d.Tax, d.Total)), other.Select(d => (d.Id, d.Net, d.Tax, d.Total)));
        foreach (var (a, b) in one.Zip(other)) Assert.Equal(Lines(a), Lines(b));

        static IEnumerable<(string, Exact, Exact)> Lines(InvoiceDocument d) => d.Lines.Select(l => (l.Key, l.Quantity, l.Amount)).OrderBy(l => l.Key, StringComparer.Ordinal);
    });

    [Fact]
    public void States_that_were_stored_and_read_again_give_the_same_documents() => Each((seed, file, usage) =>
    {
        var book = Book(file);
        var agreement = Agreement.Of(book, book.Contracts["k"]);
        var rated = Rated(book, usage);
        var stored = new ContractRun(agreement, rated, null, explain: false)
        {
            Kept = state =>
            {
                var bytes = InvoicingStateJson.Write(state);
                var read = InvoicingStateJson.Read(bytes);
                Assert.Equal(bytes, InvoicingStateJson.Write(read));
                return read;
            },
        };
        Same(seed, Rate(file, usage), stored.Documents());
        Same(seed, Rate(file, usage), new ContractRun(agreement, rated, null, explain: true).Documents());
    });

    [Fact]
    public void Documents_add_up_from_their_lines() => Each((seed, file, usage) =>
    {
        var contract = Book(file).Contracts["k"];
        foreach (var document in Rate(file, usage))
        {
            var version = document.Kind == InvoiceKind.Period ? contract.Versions.Last(v => v.From < document.Period.End) : contract.Versions.LastOrDefault(v => v.From <= document.At) ?? contract.Versions[0];
            Assert.Equal(version.DocumentTerms(contract.Currency).Rounding.Apply(Exact.Sum(document.Lines.Select(l => l.Amount))), document.SubTotal);
            Assert.True(document.Total.Sign >= 0 && (document.CarriedForward.IsZero || document.Total.IsZero), $"seed {seed}, {document.Id}");
            Assert.True(document.Burns.All(b => b.Amount.Sign > 0), $"seed {seed}, {document.Id}");
        }
    });

    /// <summary>Documents with part of the usage, and corrections with all of it, come to what all of the usage costs in time: lines, coupons, limits and tax.</summary>
    [Fact]
    public void Corrections_come_to_what_would_have_been_billed_in_time() => Each((seed, file, usage) =>
    {
        if (Has(file, "threshold") || Has(file, "units")) return;
        var book = Book(file);
        var agreement = Agreement.Of(book, book.Contracts["k"]);
        var all = Rated(book, usage);
        if (all.Count == 0) return;
        var late = new Random(seed);
        var known = all.Where(_ => late.Next(3) > 0).ToList();
        var until = agreement.Period(agreement.OrdinalOf(all.Max(e => e.At))).Whole.End;
        var (inTime, complete) = Close(agreement, all, until);
        var (first, state) = Close(agreement, known, until);
        var run = new ContractRun(agreement, all, until, explain: false);
        var now = new Dictionary<int, PeriodUsage>();
        for (var i = 0; i < state.Next; i++) now[i] = run.Usage(i, until);
        var corrected = new InvoicingEngine(agreement).Correct(state, now, until);
        Assert.Equal(Sums(inTime), Sums([.. first, .. corrected.Documents]));
        Assert.Equal(complete.Accumulated, corrected.State.Accumulated);
        Assert.Equal(complete.Closed.Select(c => c.Sums.Tax), corrected.State.Closed.Select(c => c.Sums.Tax));
        Assert.All(corrected.Documents, d => Assert.Contains(first, f => f.Id == d.Corrects));
        Assert.Empty(new InvoicingEngine(agreement).Correct(corrected.State, now, until).Documents);
    });

    /// <summary>
    /// Billed with part of the usage, everything voided, and billed again with all of it: what that comes to is what all of the usage costs in time, also what grants of units
    /// cover, and they hold as much.
    /// </summary>
    [Fact]
    public void Voided_and_billed_again_it_comes_to_what_would_have_been_billed_in_time() => Each((seed, file, usage) =>
    {
        foreach (var version in file["contracts"]![0]!["versions"]!.AsArray()) version!.AsObject().Remove("threshold");
        RandomGrants.Add(new(seed), file, usage);
        var book = Book(file);
        var agreement = Agreement.Of(book, book.Contracts["k"]);
        var all = Rated(book, usage);
        if (all.Count == 0) return;
        var late = new Random(seed);
        var until = agreement.Period(agreement.OrdinalOf(all.Max(e => e.At))).Whole.End;
        var (inTime, complete) = Close(agreement, all, until);
        var (documents, state) = Close(agreement, [.. all.Where(_ => late.Next(3) > 0)], until);
        var run = new ContractRun(agreement, all, until, explain: false);
        var now = Enumerable.Range(0, state.Next).ToDictionary(i => i, i => run.Usage(i, until));
        foreach (var isVoid in new[] { true, false })
        {
            for (var i = 0; i < now.Count; i++) state = InvoicingEngine.Void(state, i, isVoid);
            var corrected = new InvoicingEngine(agreement).Correct(state, now, agreement.Period(state.Next - 1).InForce.End);
            documents.AddRange(corrected.Documents);
            state = corrected.State;
        }
        Assert.True(Sums(inTime) == Sums(documents), $"seed {seed}: {Sums(inTime)}, found {Sums(documents)}");
        Assert.True(Held(complete, until) == Held(state, until), $"seed {seed}: {Held(complete, until)}, found {Held(state, until)}");
        Assert.Empty(new InvoicingEngine(agreement).Correct(state, now, until).Documents);
    });

    /// <summary>What the grants of units hold at a time.</summary>
    static string Held(InvoicingState state, Timestamp at)
    {
        var held = new List<string>();
        foreach (var (meter, credits) in state.UnitCredits)
        {
            var account = new CreditAccount(state: credits);
            account.Advance(at);
            held.AddRange(account.State().Grants.Select(g => $"{meter} {g.Terms.Id} {g.Active} {g.Balance} {g.Carried}").Order(StringComparer.Ordinal));
        }
        return string.Join('\n', held);
    }

    static (List<InvoiceDocument> Documents, InvoicingState State) Close(Agreement agreement, List<UsageEntry> entries, Timestamp until)
    {
        var engine = new InvoicingEngine(agreement);
        var run = new ContractRun(agreement, entries, until, explain: false);
        var (opening, state) = engine.Start();
        var documents = new List<InvoiceDocument>();
        if (opening is not null) documents.Add(opening);
        while (!state.Ended && agreement.Period(state.Next).InForce.End <= until)
        {
            (var document, state) = engine.Close(state, run.Usage(state.Next, until));
            documents.Add(document!);
        }
        return (documents, state);
    }

    static string Sums(List<InvoiceDocument> documents)
    {
        var lines = documents.SelectMany(d => d.Lines).GroupBy(l => l.Key, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => (g.Key, Amount: Exact.Sum(g.Select(l => l.Amount)), Quantity: Exact.Sum(g.Select(l => l.Quantity)), Covered: Exact.Sum(g.Select(l => l.Covered))))
            .Where(l => !l.Amount.IsZero || !l.Quantity.IsZero || !l.Covered.IsZero);
        Exact Of(Func<InvoiceDocument, Exact> sum) => Exact.Sum(documents.Select(sum));
        return $"{string.Join("; ", lines)}; {Of(d => d.SubTotal)} {Of(d => d.CouponTotal)} {Of(d => d.Adjustment)} {Of(d => d.Tax)} {Of(d => d.Net)}";
    }

    static List<UsageEntry> Rated(ContractBook book, JsonArray usage) => [.. Entries(usage).Where(e => book.Find("acme", e.Meter, e.At).Found)];
}
