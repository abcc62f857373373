using Dapper;
using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.Testing;

namespace Streams.ErpSink.Tests;

/// <summary>How a database becomes a ledger.</summary>
public sealed class MigrationTests : IAsyncLifetime
{
    TestDatabase _test = null!;
    NpgsqlDataSource _database = null!;

    [Fact]
    public async Task What_many_apply_at_once_is_applied_once()
    {
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => LedgerSchema.ApplyAsync(_database)));
        Assert.Equal(Files(), await AppliedAsync());
    }

    [Fact]
    public async Task What_is_missing_is_applied_whatever_came_before()
    {
        const string Missing = "0006_reversal.sql";
        await ExecuteAsync("create schema erp; create table erp.migration (version int primary key, name text not null, applied_at timestamptz not null default clock_timestamp())");
        foreach (var name in Files().Where(f => f != Missing))
        {
            using var reader = new StreamReader(typeof(LedgerSchema).Assembly.GetManifestResourceStream(name)!);
            await ExecuteAsync(await reader.ReadToEndAsync());
            await ExecuteAsync($"insert into erp.migration (version, name) values ({name[..4]}, '{name}')");
        }
        await LedgerSchema.ApplyAsync(_database);
        Assert.Equal(Files(), await AppliedAsync());
        await ExecuteAsync("select * from erp.reversal");
    }

    [Fact]
    public async Task A_ledger_that_another_program_made_is_refused_by_the_name_of_its_migration()
    {
        await LedgerSchema.ApplyAsync(_database);
        await ExecuteAsync("insert into erp.migration (version, name) values (9999, '9999_of_tomorrow.sql')");
        var refusal = await Assert.ThrowsAsync<LedgerException>(() => LedgerSchema.ApplyAsync(_database));
        Assert.Contains("9999_of_tomorrow.sql", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_may_lose_commits_is_refused()
    {
        await using var unsafeServer = NpgsqlDataSource.Create(_test.ConnectionString + ";Options=-c synchronous_commit=off");
        var refusal = await Assert.ThrowsAsync<LedgerException>(() => LedgerSchema.ApplyAsync(unsafeServer));
        Assert.Contains("synchronous_commit", refusal.Message, StringComparison.Ordinal);
    }

    public async Task InitializeAsync()
    {
        _test = await TestDatabase.CreateAsync();
        _database = NpgsqlDataSource.Create(_test.ConnectionString);
    }

    public async Task DisposeAsync()
    {
        await _database.DisposeAsync();
        await _test.DisposeAsync();
    }

    static IEnumerable<string> Files() => typeof(LedgerSchema).Assembly.GetManifestResourceNames().Where(n => n.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal);

    async Task<IEnumerable<string>> AppliedAsync()
    {
        await using var connection = await _database.OpenConnectionAsync();
        return await connection.QueryAsync<string>("select name from erp.migration order by version");
    }

    async Task ExecuteAsync(string sql)
    {
        await using var connection = await _database.OpenConnectionAsync();
        await connection.ExecuteAsync(sql);
    }
}
