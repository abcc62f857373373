using Dapper;
using Npgsql;
using Streams.ErpSink.Ledger;

namespace Streams.ErpSink.Tests;

/// <summary>A fresh database for a test class, on the server that eng/provide-postgres provides.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    /// <summary>The server's connection string.</summary>
    public static Lazy<Task<string>> Server => Testing.PostgresServer.Shared;

    readonly string _name = $"erp_test_{Guid.NewGuid():N}";

    public string ConnectionString { get; private set; } = "";

    public NpgsqlDataSource Database { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var server = await Server.Value;
        await using var connection = new NpgsqlConnection(server);
        await connection.ExecuteAsync($"create database {_name}");
        ConnectionString = new NpgsqlConnectionStringBuilder(server) { Database = _name, MaxPoolSize = 20 }.ConnectionString;
        Database = NpgsqlDataSource.Create(ConnectionString);
        await LedgerSchema.ApplyAsync(Database);
    }

    public async Task DisposeAsync()
    {
        await Database.DisposeAsync();
        await using var connection = new NpgsqlConnection(await Server.Value);
        await connection.ExecuteAsync($"drop database {_name} with (force)");
    }
}
