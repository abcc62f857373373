using Streams.Broker.Crash.Tests.Disk;
using Streams.Broker.Crash.Tests.Workload;

namespace Streams.Broker.Crash.Tests;

/// <summary>
/// Power cuts on a simulated disk: whatever was acknowledged is there afterwards, nothing else comes up, transactions are whole, and nothing is called damaged.
/// </summary>
public sealed class CrashStateTests(ITestOutputHelper output)
{
    private const int StatesPerGeneration = 25;

    public static TheoryData<string> Names => [.. Scripts.All.Select(s => s.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_was_acknowledged_survives_a_power_cut_anywhere(string name)
    {
        var script = Scripts.All.Single(s => s.Name == name);
        output.WriteLine(Crew.Run(Tier.Of(1500, 20_000) / Scripts.All.Count, (seed, folder) =>
        {
            var run = new CrashRun(script, seed, folder);
            run.Run(StatesPerGeneration);
            return run.Checked;
        }));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Recovery_may_be_cut_anywhere_three_times_over(string name)
    {
        var script = Scripts.All.Single(s => s.Name == name);
        output.WriteLine(Crew.Run(Tier.Of(600, 6_000) / Scripts.All.Count, (seed, folder) =>
        {
            var run = new CrashRun(script, seed, folder);
            run.RunRecoveries(1);
            return run.Checked;
        }));
    }
}
