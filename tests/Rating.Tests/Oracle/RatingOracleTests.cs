using System.Text.Json;
using Streams.Testing;
using Xunit.Abstractions;

namespace Streams.Rating.Tests.Oracle;

/// <summary>Another implementation, naive and in Python's fractions (rating_oracle.py), gives the same amounts for random charges and usage.</summary>
public sealed class RatingOracleTests(ITestOutputHelper output)
{
    const int Seed = 20260331;

    [SkippableFact]
    public void A_naive_second_implementation_finds_no_difference()
    {
        var python = Checkout.Program("python3");
        Skip.If(python is null, "python3 is not installed (apt-get install python3)");
        var count = Testing.Tier.Of(3_000, 30_000);
        output.WriteLine($"seed {Seed}, {count} cases");
        var cases = new RandomCases(Seed);
        var answer = Ask(python, Enumerable.Range(0, count).Select(_ => Rated(cases)));
        Assert.Equal($"{count} cases", answer.Trim());
    }

    static string Rated(RandomCases cases)
    {
        var one = cases.Next();
        var text = one.ToJsonString();
        try
        {
            one["ours"] = CaseRater.Rate(JsonDocument.Parse(text).RootElement).ToString();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {Seed}: {text}", e);
        }
        return one.ToJsonString();
    }

    static string Ask(string python, IEnumerable<string> lines)
    {
        var (answer, errors, exitCode) = Python.Ask(python, "Oracle/rating_oracle.py", lines, TimeSpan.FromMinutes(5));
        Assert.True(exitCode == 0, errors);
        return answer;
    }
}
