using System.Reflection;
using Dapper;
using Npgsql;

namespace Streams.ErpSink.Ledger;

/// <summary>The ledger's tables: numbered SQL files, each applied once, in order, by whichever instance comes first.</summary>
public static class LedgerSchema
{
    const long LockKey = 0x5354_524D_4552_5001;

    /// <summary>Brings the database up to date. Safe to be called by many processes at once.</summary>
    /// <exception cref="LedgerException">The server may lose what it has acknowledged, or the database is newer than this program.</exception>
    public static async Task ApplyAsync(NpgsqlDataSource database, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await RefuseUnsafeServerAsync(connection);
        // A user who may only post or decide cannot migrate, and need not where there is nothing to do.
        if (await PresentAsync(connection) == Migrations()[^1].Version) return;
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await connection.ExecuteAsync("select pg_advisory_xact_lock(@LockKey)", new { LockKey }, transaction);
        await connection.ExecuteAsync("""
            create schema if not exists erp;
            create table if not exists erp.migration (version int primary key, name text not null, applied_at timestamptz not null default clock_timestamp())
            """, transaction: transaction);
        var present = await connection.ExecuteScalarAsync<int>("select coalesce(max(version), 0) from erp.migration", transaction: transaction);
        var migrations = Migrations();
        if (present > migrations[^1].Version)
            throw new LedgerException($"The ledger has version {present}; this program knows {migrations[^1].Version} at most: upgrade it");
        foreach (var migration in migrations.Where(m => m.Version > present))
        {
            await connection.ExecuteAsync(migration.Sql, transaction: transaction);
            await connection.ExecuteAsync("insert into erp.migration (version, name) values (@Version, @Name)", new { migration.Version, migration.Name }, transaction);
        }
        if (present < migrations[^1].Version) await connection.ExecuteAsync("select erp.grant_roles()", transaction: transaction);
        await transaction.CommitAsync(cancel);
    }

    static async Task<int> PresentAsync(NpgsqlConnection connection) =>
        await connection.ExecuteScalarAsync<bool>("select to_regclass('erp.migration') is not null") ? await connection.ExecuteScalarAsync<int>("select coalesce(max(version), 0) from erp.migration") : 0;

    static async Task RefuseUnsafeServerAsync(NpgsqlConnection connection)
    {
        foreach (var setting in new[] { "fsync", "full_page_writes", "synchronous_commit" })
        {
            var value = await connection.ExecuteScalarAsync<string>("select current_setting(@setting)", new { setting });
            if (value is "off") throw new LedgerException($"PostgreSQL runs with {setting} = off and may lose what it has acknowledged: the ledger is not started");
        }
    }

    static List<(int Version, string Name, string Sql)> Migrations()
    {
        var assembly = typeof(LedgerSchema).Assembly;
        return [.. assembly.GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => (int.Parse(name[..4], System.Globalization.CultureInfo.InvariantCulture), name, ReadText(assembly, name)))];
    }

    static string ReadText(Assembly assembly, string name)
    {
        using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }
}

/// <summary>The ledger cannot be used as it is; the message says why.</summary>
public sealed class LedgerException(string message) : Exception(message);
