using Npgsql;

namespace Streams.Testing;

/// <summary>A database of a test's own, dropped at its end under whoever is still connected.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly string _server;

    private TestDatabase(string server) => _server = server;

    public string Name { get; } = $"test_{Guid.NewGuid():N}";

    public string ConnectionString => new NpgsqlConnectionStringBuilder(_server) { Database = Name, MaxPoolSize = 20, Timeout = 60, CommandTimeout = 300 }.ConnectionString;

    /// <summary>An empty one, on the server that tests share unless another is named.</summary>
    public static async Task<TestDatabase> CreateAsync(string? server = null)
    {
        var database = new TestDatabase(server ?? await PostgresServer.Shared.Value);
        await database.OnServerAsync($"create database {database.Name}");
        return database;
    }

    /// <summary>Runs a statement beside the database, by a connection of its own, for as long as it takes: databases are dropped behind a checkpoint of all that tests wrote.</summary>
    public async Task OnServerAsync(string statement)
    {
        await using var connection = new NpgsqlConnection(_server + ";Pooling=false;Timeout=60;Command Timeout=0");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statement, connection);
        await command.ExecuteNonQueryAsync();
    }

    public Task DropAsync() => OnServerAsync($"drop database if exists {Name} with (force)");

    public async ValueTask DisposeAsync() => await DropAsync();
}
