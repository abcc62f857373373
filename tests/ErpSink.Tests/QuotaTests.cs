using System.Collections.Concurrent;
using System.Diagnostics;
using Dapper;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;

namespace Streams.ErpSink.Tests;

/// <summary>The account's quota, taken from by several instances at once, seen as the ERP sees it: when requests arrive.</summary>
public sealed class QuotaTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    static int _accounts;

    readonly string _account = $"quota{Interlocked.Increment(ref _accounts)}";

    [Fact]
    public async Task No_window_holds_more_than_the_quota_however_many_ask_at_once()
    {
        var quota = new AccountQuota { Concurrency = 6, Requests = 240, Window = TimeSpan.FromSeconds(3) };
        const int Enough = 600;
        var arrivals = new ConcurrentQueue<(long At, int UnderWay)>();
        var underWay = 0;
        var clock = Stopwatch.StartNew();
        QuotaGate[] gates = [await GateAsync("instance-0", quota), await GateAsync("instance-1", quota), await GateAsync("instance-2", quota)];
        await Task.WhenAll(Enumerable.Range(0, 12).Select(async n =>
        {
            var gate = gates[n % 3];
            var random = new Random(n);
            while (arrivals.Count < Enough && clock.Elapsed < TimeSpan.FromMinutes(3))
            {
                var slot = await gate.TakeAsync(urgent: false, CancellationToken.None);
                await Task.Delay(random.Next(0, 8));
                arrivals.Enqueue((clock.Elapsed.Ticks, Interlocked.Increment(ref underWay)));
                await Task.Delay(random.Next(0, 8));
                Interlocked.Decrement(ref underWay);
                await gate.GiveAsync(slot);
            }
        }));
        var times = arrivals.Select(a => a.At).Order().ToList();
        // How much of it is used depends on the machine here; QuotaOutageTests says so in virtual time.
        Assert.InRange(times.Count, Enough, int.MaxValue);
        Assert.InRange(Largest(times, quota.Window), 1, 240);
        Assert.InRange(arrivals.Max(a => a.UnderWay), 2, 6);
    }

    [Fact]
    public async Task A_place_that_was_taken_and_never_given_back_comes_free_when_its_lease_ends()
    {
        var gate = await GateAsync("dies", new AccountQuota { Concurrency = 1 }, lease: TimeSpan.FromMinutes(1));
        Assert.NotNull((await gate.TryTakeAsync(false, default)).Slot);
        var (slot, wait) = await gate.TryTakeAsync(false, default);
        Assert.Null(slot);
        Assert.InRange(wait, TimeSpan.FromTicks(1), TimeSpan.FromMinutes(1));
        await using (var connection = await postgres.Database.OpenConnectionAsync())
        {
            Assert.InRange(await connection.ExecuteScalarAsync<TimeSpan>("select free_at - clock_timestamp() from erp.slot where account = @_account and kind = 'way'", new { _account }), TimeSpan.FromTicks(1), TimeSpan.FromMinutes(1));
            await connection.ExecuteAsync("update erp.slot set free_at = clock_timestamp() where account = @_account", new { _account });
        }
        Assert.NotNull((await gate.TryTakeAsync(false, default)).Slot);
    }

    [Fact]
    public async Task A_place_that_was_not_used_counts_for_nothing()
    {
        var gate = await GateAsync("a", new AccountQuota { Concurrency = 1, Requests = 2, Window = TimeSpan.FromMinutes(1) });
        for (var i = 0; i < 5; i++) await gate.ReturnAsync(await gate.TakeAsync(false, TimeSpan.FromSeconds(5), default) ?? throw new InvalidOperationException("there was no place"));
        for (var i = 0; i < 2; i++) await gate.GiveAsync((await gate.TryTakeAsync(urgent: true, default)).Slot!.Value);
        Assert.Null((await gate.TryTakeAsync(urgent: true, default)).Slot);
    }

    [Fact]
    public async Task Who_waits_no_longer_keeps_no_place_and_priority_work_does_not_stand_behind_the_others()
    {
        var gate = await GateAsync("a", new AccountQuota { Concurrency = 2, Reserve = 1 });
        var other = await gate.TakeAsync(urgent: false, default);
        var waiting = gate.TakeAsync(urgent: false, TimeSpan.FromSeconds(30), default);
        await gate.GiveAsync(await gate.TakeAsync(urgent: true, TimeSpan.FromSeconds(5), default) ?? throw new InvalidOperationException("the reserve was not there"));
        await gate.GiveAsync(other);
        var taken = await waiting;
        Assert.Equal(other, taken);
        Assert.Null(await gate.TakeAsync(urgent: false, TimeSpan.FromMilliseconds(50), default));
        await gate.GiveAsync(taken!.Value);
        Assert.NotNull((await gate.TryTakeAsync(urgent: false, default)).Slot);
    }

    [Fact]
    public async Task Priority_work_has_a_reserve_that_others_cannot_take()
    {
        var gate = await GateAsync("a", new AccountQuota { Concurrency = 4, Reserve = 1 });
        for (var i = 0; i < 3; i++) Assert.NotNull((await gate.TryTakeAsync(urgent: false, default)).Slot);
        Assert.Null((await gate.TryTakeAsync(urgent: false, default)).Slot);
        Assert.NotNull((await gate.TryTakeAsync(urgent: true, default)).Slot);
        Assert.Null((await gate.TryTakeAsync(urgent: true, default)).Slot);
    }

    [Fact]
    public async Task All_instances_pause_for_as_long_as_the_ERP_asks_and_take_less_afterwards()
    {
        var quota = new AccountQuota { Concurrency = 2, Requests = 100, Window = TimeSpan.FromSeconds(60) };
        var (one, other) = (await GateAsync("one", quota), await GateAsync("other", quota));
        await one.ThrottledAsync(TimeSpan.FromMinutes(2), _ => TimeSpan.FromHours(1));
        var (slot, wait) = await other.TryTakeAsync(urgent: true, default);
        Assert.Null(slot);
        Assert.InRange(wait, TimeSpan.FromTicks(1), TimeSpan.FromMinutes(2));
        await EndPauseAsync();
        Assert.NotNull((await other.TryTakeAsync(urgent: true, default)).Slot);
        Assert.Equal(50, await ShareAsync());
        for (var i = 0; i < 5; i++) await other.RecoveredAsync();
        Assert.Equal(100, await ShareAsync());
    }

    [Fact]
    public async Task Refusals_in_a_row_lengthen_the_pause_once_for_each_burst()
    {
        var gate = await GateAsync("one", new AccountQuota());
        var asked = new List<int>();
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => gate.ThrottledAsync(null, earlier =>
        {
            lock (asked) asked.Add(earlier);
            return TimeSpan.FromMinutes(1);
        })));
        Assert.Equal([0], asked);
        await EndPauseAsync();
        await gate.ThrottledAsync(null, earlier =>
        {
            asked.Add(earlier);
            return TimeSpan.FromMilliseconds(1);
        });
        Assert.Equal([0, 1], asked);
    }

    [Theory]
    [InlineData(0, null, 0, "quota.concurrency 0")]
    [InlineData(3, 0, 0, "quota.requests 0")]
    [InlineData(3, null, 3, "quota.reserve 3")]
    public void A_quota_that_makes_no_sense_is_refused_by_name(int concurrency, int? requests, int reserve, string fault) =>
        Assert.StartsWith(fault, Assert.Throws<ArgumentException>(() => new AccountQuota { Concurrency = concurrency, Requests = requests, Reserve = reserve }.Validate()).Message, StringComparison.Ordinal);

    async Task<QuotaGate> GateAsync(string instance, AccountQuota quota, TimeSpan? lease = null)
    {
        var gate = new QuotaGate(postgres.Database, _account, instance, quota, lease ?? TimeSpan.FromSeconds(30), TimeProvider.System);
        await gate.PrepareAsync();
        return gate;
    }

    async Task EndPauseAsync()
    {
        await using var connection = await postgres.Database.OpenConnectionAsync();
        await connection.ExecuteAsync("update erp.quota set paused_until = clock_timestamp() where account = @_account", new { _account });
    }

    async Task<int> ShareAsync()
    {
        await using var connection = await postgres.Database.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<int>("select share from erp.quota where account = @_account", new { _account });
    }

    /// <summary>Requests in the fullest window of the length, wherever it begins.</summary>
    static int Largest(List<long> times, TimeSpan window)
    {
        var (largest, first) = (0, 0);
        for (var last = 0; last < times.Count; last++)
        {
            while (times[last] - times[first] >= window.Ticks) first++;
            largest = Math.Max(largest, last - first + 1);
        }
        return largest;
    }
}
