using Streams.Streaming.Chaos.Tests.Faults;
using Streams.Streaming.Chaos.Tests.Processes;
using Streams.Streaming.Chaos.Tests.Work;
using Xunit.Abstractions;

namespace Streams.Streaming.Chaos.Tests;

/// <summary>Workers with a mistake: the checks find each within a few faults.</summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const int Rounds = 3;

    [SkippableTheory]
    [InlineData("AtLeastOnce", 8, 0)]
    [InlineData("OffsetsApart", 8, 0)]
    [InlineData("SkipRestore", 3, 0)]
    [InlineData("NoFencing", 0, 6)]
    public async Task A_planted_bug_is_found(string bug, int kills, int zombies)
    {
        Skip.IfNot(Tier.IsFull, "in the full tier only");
        await using var server = new EmbeddedProcess(Directory.CreateTempSubdirectory("streams-chaos-").FullName);
        await server.StartAsync();
        for (var round = 1; round <= Rounds; round++)
        {
            var plan = new Plan("embedded", LedgerWork.Title, 300 + round)
            {
                Bug = Enum.Parse<Bug>(bug), Kills = kills, Zombies = zombies, Storms = 0, Static = bug == nameof(Bug.OffsetsApart),
            };
            await using var run = new ChaosRun(plan, server);
            var result = await run.PlayAsync();
            Directory.Delete(result.Logs, recursive: true);
            if (result.Differences.Count == 0) continue;
            output.WriteLine($"found after {result.Tally.Kills} kills and {result.Tally.Zombies} zombies in round {round}: {result.Differences.Count} differences, the first: {result.Differences[0]}");
            return;
        }
        Assert.Fail($"{bug} was not found in {Rounds} rounds of {kills} kills and {zombies} zombies");
    }
}
