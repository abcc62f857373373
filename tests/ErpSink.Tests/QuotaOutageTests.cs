using Streams.ErpSink.Quotas;
using Streams.Perf.Erp.Quotas;

namespace Streams.ErpSink.Tests;

/// <summary>What the ERP sees when both sinks die for an hour, documents go on coming, and others take over: an hour and three quarters in virtual time.</summary>
public sealed class QuotaOutageTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    const int Allowed = 300;

    static readonly TimeSpan Window = TimeSpan.FromMinutes(5);
    static readonly AccountQuota Quota = new() { Concurrency = 5, Requests = Allowed, Window = Window };
    static readonly VirtualPace Pace = new(TimeSpan.FromMilliseconds(4), TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(2), TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(8));

    [Fact]
    public async Task After_an_hour_without_a_sink_the_backlog_is_worked_off_at_the_quota_and_never_above_it()
    {
        await using var time = await VirtualTime.CreateAsync(postgres.ConnectionString);
        var (erp, backlog) = (new CountedRequests(new(Quota.Concurrency, Allowed, Window)), new Backlog(0, 0.3m));
        var (crash, restart, caughtUp) = (TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(70), TimeSpan.FromMinutes(102));

        var died = await StartAsync(time, erp, backlog, "before");
        await time.RunAsync(crash);
        Assert.InRange(backlog.Waiting(time.Now), 0, 10);
        foreach (var sink in died) sink.Kill();
        await time.RunAsync(restart);
        Assert.InRange(backlog.Waiting(time.Now), 1070, 1095);
        await StartAsync(time, erp, backlog, "after");
        await time.RunAsync(caughtUp);

        Assert.InRange(erp.LargestWindow, Allowed - 5, Allowed);
        Assert.InRange(erp.LargestConcurrency, 1, Quota.Concurrency);
        Assert.Equal(0, erp.Refused);
        var used = erp.Between((restart + Window).Ticks, (restart + TimeSpan.FromMinutes(20)).Ticks).Requests / (Allowed * 3m);
        Assert.True(used >= 0.97m, $"{used:P1} of the quota was used while catching up");
        Assert.InRange(backlog.Waiting(time.Now), 0, 10);
        // The even pace: a tenth of the quota may come at once, then one a second.
        var halfMinute = TimeSpan.FromSeconds(30).Ticks;
        var largest = erp.Arrivals.Max(a => erp.Between(a, a + halfMinute).Requests);
        Assert.InRange(largest, 30, 61);
    }

    static async Task<List<VirtualSink>> StartAsync(VirtualTime time, CountedRequests erp, Backlog backlog, string name)
    {
        var sinks = new List<VirtualSink>();
        for (var n = 0; n < 2; n++)
        {
            var gate = new QuotaGate(time.Database, "outage", $"{name}-{n}", Quota, lease: TimeSpan.FromMinutes(8), TimeProvider.System);
            await gate.PrepareAsync();
            sinks.Add(new VirtualSink(time, gate, erp, Pace, backlog, Quota.Concurrency + 1, seed: n + 1));
            sinks[n].Start();
        }
        return sinks;
    }
}
