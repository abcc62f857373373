using System.Reflection;
using Dapper;
using Npgsql;

namespace Streams.ErpSink.Ledger;

/// <summary>The ledger's tables: numbered SQL files, each applied once, in order, by whichever instance comes first.</summary>
public static class LedgerSchema
{
    const long LockKey = 0x5354_524D_4552_5001;

    /// <summary>Brings the database up to date: every migration that it does not have yet, in the order of their numbers. Safe to be called by many processes at once.</summary>
    /// <exception cref="LedgerException">The server may lose what it has acknowledged, or the ledger was made by a program with migrations that this one does not have.</exception>
    public static async Task ApplyAsync(NpgsqlDataSource database, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await RefuseUnsafeServerAsync(connection);
        // A user who may only post or decide cannot migrate, and need not where there is nothing to do.
        if (await connection.ExecuteScalarAsync<bool>("select to_regclass('erp.migration') is not null") && await MissingAsync(connection) is []) return;
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await connection.ExecuteAsync("select pg_advisory_xact_lock(@LockKey)", new { LockKey }, transaction);
        await connection.ExecuteAsync("""
            create schema if not exists erp;
            create table if not exists erp.migration (version int primary key, name text not null, applied_at timestamptz not null default clock_timestamp())
            """, transaction: transaction);
        var missing = await MissingAsync(connection);
        foreach (var (version, name, sql) in missing)
        {
            await connection.ExecuteAsync(sql, transaction: transaction);
            await connection.ExecuteAsync("insert into erp.migration (version, name) values (@version, @name)", new { version, name }, transaction);
        }
        if (missing.Count > 0) await connection.ExecuteAsync("select erp.grant_roles()", transaction: transaction);
        await transaction.CommitAsync(cancel);
    }

    static async Task<List<(int Version, string Name, string Sql)>> MissingAsync(NpgsqlConnection connection)
    {
        var applied = (await connection.QueryAsync<string>("select name from erp.migration order by version")).AsList();
        var known = Migrations();
        if (applied.Except(known.Select(m => m.Name)).ToList() is [var stranger, ..])
            throw new LedgerException($"The ledger has the migration {stranger}, which this program does not: use the program that made it, or a newer one");
        return [.. known.Where(m => !applied.Contains(m.Name))];
    }

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
