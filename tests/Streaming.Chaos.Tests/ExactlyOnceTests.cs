using System.Text;
using Streams.Streaming.Chaos.Tests.Faults;
using Xunit.Abstractions;

namespace Streams.Streaming.Chaos.Tests;

/// <summary>Three processes of an application that are killed, stopped, added and taken away while records come in: the output is that of one process left in peace.</summary>
public abstract class ExactlyOnceTests(ITestOutputHelper output)
{
    private const string Embedded = "embedded", Apache = "Apache Kafka";

    private protected async Task PlayAsync(IServer server, params Plan[] plans)
    {
        var results = new List<ChaosResult>();
        await server.StartAsync();
        try
        {
            foreach (var plan in plans)
            {
                await using var run = new ChaosRun(plan, server);
                results.Add(await run.PlayAsync());
            }
        }
        finally
        {
            await server.DisposeAsync();
            Report(results);
        }
        Assert.True(results.TrueForAll(r => r.Differences.Count == 0), string.Join('\n', results.Where(r => r.Differences.Count > 0).Select(Explain)));
    }

    private protected static IServer NewEmbedded() => new EmbeddedProcess(Directory.CreateTempSubdirectory("streams-chaos-").FullName);

    private protected static Plan Plan(IServer server, string work, int seed, int share = 1) => new(server.Name, work, seed)
    {
        Kills = Tier.Of(4, 22) * share, Zombies = Tier.Of(1, 7), Storms = Tier.Of(1, 2),
    };

    private static string Explain(ChaosResult result)
    {
        var about = result.Tally.Failures.Select(f => f.Split(']')[0] + "]").ToHashSet(StringComparer.Ordinal);
        var lines = File.ReadLines(result.Log).Where(l => about.Count == 0 || about.Any(l.Contains)).TakeLast(40);
        return $"{result.Plan}:\n{string.Join('\n', result.Differences)}\n{result.Log}:\n{string.Join('\n', lines)}";
    }

    private void Report(List<ChaosResult> results)
    {
        var table = new StringBuilder("| run | records in | compared | kills | zombies | storms | broker faults | seconds | differences |\n|---|---|---|---|---|---|---|---|---|\n");
        foreach (var r in results)
            table.AppendLine($"| {r.Plan} | {r.Input} | {r.Compared} | {r.Tally.Kills} | {r.Tally.Zombies} | {r.Tally.Storms} | {r.Tally.BrokerFaults} | {r.Time.TotalSeconds:F0} | {r.Differences.Count} |");
        table.AppendLine($"total: {results.Sum(r => r.Tally.Kills)} kills, {results.Sum(r => r.Tally.Zombies)} zombies, {results.Sum(r => r.Tally.Storms)} storms, {results.Sum(r => r.Tally.BrokerFaults)} broker faults, {results.Sum(r => r.Compared)} records and entries compared, {results.Sum(r => r.Differences.Count)} differences");
        foreach (var count in results.SelectMany(r => r.Tally.All).GroupBy(c => c.Key).OrderBy(g => g.Key, StringComparer.Ordinal)) table.AppendLine($"{count.Key}: {count.Sum(c => c.Value)}");
        output.WriteLine(table.ToString());
    }
}

public sealed class OnTheEmbeddedBroker(ITestOutputHelper output) : ExactlyOnceTests(output)
{
    [Fact]
    public async Task Kills_zombies_and_storms_change_nothing()
    {
        var server = NewEmbedded();
        await PlayAsync(server, Plan(server, Work.LedgerWork.Title, 101));
    }
}
