using System.Diagnostics;
using System.Globalization;
using Xunit.Abstractions;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>
/// Every kill point of the sink, under every fault of every ERP, three times: no document twice, none lost, each one explained. STREAMS_MATRIX=netsuite/F-31 runs only
/// the scenarios whose names begin so.
/// </summary>
[Collection("kill points")]
public sealed class MatrixTests(ITestOutputHelper output)
{
    const int DailyShare = 40;

    [Fact]
    public async Task Each_document_is_once_in_the_ERP_or_listed_with_a_reason()
    {
        var (scenarios, began) = (Chosen(), Stopwatch.StartNew());
        using var lanes = new MatrixLanes(checkFromOutside: true);
        var results = await lanes.RunAsync(scenarios);
        output.WriteLine(MatrixTable.Write(results));
        foreach (var verdict in lanes.Verdicts) output.WriteLine($"from outside: {verdict}");
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{began.Elapsed.TotalSeconds:F0} s"));
        Assert.Equal(scenarios.Count, results.Count);
        Assert.All(results, AssertGreen);
        Assert.All(lanes.Verdicts, v => Assert.EndsWith(": 0 faults", v, StringComparison.Ordinal));
    }

    internal static void AssertGreen(ScenarioResult result) =>
        Assert.True(result.IsGreen, $"{result.Scenario.Name} (seed {result.Scenario.Seed}): {string.Join("; ", result.Differences.Select(d => d.Text))}");

    IReadOnlyList<Scenario> Chosen()
    {
        if (Environment.GetEnvironmentVariable("STREAMS_MATRIX") is { Length: > 0 } begin) return [.. Scenario.All.Where(s => s.Name.StartsWith(begin, StringComparison.Ordinal))];
        return Testing.Tier.IsFull ? Scenario.All : Drawn(Scenario.All, DailyShare, output);
    }

    /// <summary>A day's share, by a seed that is printed.</summary>
    internal static IReadOnlyList<T> Drawn<T>(IReadOnlyList<T> all, int count, ITestOutputHelper output)
    {
        var seed = Environment.GetEnvironmentVariable("STREAMS_MATRIX_SEED") is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : Random.Shared.Next();
        output.WriteLine($"a sample of {all.Count} by seed {seed} (STREAMS_MATRIX_SEED={seed} repeats it, STREAMS_TIER=full runs all)");
        var drawn = all.ToArray();
        new Random(seed).Shuffle(drawn);
        return drawn[..count];
    }
}
