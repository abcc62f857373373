using Streams.Streaming.Chaos.Tests.Faults;
using Streams.Streaming.Chaos.Tests.Processes;
using Streams.Streaming.Chaos.Tests.Work;
using Xunit.Abstractions;

namespace Streams.Streaming.Chaos.Tests;

/// <summary>Workers with a mistake: the checks find each within a few faults.</summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    private const int Rounds = 6;

    [SkippableTheory]
    [InlineData("AtLeastOnce", 8, 0, LedgerWork.Title)]
    [InlineData("OffsetsApart", 8, 0, LedgerWork.Title)]
    [InlineData("SkipRestore", 3, 0, LedgerWork.Title)]
    [InlineData("NoFencing", 0, 6, LedgerWork.Title)]
    [InlineData("SliceLost", 5, 0, BillingWork.Title)]
    public async Task A_planted_bug_is_found(string bug, int kills, int zombies, string work)
    {
        Skip.IfNot(Tier.IsFull, "in the full tier only");
        await using var server = new EmbeddedProcess(Directory.CreateTempSubdirectory("streams-chaos-").FullName);
        await server.StartAsync();
        for (var round = 1; round <= Rounds; round++)
        {
            var plan = new Plan("embedded", work, 300 + round)
            {
                Bug = Enum.Parse<Bug>(bug), Kills = kills, Zombies = zombies, Storms = 0, Static = bug == nameof(Bug.OffsetsApart),
                AmidWork = work == BillingWork.Title, PerSecond = work == BillingWork.Title ? 400 : 1500,
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
