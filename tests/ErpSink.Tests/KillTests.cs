using Streams.Simulators;

namespace Streams.ErpSink.Tests;

/// <summary>The sink dies at each named point of its way, under each fault that leaves the outcome open, and is started again.</summary>
[Collection("kill points")]
public sealed class KillTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IDisposable
{
    sealed class KilledException(string point) : Exception($"killed at {point}");

    public void Dispose() => KillPoint.Hook = null;

    public static TheoryData<string, SimulatorFault> Scenarios()
    {
        var scenarios = new TheoryData<string, SimulatorFault>();
        SimulatorFault[] faults =
        [
            SimulatorFault.None, SimulatorFault.CommitThenDrop, SimulatorFault.CommitThenError, SimulatorFault.ErrorBeforeCommit,
            SimulatorFault.DelayedApply, SimulatorFault.TooManyRequests,
        ];
        foreach (var point in new[] { "sink.after_claim", "sink.after_attempt_row", "sink.after_send", "sink.before_confirm", "sink.after_confirm" })
        {
            foreach (var fault in faults) scenarios.Add(point, fault);
        }
        return scenarios;
    }

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Killed_anywhere_and_started_again_each_document_is_posted_once(string point, SimulatorFault fault)
    {
        var instance = $"{point}/{fault}";
        await using var harness = await SinkHarness.StartAsync(postgres.Database, o => o with
        {
            Fault = r => r is { Method: "POST", Nth: 1 } ? fault : SimulatorFault.None, ApplyDelay = TimeSpan.FromMilliseconds(50), ConcurrencyLimit = 12,
        });
        var documents = Enumerable.Range(1, 5).Select(n => Documents.Create(n, prefix: $"{point}-{fault}")).ToList();
        await harness.TakeAsync(documents);

        // From the second time that the point is reached every worker of this life is dead at whatever point it comes to.
        var (reached, dead) = (0, false);
        KillPoint.Hook = (at, by) =>
        {
            if (by != instance) return;
            if (at == point && Interlocked.Increment(ref reached) >= (point == "sink.after_claim" ? 1 : 2)) dead = true;
            if (dead) throw new KilledException(at);
        };
        await Assert.ThrowsAsync<KilledException>(() => harness.RunUntilQuietAsync(harness.Loop(instance)));
        KillPoint.Hook = null;

        await harness.RunUntilQuietAsync(harness.Loop(instance));
        await harness.Simulator.DelayedWorkAsync();
        await harness.AssertPostedOnceAsync(documents);
        harness.AssertThreeWay(postgres.ConnectionString, documents);
    }

    [Fact]
    public async Task Another_instance_takes_over_when_the_claims_of_a_dead_one_run_out()
    {
        await using var harness = await SinkHarness.StartAsync(postgres.Database);
        var posting = SinkHarness.Fast with { CallTimeout = TimeSpan.FromMilliseconds(200) };
        var documents = Enumerable.Range(1, 3).Select(n => Documents.Create(n, prefix: "takeover")).ToList();
        await harness.TakeAsync(documents);
        KillPoint.Hook = (at, by) =>
        {
            if (by == "first" && at == "sink.after_send") throw new KilledException(at);
        };
        await Assert.ThrowsAsync<KilledException>(() => harness.RunUntilQuietAsync(harness.Loop("first", posting)));
        KillPoint.Hook = null;
        await harness.RunUntilQuietAsync(harness.Loop("second", posting));
        await harness.AssertPostedOnceAsync(documents);
    }
}
