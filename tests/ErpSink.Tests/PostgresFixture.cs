using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.Testing;

namespace Streams.ErpSink.Tests;

/// <summary>A fresh database for a test class, on the server that eng/provide-postgres provides.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    TestDatabase _database = null!;

    public string ConnectionString => _database.ConnectionString;

    public NpgsqlDataSource Database { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        Database = NpgsqlDataSource.Create(ConnectionString);
        await LedgerSchema.ApplyAsync(Database);
    }

    public async Task DisposeAsync()
    {
        await Database.DisposeAsync();
        await _database.DisposeAsync();
    }
}
