using System.Text;
using Streams.Streaming.Chaos.Tests.Faults;
using Streams.Streaming.Chaos.Tests.Work;
using Xunit.Abstractions;

namespace Streams.Streaming.Chaos.Tests;

/// <summary>Three processes of an application that are killed, stopped, added and taken away while records come in: the output is that of one process left in peace.</summary>
public abstract class ExactlyOnceTests(ITestOutputHelper output)
{
    /// <summary>All runs in the full tier; daily the first alone, and little of it.</summary>
    private protected async Task PlayAsync(IServer server, params Plan[] plans)
    {
        var results = new List<ChaosResult>();
        await server.StartAsync();
        try
        {
            foreach (var plan in plans.Where(Chosen).Take(Tier.Of(1, plans.Length)))
            {
                await using var run = new ChaosRun(plan, server);
                results.Add(await run.PlayAsync());
                if (results[^1].IsClean) Directory.Delete(results[^1].Logs, recursive: true);
            }
        }
        finally
        {
            await server.DisposeAsync();
            Report(results);
        }
        Assert.True(results.TrueForAll(r => r.IsClean), string.Join('\n', results.Where(r => !r.IsClean).Select(Explain)));
    }

    /// <summary>STREAMS_CHAOS_SEED picks one run.</summary>
    private static bool Chosen(Plan plan) => Environment.GetEnvironmentVariable("STREAMS_CHAOS_SEED") is not { Length: > 0 } seed || seed == $"{plan.Seed}";

    /// <summary>The differences, and the last words of those workers that failed; the logs stay.</summary>
    internal static string Explain(ChaosResult result)
    {
        var text = new StringBuilder($"{result.Plan}; logs in {result.Logs}:\n{string.Join('\n', result.Differences.Concat(result.Tally.Failures))}\n");
        foreach (var failure in result.Tally.Failures.Take(3))
        {
            var worker = failure.Split(' ')[1];
            text.AppendLine($"worker {worker}: {string.Join('\n', File.ReadLines(Path.Combine(result.Logs, $"{worker}.log")).TakeLast(20))}");
        }
        return text.ToString();
    }

    private void Report(List<ChaosResult> results)
    {
        var table = new StringBuilder("| run | records in | of them under faults | compared | kills | zombies | storms | broker faults | seconds | differences |\n|---|---|---|---|---|---|---|---|---|---|\n");
        foreach (var r in results)
            table.AppendLine($"| {r.Plan} | {r.Input} | {r.PercentUnderFaults} % | {r.Compared} | {r.Tally.Kills} | {r.Tally.Zombies} | {r.Tally.Storms} | {r.Tally.BrokerFaults} | {r.Time.TotalSeconds:F0} | {r.Differences.Count} |");
        table.AppendLine($"total: {results.Sum(r => r.Tally.Kills)} kills, {results.Sum(r => r.Tally.Zombies)} zombies, {results.Sum(r => r.Tally.Storms)} storms, {results.Sum(r => r.Tally.BrokerFaults)} broker faults, {results.Sum(r => r.Compared)} records and entries compared, {results.Sum(r => r.Differences.Count)} differences");
        foreach (var count in results.SelectMany(r => r.Tally.All).GroupBy(c => c.Key).OrderBy(g => g.Key, StringComparer.Ordinal)) table.AppendLine($"{count.Key}: {count.Sum(c => c.Value)}");
        output.WriteLine(table.ToString());
    }
}

public sealed class OnTheEmbeddedBroker(ITestOutputHelper output) : ExactlyOnceTests(output)
{
    [Fact]
    public Task Kills_zombies_and_storms_change_nothing() => PlayAsync(
        new EmbeddedProcess(Directory.CreateTempSubdirectory("streams-chaos-").FullName),
        new Plan("embedded", LedgerWork.Title, 101),
        new Plan("embedded", LedgerWork.Title, 102) { Static = true, Threads = 2 },
        new Plan("embedded", MeteringWork.Title, 103),
        new Plan("embedded", LedgerWork.Title, 104) { Static = true, BrokerKills = true },
        new Plan("embedded", MeteringWork.Title, 105) { Connections = true },
        new Plan("embedded", RegroupWork.Title, 106) { Static = true });

    [Fact]
    public Task Kills_also_amid_a_close_change_no_document() => PlayAsync(
        new EmbeddedProcess(Directory.CreateTempSubdirectory("streams-chaos-").FullName),
        new Plan("embedded", BillingWork.Title, 111) { AmidWork = true, PerSecond = 400, Kills = Tier.Of(3, 30), Zombies = Tier.Of(0, 6), Storms = Tier.Of(0, 2) },
        new Plan("embedded", BillingWork.Title, 112) { AmidWork = true, PerSecond = 400, Static = true, Threads = 2, BrokerKills = true });
}

public sealed class OnApacheKafka(ITestOutputHelper output) : ExactlyOnceTests(output)
{
    [SkippableFact]
    public Task Kills_zombies_and_storms_change_nothing()
    {
        var server = new ShortSessionKafka();
        Skip.If(server.Missing is not null, server.Missing);
        return PlayAsync(
            server,
            new Plan("Apache Kafka", MeteringWork.Title, 201) { Static = true, Threads = 2 },
            new Plan("Apache Kafka", LedgerWork.Title, 202),
            new Plan("Apache Kafka", LedgerWork.Title, 204) { Static = true, Connections = true },
            new Plan("Apache Kafka", LedgerWork.Title, 205) { Protocol = GroupProtocol.Consumer },
            new Plan("Apache Kafka", RegroupWork.Title, 206));
    }
}
