using System.Diagnostics;
using Dapper;
using Npgsql;
using Streams.ErpSink.Ledger;

namespace Streams.ErpSink.Tests;

/// <summary>A fresh database for a test class, on the server that eng/provide-postgres provides.</summary>
public sealed class PostgresFixture : IAsyncLifetime
{
    static readonly Lazy<Task<string>> Server = new(ProvideAsync);
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

    /// <summary>The folder with Streams.sln.</summary>
    public static string Top()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "Streams.sln"))) folder = folder.Parent;
        return folder.FullName;
    }

    static async Task<string> ProvideAsync()
    {
        using var process = Process.Start(new ProcessStartInfo(Path.Combine(Top(), "eng/provide-postgres")) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output.Trim() : throw new InvalidOperationException("eng/provide-postgres failed");
    }
}
