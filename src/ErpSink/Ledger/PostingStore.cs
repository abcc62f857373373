using Dapper;
using Npgsql;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.Ledger;

/// <summary>The claims, calls and outcomes of one instance in one account. Every method is one transaction; times are the database's, so that instances agree.</summary>
public sealed class PostingStore(NpgsqlDataSource database, string account, string instance, PostingOptions options)
{
    const int LedgerDigits = 12;
    const string WentBack = "ER012";

    long _lastCall;
    string? _ledger;
    Front? _front;

    /// <summary>How far the documents that are due have been worked on: where the most urgent one stood when it was last looked for.</summary>
    sealed record Front(short Priority, DateTime DueAt, DateTime Walked);

    public string Account => account;

    internal string Instance => instance;

    internal TimeSpan Lease => options.ClaimLease;

    /// <summary>
    /// Takes back what a dead instance had in hand, this one's own former life included when <paramref name="own"/>: what was only claimed is planned
    /// again, what may have been sent is unknown. Returns how many of each.
    /// </summary>
    public async Task<(int Planned, int Unknown)> RecoverAsync(bool own, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var recovered = await connection.QuerySingleAsync<(int Planned, int Unknown)>(
            "select planned, unknown from erp.recover(@account, @instance, @own, @SettleDelay)", new { account, instance, own, options.SettleDelay });
        if (own || recovered.Planned > 0) LookFromTheBeginning();
        return recovered;
    }

    /// <summary>Whether the most urgent due document is priority work; null when nothing is due.</summary>
    public async Task<bool?> UrgencyAsync(CancellationToken cancel = default)
    {
        var last = Volatile.Read(ref _front);
        await using var connection = await database.OpenConnectionAsync(cancel);
        var (priority, due, walked) = await connection.QuerySingleAsync<(short?, DateTime?, DateTime)>(
            "select priority, due_at, walked from erp.urgency(@account, @priority, @due, @walked)", new { account, priority = (int?)last?.Priority, due = last?.DueAt, walked = last?.Walked });
        if (priority is not { } found)
        {
            if (last is not null) Volatile.Write(ref _front, last with { Walked = walked });
            return null;
        }
        Volatile.Write(ref _front, new Front(found, due!.Value, walked));
        return found > 0;
    }

    /// <summary>
    /// Claims due documents for one call: the most urgent one, and others in its state, of its kind where calls must not mix kinds, and as few as it was split to.
    /// A document waits for the earlier revisions of its series and a receipt for what it pays; nothing else waits for anything. Null when nothing is due.
    /// </summary>
    public async Task<Claim?> ClaimAsync(ErpBatching batching, CancellationToken cancel = default)
    {
        if (Volatile.Read(ref _front) is null && await UrgencyAsync(cancel) is null) return null;
        var connection = await database.OpenConnectionAsync(cancel);
        NpgsqlTransaction? transaction = null;
        try
        {
            transaction = await connection.BeginTransactionAsync(cancel);
            var from = Volatile.Read(ref _front) ?? new Front(short.MaxValue, DateTime.UnixEpoch, default);
            var documents = (await connection.QueryAsync<ClaimedDocument>("""
                select document_key as DocumentKey, state as State, content as Content, attempts as Attempts, absences as Absences, erp_id as ErpId, job as Job,
                       posting_date as PostingDate, split as Split, finished as Finished, age as Age
                from erp.claim(@account, @BatchSize, @looked, @SameKind, @priority, @DueAt, @JobPatience)
                """, new { account, batching.BatchSize, looked = batching.LookUpSize ?? batching.BatchSize, batching.SameKind, priority = (int)from.Priority, from.DueAt, options.JobPatience }, transaction)).AsList();
            if (documents.Count > 0) return new Claim(this, connection, transaction, documents);
        }
        catch
        {
            await ReleaseAsync(connection, transaction);
            throw;
        }
        await ReleaseAsync(connection, transaction);
        return null;
    }

