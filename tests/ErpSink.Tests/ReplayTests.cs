using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Replay;
using Streams.Schemas;

namespace Streams.ErpSink.Tests;

/// <summary>Replays of parts of the documents topic: interrupted, repeated, refused.</summary>
[Collection("kill points")]
public sealed class ReplayTests : IAsyncLifetime, IDisposable
{
    sealed class KilledException(string point) : Exception($"killed at {point}");

    const int Total = 1_300;

    Plant _plant = null!;

    static readonly List<ErpDocument> Made = [.. Enumerable.Range(1, Total).Select(n => Documents.Create(n, n % 4 == 0 ? "2026-02" : "2026-01", prefix: "replay"))];

    public async Task InitializeAsync() => _plant = await Plant.StartAsync();

    public async Task DisposeAsync() => await _plant.DisposeAsync();

    public void Dispose() => KillPoint.Hook = null;

    [Fact]
    public async Task Interrupted_at_each_step_it_goes_on_where_it_was_and_takes_each_document_once()
    {
        await _plant.ProduceAsync(Made);
        using var host = _plant.Build(o => o with { Instance = "replay" });
        var planner = host.Services.GetRequiredService<ReplayPlanner>();
        var (run, plan) = await planner.PlanAsync(new ReplayScope(), "ann");
        Assert.Equal((Total, Total), (plan.Affected.Sum(m => m.Documents), plan.ToBePosted.Sum(m => m.Documents)));
        Assert.Equal(("OPEN", (long)Total), (plan.Costs.Single().Account, plan.Costs.Single().Documents));
        foreach (var (point, nth) in new[] { ("replay.after_begin", 1), ("replay.before_batch", 1), ("replay.after_batch", 1), ("replay.before_batch", 2), ("replay.after_batch", 1), ("replay.before_end", 1) })
        {
            var reached = 0;
            KillPoint.Hook = (at, by) =>
            {
                if (by == "replay" && at == point && Interlocked.Increment(ref reached) == nth) throw new KilledException(at);
            };
            await Assert.ThrowsAsync<KilledException>(() => planner.ExecuteAsync(run.Id, "ann"));
            Assert.Equal("running", (await planner.Runs.ListAsync(run.Id)).Single().State);
        }
        KillPoint.Hook = null;
        run = await planner.ExecuteAsync(run.Id, "bob");
        Assert.Equal(("done", (long)Total, (long)Total, 0L, 0L), (run.State, run.Records, run.Planned, run.Compared, run.Left));
        Assert.Equal(Total, await _plant.QueryAsync<long>("select count(*) from erp.posting where state = 'planned'"));

        // Once more: it is over; a new plan of the same only compares.
        Assert.Contains("is done", (await Assert.ThrowsAsync<ReplayRefusedException>(() => planner.ExecuteAsync(run.Id, "bob"))).Message, StringComparison.Ordinal);
        var (again, same) = await planner.PlanAsync(new ReplayScope(), "ann");
        Assert.Equal((0, (long)Total), (same.ToBePosted.Count, same.UnderWayOrListed));
        again = await planner.ExecuteAsync(again.Id, "ann");
        Assert.Equal((0L, (long)Total), (again.Planned, again.Compared));
    }

