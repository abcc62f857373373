using Xunit.Abstractions;

namespace Streams.Broker.Planted.Tests;

/// <summary>Each planted bug is caught by the test that is named with it.</summary>
public sealed class PlantedBugTests(Greenhouse greenhouse, ITestOutputHelper output) : IClassFixture<Greenhouse>
{
    /// <summary>All of them in the full tier; else the first alone, which is skipped and says so.</summary>
    public static TheoryData<PlantedBug> Bugs => [.. PlantedBugs.All.Take(Tier.Of(1, int.MaxValue))];

    [SkippableTheory]
    [MemberData(nameof(Bugs))]
    public void A_planted_bug_is_caught(PlantedBug bug)
    {
        Skip.IfNot(Tier.IsFull, $"{PlantedBugs.All.Length} bugs, each a build and a test run of its own: only in the full tier (./streams test --full)");
        var (verdict, ran) = greenhouse.Try(bug);
        output.WriteLine($"{bug.Name}: {verdict} by {bug.Test}");
        Assert.True(verdict == Verdict.Caught, $"{bug.Test} passes although: {bug.Name}\n{ran}");
    }

    [Fact]
    public void Every_bug_can_still_be_planted()
    {
        foreach (var bug in PlantedBugs.All)
        {
            var text = File.ReadAllText(Path.Combine(Checkout.Root, "src", "Broker", bug.File));
            Assert.True(text.Split(bug.Original).Length == 2, $"{bug.Name}: '{bug.Original}' does not stand exactly once in src/Broker/{bug.File}");
        }
    }
}
