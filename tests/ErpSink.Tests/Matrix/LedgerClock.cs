using System.Diagnostics;
using Dapper;
using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.Testing;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>What is next in an account.</summary>
/// <param name="IsQuiet">Nothing is under way; what is planned waits for a document that a person has to see to.</param>
/// <param name="Wait">Until the ledger lets something more be done, where it says so.</param>
sealed record Outlook(bool IsQuiet, TimeSpan? Wait);

/// <summary>
/// A ledger whose clock can be moved: clock_timestamp() of its sessions is found before PostgreSQL's own. Nothing in the ledger is another than in production.
/// </summary>
sealed class LedgerClock : IAsyncDisposable
{
    const string Functions = """
        create schema virtual;
        create table virtual.clock (shift interval not null);
        insert into virtual.clock values ('0');
        create function virtual.clock_timestamp() returns timestamptz language plpgsql volatile as 'begin return pg_catalog.clock_timestamp() + (select shift from virtual.clock); end';
        create function virtual.now() returns timestamptz language plpgsql stable as 'begin return pg_catalog.now() + (select shift from virtual.clock); end';
        """;

    static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    readonly TestDatabase _test;
    readonly SemaphoreSlim _turn = new(1, 1);
    NpgsqlConnection _own = null!;
    long _shift;

    LedgerClock(TestDatabase test) => _test = test;

    public NpgsqlDataSource Database { get; private set; } = null!;

    public string ConnectionString => new NpgsqlConnectionStringBuilder(_test.ConnectionString) { SearchPath = "virtual,pg_catalog,public", Options = "-c jit=off", MaxPoolSize = 12 }.ConnectionString;

    /// <param name="server">Another than the tests share.</param>
    public static async Task<LedgerClock> StartAsync(string? server)
    {
        var ledger = new LedgerClock(await TestDatabase.CreateAsync(server));
        ledger._own = await ledger.ConnectAsync();
        await ledger._own.ExecuteAsync(Functions);
        ledger.Database = NpgsqlDataSource.Create(ledger.ConnectionString);
        await LedgerSchema.ApplyAsync(ledger.Database);
        return ledger;
    }

    /// <summary>Sets the clock to where it is with that: a server that comes back after a crash has lost nothing of it.</summary>
    public Task MoveAsync(TimeSpan by)
    {
        var shift = TimeSpan.FromTicks(Interlocked.Add(ref _shift, by.Ticks));
        return OwnAsync(own => own.ExecuteAsync("update virtual.clock set shift = @shift", new { shift }));
    }

    public async Task<Outlook> OutlookAsync(string account)
    {
        var (quiet, wait) = await OwnAsync(own => own.QuerySingleAsync<(bool, TimeSpan?)>("""
            with moment as materialized (select clock_timestamp() as at),
            open as (select p.*, p.state = 'planned' and not erp.is_its_turn(p) as waits from erp.posting p where p.account = @account and p.state = any(@UnderWay)),
            work as (select count(*) filter (where not waits) as open,
                            bool_or(not waits and claimed_until is null and next_try_at <= m.at and state in ('planned', 'unknown', 'accepted', 'created')) as due,
                            min(coalesce(claimed_until, next_try_at)) filter (where not waits and coalesce(claimed_until, next_try_at) > m.at) as later
                     from open cross join moment m)
            select open = 0, case when due then greatest(
                       (select max(paused_until) from erp.quota where account = @account and paused_until > m.at),
                       (select min(free_at) from erp.slot where account = @account and kind = 'way' having min(free_at) > m.at)) else later end - m.at
            from work cross join moment m
            """, new { account, DocumentState.UnderWay }));
        return new Outlook(quiet, wait);
    }

    public async Task<List<T>> QueryAsync<T>(string sql, object? of = null) => (await OwnAsync(own => own.QueryAsync<T>(sql, of))).AsList();

    public async ValueTask DisposeAsync()
    {
        await Database.DisposeAsync();
        await _own.DisposeAsync();
        await _test.DisposeAsync();
    }

    async Task<NpgsqlConnection> ConnectAsync()
    {
        var connection = new NpgsqlConnection(ConnectionString + ";Pooling=false;Application Name=clock");
        await connection.OpenAsync();
        // The clock's moves need not be durable: whoever connects sets it again.
        await connection.ExecuteAsync("set synchronous_commit = off");
        return connection;
    }

    /// <summary>A server that is away is waited for, as the sink does.</summary>
    async Task<T> OwnAsync<T>(Func<NpgsqlConnection, Task<T>> ask)
    {
        for (var began = Stopwatch.StartNew(); ; await Task.Delay(50))
        {
            await _turn.WaitAsync();
            try
            {
                if (_own.State == System.Data.ConnectionState.Open) return await ask(_own);
                await _own.DisposeAsync();
                _own = await ConnectAsync();
                await _own.ExecuteAsync("update virtual.clock set shift = @shift", new { shift = TimeSpan.FromTicks(Interlocked.Read(ref _shift)) });
            }
            catch (NpgsqlException) when (began.Elapsed < Patience)
            {
                // Not there yet, or the connection broke: the next round makes a new one.
            }
            finally
            {
                _turn.Release();
            }
        }
    }
}
