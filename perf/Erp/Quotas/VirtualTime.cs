using Dapper;
using Npgsql;

namespace Streams.Perf.Erp.Quotas;

/// <summary>
/// Events in the order of their time, and that time as PostgreSQL's own: the ledger's functions take <c>clock_timestamp()</c> from the schema that stands before pg_catalog in the
/// search path of these connections. Hours of quota pass as fast as the database answers.
/// </summary>
public sealed class VirtualTime : IAsyncDisposable
{
    readonly PriorityQueue<Func<Task>, (long At, long Sequence)> _events = new();
    long _sequence;

    VirtualTime(NpgsqlDataSource database) => Database = database;

    public static DateTimeOffset Start { get; } = new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>One connection, whose clock is this one.</summary>
    public NpgsqlDataSource Database { get; }

    /// <summary>Ticks since <see cref="Start"/>.</summary>
    public long Now { get; private set; }

    /// <param name="connection">A database with the ledger's schema.</param>
    public static async Task<VirtualTime> CreateAsync(string connection)
    {
        var own = new NpgsqlConnectionStringBuilder(connection)
        {
            SearchPath = "virtual,pg_catalog,public", MaxPoolSize = 1, NoResetOnClose = true, MaxAutoPrepare = 20, Enlist = false, Options = "-c synchronous_commit=off",
        };
        var time = new VirtualTime(NpgsqlDataSource.Create(own.ConnectionString));
        await using (var c = await time.Database.OpenConnectionAsync())
        {
            await c.ExecuteAsync("""
                create schema if not exists virtual;
                create or replace function virtual.clock_timestamp() returns timestamptz language sql volatile as $$ select cast(pg_catalog.current_setting('virtual.now') as timestamptz) $$
                """);
        }
        await time.SetAsync(0);
        return time;
    }

    public void At(long ticks, Func<Task> what) => _events.Enqueue(what, (Math.Max(ticks, Now), ++_sequence));

    public void After(TimeSpan wait, Func<Task> what) => At(Now + wait.Ticks, what);

    /// <summary>Lets the time pass up to that moment.</summary>
    public async Task RunAsync(TimeSpan until)
    {
        while (_events.TryPeek(out var what, out var due) && due.At <= until.Ticks)
        {
            _events.Dequeue();
            if (due.At > Now) await SetAsync(due.At);
            await what();
        }
        await SetAsync(until.Ticks);
    }

    public ValueTask DisposeAsync() => Database.DisposeAsync();

    async Task SetAsync(long ticks)
    {
        Now = ticks;
        await using var c = await Database.OpenConnectionAsync();
        await c.ExecuteAsync("select set_config('virtual.now', @now, false)", new { now = (Start + TimeSpan.FromTicks(ticks)).ToString("yyyy-MM-dd HH:mm:ss.ffffff'+00'", System.Globalization.CultureInfo.InvariantCulture) });
    }
}
