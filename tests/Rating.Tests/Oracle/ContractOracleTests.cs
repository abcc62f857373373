using System.Text;
using System.Text.Json.Nodes;
using Streams.Rating.Calculator;
using Streams.Rating.Contracts;
using Streams.Rating.Invoicing;
using Streams.Rating.Pricing;
using Streams.Testing;
using Xunit.Abstractions;

namespace Streams.Rating.Tests.Oracle;

/// <summary>Another implementation, naive and in Python's fractions (contract_oracle.py), gives the same documents for random contracts and usage, corrected or not.</summary>
public sealed class ContractOracleTests(ITestOutputHelper output)
{
    const int Seed = 20260511, CorrectionSeed = 20261122;

    [SkippableFact]
    public void A_naive_second_implementation_finds_no_difference_in_whole_contracts() => Compare("contract_oracle_documents.py", Seed, Tier.Of(2_000, 20_000), Rated);

    /// <summary>Usage that is late, cancelled or changed after its period was closed, voids and new bills, with grants of units that give, get back and roll over.</summary>
    [SkippableFact]
    public void Nor_in_corrections_of_what_grants_paid_for()
    {
        var (corrected, moved) = (0, 0);
        Compare("contract_oracle_corrections.py", CorrectionSeed, Tier.Of(400, 10_000), seed => Corrected(seed, played =>
        {
            Interlocked.Add(ref corrected, played.Corrected);
            Interlocked.Add(ref moved, played.Moved);
        }));
        output.WriteLine($"{corrected} corrections, {moved} of their lines with units that grants got back or covered in addition");
    }

    void Compare(string script, int seed, int count, Func<int, string> rated)
    {
        var python = Checkout.Program("python3");
        Skip.If(python is null, "python3 is not installed (apt-get install python3)");
        // Each contract has a seed of its own, so that one can be looked at alone: STREAMS_CONTRACT_SEED.
        var first = int.TryParse(Environment.GetEnvironmentVariable("STREAMS_CONTRACT_SEED"), out var one) ? one : seed;
        output.WriteLine($"seeds {first} to {first + count - 1}");
        var shares = Enumerable.Range(0, Math.Min(Environment.ProcessorCount, 4)).ToList();
        var answers = shares.AsParallel().WithDegreeOfParallelism(shares.Count).Select(s => Ask(python, script, Enumerable.Range(first, count).Where(i => i % shares.Count == s).Select(rated))).ToList();
        var differences = answers.SelectMany(a => a.Split('\n')).Where(l => l.StartsWith("seed", StringComparison.Ordinal)).ToList();
        Assert.True(differences.Count == 0, $"{differences.Count} differences of {count}:\n{string.Join('\n', differences.Take(10))}");
        Assert.Equal(count, answers.Sum(a => int.Parse(a.Trim().Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)));
        output.WriteLine(string.Join("; ", answers.Select(a => a.Trim())));
    }

    static string Corrected(int seed, Action<RandomCorrections> played)
    {
        try
        {
            var corrections = new RandomCorrections(seed);
            var made = corrections.Played();
            made["seed"] = seed;
            played(corrections);
            return made.ToJsonString();
        }
        catch (Exception e) when (e is ContractFaultException or PricingException or ArgumentException or InvalidOperationException or Xunit.Sdk.XunitException)
        {
            return new JsonObject { ["seed"] = seed, ["refused"] = e.ToString(), ["ours"] = new JsonArray() }.ToJsonString();
        }
    }

    static string Rated(int seed)
    {
        var (file, usage) = new RandomContracts(seed).Next();
        try
        {
            var book = ContractFile.Load(Encoding.UTF8.GetBytes(file.ToJsonString()));
            var rated = ContractCalculator.Run(book, UsageFile.Parse(Encoding.UTF8.GetBytes(usage.ToJsonString())).Entries);
            return new JsonObject { ["seed"] = seed, ["file"] = file, ["usage"] = usage, ["ours"] = new JsonArray([.. rated.Documents.Select(Shown)]) }.ToJsonString();
        }
        catch (Exception e) when (e is ContractFaultException or PricingException or ArgumentException or InvalidOperationException)
        {
            return new JsonObject { ["seed"] = seed, ["refused"] = e.ToString(), ["ours"] = new JsonArray() }.ToJsonString();
        }
    }

    internal static JsonObject Shown(InvoiceDocument d)
    {
        Assert.Equal(d.Total, d.SubTotal - d.CouponTotal + d.Adjustment + d.Tax - d.Credit - d.Carried + d.CarriedForward);
        Assert.True(d.Total.Sign >= 0, d.Id);
        return new()
        {
            ["id"] = d.Id,
            ["lines"] = new JsonArray([.. d.Lines.Select(l => new JsonArray(l.Key, $"{l.Quantity}", $"{l.Covered}", $"{l.Amount}"))]),
            ["sums"] = new JsonArray([.. new[] { d.SubTotal, d.CouponTotal, d.Adjustment, d.Tax, d.Credit, d.Carried, d.CarriedForward, d.Total }.Select(n => (JsonNode)$"{n}")]),
        };
    }

    static string Ask(string python, string script, IEnumerable<string> lines)
    {
        var (answer, errors, exitCode) = Python.Ask(python, $"Oracle/{script}", lines, TimeSpan.FromMinutes(30));
        Assert.True(exitCode == 0, errors);
        return answer;
    }
}