    [Fact]
    public async Task Scopes_cover_what_they_say_and_the_plan_is_held_against_the_world()
    {
        await _plant.ProduceAsync(Made[..200]);
        using var host = _plant.Build();
        var planner = host.Services.GetRequiredService<ReplayPlanner>();
        await CoversAsync(new ReplayScope { Period = "2026-02" }, 50);
        await CoversAsync(new ReplayScope { Customer = Made[6].CustomerId }, 1);
        await CoversAsync(new ReplayScope { Keys = [Made[3].DocumentKey, Made[4].DocumentKey] }, 2);
        await CoversAsync(new ReplayScope { ToDatetime = DateTimeOffset.UtcNow.AddHours(1) }, 0);
        await CoversAsync(new ReplayScope { ToDatetime = DateTimeOffset.UtcNow.AddHours(-1), Partitions = [0, 1] }, 200);
        var second = await CoversAsync(new ReplayScope { Offsets = new Dictionary<int, long> { [1] = 0 } }, null);
        await CoversAsync(new ReplayScope { Partitions = [0] }, 200 - second);
        await Assert.ThrowsAsync<ArgumentException>(() => planner.PlanAsync(new ReplayScope { ToOffset = 1, ShiftBy = 2 }, "ann"));
        await Assert.ThrowsAsync<ReplayRefusedException>(() => planner.PlanAsync(new ReplayScope { Batch = 4711 }, "ann"));

        var (moved, _) = await planner.PlanAsync(new ReplayScope(), "ann");
        await _plant.ProduceAsync(Made[200..201]);
        Assert.Contains("moved", (await Assert.ThrowsAsync<ReplayRefusedException>(() => planner.ExecuteAsync(moved.Id, "ann"))).Message, StringComparison.Ordinal);

        // Posted documents are known by the call that they were in, and by where they stand in the topic.
        await _plant.RunUntilAsync("select count(*) filter (where state = 'confirmed') = 201 from erp.posting");
        var (call, documents) = (await _plant.QueryAsync<long>("select max(call_id) from erp.attempt"), await _plant.QueryAsync<long>("select count(distinct document_key) from erp.attempt where call_id = (select max(call_id) from erp.attempt)"));
        await CoversAsync(new ReplayScope { Batch = call }, documents);
        await CoversAsync(new ReplayScope { ShiftBy = -3 }, null, least: 1);
        var (_, known) = await planner.PlanAsync(new ReplayScope { Keys = [Made[3].DocumentKey] }, "ann");
        Assert.Equal(1, known.Partitions.Sum(p => p.End - p.New));

        async Task<long> CoversAsync(ReplayScope scope, long? expected, long least = 0)
        {
            var (_, plan) = await planner.PlanAsync(scope, "ann");
            var covered = plan.Affected.Sum(m => m.Documents);
            if (expected is { } n) Assert.Equal(n, covered);
            Assert.True(covered >= least);
            return covered;
        }
    }

    [Fact]
    public async Task A_period_that_is_signed_off_is_not_posted_into()
    {
        await _plant.ProduceAsync(Made[..8]);
        using var host = _plant.Build();
        await _plant.QueryAsync<long?>("insert into erp.sign_off (period, legal_entity, figures, figures_hash, signed_by) values ('2026-02', 'US01', '[]', repeat('0', 64), 'ann') returning id");
        var planner = host.Services.GetRequiredService<ReplayPlanner>();
        var (run, plan) = await planner.PlanAsync(new ReplayScope { Period = "2026-02" }, "ann");
        Assert.Equal(2, plan.IntoSignedOff);
        Assert.Contains("signed off", (await Assert.ThrowsAsync<ReplayRefusedException>(() => planner.ExecuteAsync(run.Id, "ann"))).Message, StringComparison.Ordinal);
        Assert.Equal(0, await _plant.QueryAsync<long>("select count(*) from erp.document"));
    }

    [Fact]
    public async Task An_aborted_one_stops_before_its_next_batch_and_one_runs_at_a_time()
    {
        await _plant.ProduceAsync(Made);
        using var host = _plant.Build(o => o with { Instance = "abort" });
        var planner = host.Services.GetRequiredService<ReplayPlanner>();
        var (run, _) = await planner.PlanAsync(new ReplayScope(), "ann");
        KillPoint.Hook = (at, by) =>
        {
            if (by != "abort" || at != "replay.after_batch") return;
            Assert.Throws<ReplayRefusedException>(() => planner.ExecuteAsync(run.Id, "bob").GetAwaiter().GetResult());
            planner.Runs.AbortAsync(run.Id, "bob", CancellationToken.None).GetAwaiter().GetResult();
            KillPoint.Hook = null;
        };
        await Assert.ThrowsAsync<ReplayRefusedException>(() => planner.ExecuteAsync(run.Id, "ann"));
        var aborted = (await planner.Runs.ListAsync(run.Id)).Single();
        Assert.Equal(("aborted", "bob", aborted.Records), (aborted.State, aborted.AbortedBy, await _plant.QueryAsync<long>("select count(*) from erp.document")));
        Assert.InRange(aborted.Records, 1, Total - 1);
        await Assert.ThrowsAsync<ReplayRefusedException>(() => planner.ExecuteAsync(run.Id, "ann"));
        Assert.Equal(run.Id, await planner.Runs.FindAsync(run.PlanHash[..12]));
        await Assert.ThrowsAsync<ReplayRefusedException>(() => planner.Runs.FindAsync("0000000000"));
    }
}