    /// <summary>
    /// A call's name for the ERP, at most 32 characters: the ledger's own name begins it, so that two ledgers that post to one account never use the same. An ERP that
    /// knows a name answers as it did the first time.
    /// </summary>
    public async Task<string> NameOfAsync(long call, CancellationToken cancel = default)
    {
        if (_ledger is null)
        {
            await using var connection = await database.OpenConnectionAsync(cancel);
            _ledger = (await connection.ExecuteScalarAsync<string>("select replace(ledger::text, '-', '') from erp.audit_head"))![..LedgerDigits];
        }
        return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{_ledger}-{call}");
    }

    /// <summary>Ends a call with what became of each document.</summary>
    /// <param name="next">A call that follows at once, on record in the same write, for the documents that are kept.</param>
    /// <returns>The call that follows, and the documents that are still this instance's; the others are another's now.</returns>
    public async Task<(long Call, HashSet<string> Held)> SettleAsync(
        long call, IReadOnlyList<Settlement> settlements, string receiptsTopic, ErpCall? next = null, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await SettleAsync(connection, call, settlements, receiptsTopic, next);
    }

    internal async Task<(long Call, HashSet<string> Held)> SettleAsync(NpgsqlConnection connection, long? call, IReadOnlyList<Settlement> settlements, string receiptsTopic, ErpCall? next)
    {
        var seen = Interlocked.Read(ref _lastCall);
        var (following, held) = await HeedNumbersAsync(() => connection.QuerySingleAsync<(long?, string[])>("""
            select next_id, held from erp.settle(@account, @instance, @call, @next, @seen, @receiptsTopic, @keys, @outcomes, @statuses, @codes, @details, @ids, @states, @jobs, @dates, @absences,
                @uncounted, @splits, @moves, @mappings, @delays, @keeps, @opens, @receipts)
            """, new
        {
            account, instance, call, next = next?.Name(), seen, receiptsTopic, keys = Each(s => s.DocumentKey), outcomes = Each(s => s.Answer.OutcomeName), statuses = Each(s => s.Answer.HttpStatus),
            codes = Each(s => s.Answer.Code), details = Each(s => Short(s.Answer.Detail)), ids = Each(s => s.Answer.ErpId), states = Each(s => s.State), jobs = Each(s => s.Answer.Job),
            dates = Each(s => s.Answer.PostedOn), absences = Each(s => s.Absences), uncounted = Each(s => s.Uncounted), splits = Each(s => s.Split), moves = Each(s => s.PostingDate),
            mappings = Each(s => s.Mapping), delays = Each(s => s.Delay), keeps = Each(s => s.KeepsClaim), opens = Each(s => s.OpensWorkItem), receipts = Each(s => s.Receipt),
        }));
        if (following is { } made) Remember(made);
        return (following ?? 0, held.ToHashSet(StringComparer.Ordinal));

        T[] Each<T>(Func<Settlement, T> part)
        {
            var values = new T[settlements.Count];
            for (var i = 0; i < values.Length; i++) values[i] = part(settlements[i]);
            return values;
        }
    }

    internal async Task<long> BeginAsync(NpgsqlConnection connection, ErpCall kind, IReadOnlyList<string> keys)
    {
        var seen = Interlocked.Read(ref _lastCall);
        var call = await HeedNumbersAsync(() => connection.ExecuteScalarAsync<long>("select erp.begin_call(@account, @kind, @instance, @Lease, @seen, @keys)",
            new { account, kind = kind.Name(), instance, Lease, seen, keys = keys.ToArray() }));
        Remember(call);
        return call;
    }

    /// <summary>Something may be due again that stands before what is looked at.</summary>
    internal void LookFromTheBeginning() => Volatile.Write(ref _front, null);

    void Remember(long call)
    {
        for (var last = Interlocked.Read(ref _lastCall); call > last;) last = Interlocked.CompareExchange(ref _lastCall, call, last);
    }

    static async Task<T> HeedNumbersAsync<T>(Func<Task<T>> write)
    {
        try
        {
            return await write();
        }
        catch (PostgresException e) when (e.SqlState == WentBack)
        {
            throw new LedgerWentBackException(e.MessageText);
        }
    }

    static async Task ReleaseAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction)
    {
        if (transaction is not null) await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }

    static string? Short(string? detail) => detail?.Length > 2000 ? detail[..2000] : detail;
}
