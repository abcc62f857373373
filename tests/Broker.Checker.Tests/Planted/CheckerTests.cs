using Streams.Broker.Checker.Tests.Analyses;
using Streams.Broker.Checker.Tests.History;
using Xunit.Abstractions;

namespace Streams.Broker.Checker.Tests.Planted;

/// <summary>The checker checked: it finds every planted anomaly and gives no alarm on a correct broker.</summary>
public sealed class CheckerTests(ITestOutputHelper output)
{
    [Theory]
    [MemberData(nameof(PlantedAnomalies.Names), MemberType = typeof(PlantedAnomalies))]
    public void A_planted_anomaly_is_found(string name)
    {
        var (analysis, history) = PlantedAnomalies.Tell(name);
        var found = AllAnalyses.Check(history).Where(f => f.Anomalies > 0).ToList();
        Assert.True(found.Exists(f => f.Name == analysis), $"{name}: {analysis} not found, only: {string.Join(", ", found)}");
    }

    [Fact]
    public void Every_analysis_has_a_planted_anomaly() =>
        Assert.Equal(AllAnalyses.Names.Order(StringComparer.Ordinal), PlantedAnomalies.Analyses.Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void A_correct_broker_gives_no_alarm()
    {
        var (runs, operations) = (Tier.Of(2_000, 10_000), 0L);
        var instances = AllAnalyses.Names.ToDictionary(n => n, _ => 0L);
        for (var seed = 0; seed < runs; seed++)
        {
            var history = ModelRun.Generate(seed);
            operations += history.Operations.Count;
            foreach (var finding in AllAnalyses.Check(history))
            {
                Assert.True(finding.Anomalies == 0, $"seed {seed}: {finding}");
                instances[finding.Name] += finding.Checked;
            }
        }
        Assert.All(instances, i => Assert.True(i.Value > 0, $"{i.Key} was never checked"));
        output.WriteLine($"{runs} histories, {operations} operations, no alarm; instances: {string.Join(", ", instances.Select(i => $"{i.Key} {i.Value}"))}");
    }

    /// <summary>Random damage to a random correct history: the tale of a broker that loses, aborts, doubles, misplaces or tears.</summary>
    [Fact]
    public void Random_damage_is_found()
    {
        var runs = Tier.Of(500, 3_000);
        var found = new Dictionary<string, int>();
        for (var seed = 0; seed < runs; seed++)
        {
            var damage = HistoryDamage.All[seed % HistoryDamage.All.Count];
            if (damage.Inflict(ModelRun.Generate(100_000 + seed), new Random(seed)) is not { } damaged) continue;
            Assert.True(AllAnalyses.Check(damaged).Any(f => f.Anomalies > 0), $"seed {seed}: {damage.Name} was not found");
            found[damage.Name] = found.GetValueOrDefault(damage.Name) + 1;
        }
        Assert.Equal(HistoryDamage.All.Count, found.Count);
        output.WriteLine($"found: {string.Join(", ", found.Select(f => $"{f.Key} {f.Value}"))}");
    }
}
