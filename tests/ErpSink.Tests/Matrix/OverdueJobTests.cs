using Streams.Simulators;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>Jobs of ERPs that take documents and never end.</summary>
[Collection("kill points")]
public sealed class OverdueJobTests
{
    /// <summary>No line comes to it: nothing is killed.</summary>
    const string NoPoint = "none";

    [Fact]
    public async Task What_a_job_made_is_found_though_the_job_never_says_so()
    {
        var results = await RunAsync(new("F-31", "made, and the job never ends", (_, _) => [new FaultRule { Kind = SimulatorFault.CommitThenPendingForever }]));
        Assert.All(results, r => Assert.True(r.Listed == 0, $"{r.Scenario.Name}: {r.Listed} on the list"));
    }

    [Fact]
    public async Task What_a_job_did_not_make_is_held_and_never_sent_again()
    {
        var results = await RunAsync(new("F-31", "taken, and the job never ends", (_, _) => [new FaultRule { Kind = SimulatorFault.PendingForever }], Lists: true));
        Assert.All(results, r => Assert.True(r.Listed > 0, $"{r.Scenario.Name}: nothing is on the list"));
    }

    static async Task<IReadOnlyList<ScenarioResult>> RunAsync(MatrixFault fault)
    {
        using var lanes = new MatrixLanes();
        var results = await lanes.RunAsync([.. from erp in MatrixErp.All where erp.Name is "netsuite" or "d365fo" or "fusion" select new Scenario(erp, fault, NoPoint, 2)]);
        Assert.All(results, MatrixTests.AssertGreen);
        Assert.All(results, r => Assert.True(r.FaultsMet > 0, $"{r.Scenario.Name}: no job was begun"));
        return results;
    }
}
