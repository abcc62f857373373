using Streams.Broker.Crash.Tests.Disk;
using Streams.Broker.Crash.Tests.Workload;

namespace Streams.Broker.Crash.Tests;

/// <summary>The checks are checked: on a disk that does not do what it says, they must find a broken promise soon.</summary>
public sealed class PlantedBugTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("appends", Planted.FilesAreNotSynced)]
    [InlineData("appends", Planted.DirectoriesAreNotSynced)]
    [InlineData("transactions", Planted.FilesAreNotSynced)]
    [InlineData("offsets", Planted.FilesAreNotSynced)]
    [InlineData("topics", Planted.DirectoriesAreNotSynced)]
    internal void A_lying_disk_is_found_out(string name, Planted planted)
    {
        using var folder = new TemporaryFolder();
        var run = new CrashRun(Scripts.All.Single(s => s.Name == name), seed: 1, folder.Path, planted);
        var found = Assert.Throws<Violation>(() => run.Run(statesPerGeneration: 100));
        output.WriteLine($"found after {run.Checked} states: {found.Message.Split('\n')[1]}");
        Assert.True(run.Checked < 100, $"only after {run.Checked} states");
    }
}
