using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Dapper;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.Schemas;

namespace Streams.ErpSink.Replay;

/// <summary>
/// Adds up what a replay meets, a batch at a time. What was met already stands in a temporary table of the database, so that a million documents take no memory here.
/// </summary>
sealed class ReplayTally : IAsyncDisposable
{
    readonly NpgsqlConnection _connection;
    readonly SortedDictionary<string, ReplayMoney> _affected = new(StringComparer.Ordinal);
    readonly SortedDictionary<string, ReplayMoney> _toBePosted = new(StringComparer.Ordinal);
    readonly SortedDictionary<int, long> _records = [];
    readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    readonly Func<ErpDocument, string?> _account;
    long _confirmed, _underWay, _conflicts, _rejected, _signedOff;

    ReplayTally(NpgsqlConnection connection, Func<ErpDocument, string?> account) => (_connection, _account) = (connection, account);

    /// <summary>Documents to be posted by the account that they go to.</summary>
    public SortedDictionary<string, long> ByAccount { get; } = new(StringComparer.Ordinal);

    public static async Task<ReplayTally> StartAsync(NpgsqlDataSource database, Func<ErpDocument, string?> account, CancellationToken cancel)
    {
        var connection = await database.OpenConnectionAsync(cancel);
        // The session may be one that has counted before.
        await connection.ExecuteAsync("drop table if exists pg_temp.replay_seen; create temp table replay_seen (key text primary key, hash text not null)");
        return new ReplayTally(connection, account);
    }

    public async Task AddAsync(ScannedBatch batch)
    {
        _records[batch.Partition] = _records.GetValueOrDefault(batch.Partition) + batch.Records.Count;
        var documents = batch.Records.Where(r => r.Document is not null).Select(r => r.Document!).ToList();
        var of = new { keys = documents.Select(d => d.DocumentKey).ToArray(), hashes = documents.Select(d => d.ContentHash).ToArray() };
        var first = (await _connection.QueryAsync<string>("""
            insert into replay_seen select distinct on (r.key) r.key, r.hash from unnest(@keys, @hashes) with ordinality as r (key, hash, n) order by r.key, r.n on conflict do nothing returning key
            """, of)).ToHashSet(StringComparer.Ordinal);
        var known = (await _connection.QueryAsync<KnownRow>("""
            select s.key as Key, coalesce(d.content_hash, s.hash) as Hash, case when d.document_key is null then null else coalesce(p.state, 'unrouted') end as State
            from replay_seen s left join erp.document d on d.document_key = s.key left join erp.posting p on p.document_key = s.key and p.mode = 'post' where s.key = any(@keys)
            """, of)).ToDictionary(r => r.Key, StringComparer.Ordinal);
        var signed = (await _connection.QueryAsync<(string, string)>("select period, legal_entity from erp.sign_off where voided_at is null")).ToHashSet();
        var accounts = await AccountsOfOriginalsAsync(batch.Records);
        foreach (var record in batch.Records)
        {
            var account = record.Reverses is { } original ? accounts.GetValueOrDefault(original) : null;
            var fate = record.Document is { } document ? Judge(document, account, known[document.DocumentKey], first.Remove(document.DocumentKey), signed) : Reject();
            _hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"{record.Record.Partition}|{record.Record.Offset}|{record.Document?.DocumentKey}|{record.Document?.ContentHash}|{fate}\n")));
        }
    }

    public ReplayPlan ToPlan(string topic, ReplayScope scope, IReadOnlyList<ReplayPartition> ranges, IReadOnlyList<ReplayCost> costs) => new(
        topic, scope, [.. ranges.Select(r => r with { Records = _records.GetValueOrDefault(r.Partition) })], [.. _affected.Values], [.. _toBePosted.Values],
        _confirmed, _underWay, _conflicts, _rejected, _signedOff, Convert.ToHexStringLower(_hash.GetHashAndReset()), costs);

    public async ValueTask DisposeAsync()
    {
        await _connection.ExecuteAsync("drop table if exists replay_seen");
        await _connection.DisposeAsync();
        _hash.Dispose();
    }

    /// <summary>A reversal goes to where its original was posted.</summary>
    async Task<Dictionary<string, string>> AccountsOfOriginalsAsync(IReadOnlyList<JudgedRecord> records)
    {
        var keys = records.Where(r => r.Reverses is not null).Select(r => r.Reverses!).Distinct().ToArray();
        if (keys.Length == 0) return [];
        var rows = await _connection.QueryAsync<(string Key, string Account)>("select document_key, min(account) from erp.posting where document_key = any(@keys) and mode = 'post' group by 1", new { keys });
        return rows.ToDictionary(r => r.Key, r => r.Account, StringComparer.Ordinal);
    }

    string Reject()
    {
        _rejected++;
        return "rejected";
    }

    string Judge(ErpDocument document, string? fixedAccount, KnownRow known, bool isFirst, HashSet<(string, string)> signed)
    {
        if (known.Hash != document.ContentHash)
        {
            _conflicts++;
            return "conflict";
        }
        if (!isFirst) return "seen";
        Count(_affected, document);
        if (known.State == DocumentState.Confirmed) _confirmed++;
        else if (known.State is not null) _underWay++;
        else if ((fixedAccount ?? _account(document)) is { } account)
        {
            Count(_toBePosted, document);
            ByAccount[account] = ByAccount.GetValueOrDefault(account) + 1;
            if (signed.Contains((document.Period, document.LegalEntity))) _signedOff++;
        }
        else return Reject();
        return known.State ?? "new";
    }

    static void Count(SortedDictionary<string, ReplayMoney> money, ErpDocument document)
    {
        var sum = money.GetValueOrDefault(document.Currency) ?? new ReplayMoney(document.Currency, 0, ExactDecimal.Zero);
        money[document.Currency] = sum with { Documents = sum.Documents + 1, Total = sum.Total + document.Total };
    }

    sealed record KnownRow(string Key, string Hash, string? State);
}
