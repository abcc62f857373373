using Dapper;
using Npgsql;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.Ledger;

/// <summary>A document that this instance has in hand.</summary>
public sealed record ClaimedDocument(string DocumentKey, string State, byte[] Content, int Attempts, int Absences, string? ErpId);

/// <summary>How the beginning of a call went.</summary>
public enum CallStart
{
    /// <summary>The attempt is on record and a permit is held: call now.</summary>
    Begun,

    /// <summary>All permits are in use, or the account pauses.</summary>
    NoPermit,

    /// <summary>The claim ran out; another instance may have the document.</summary>
    Lost,
}

/// <summary>The claims, permits and attempts of one instance. Every method is one transaction; times are the database's, so that instances agree.</summary>
public sealed class PostingStore(NpgsqlDataSource database, string account, string instance, PostingOptions options)
{
    /// <summary>Makes the account's permits and pace known.</summary>
    public async Task PrepareAsync(CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync("""
            insert into erp.permit (account, slot) select @account, generate_series(0, @limit - 1) on conflict do nothing;
            insert into erp.pace (account) values (@account) on conflict do nothing
            """, new { account, limit = options.ConcurrencyLimit });
    }

    /// <summary>
    /// Takes back what a dead instance had in hand, this one's own former life included when <paramref name="own"/>: what was only claimed is planned
    /// again, what may have been sent is unknown. Returns how many of each.
    /// </summary>
    public async Task<(int Planned, int Unknown)> RecoverAsync(bool own, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var of = new { own, instance, settle = options.SettleDelay };
        var planned = await connection.ExecuteAsync("""
            update erp.document set state = 'planned', claimed_by = null, claimed_until = null
            where state = 'claimed' and (claimed_until < clock_timestamp() or (@own and claimed_by = @instance))
            """, of, transaction);
        var unknown = await connection.ExecuteAsync("""
            update erp.document set state = 'unknown', reason = 'NO_OUTCOME', absences = 0, claimed_by = null, claimed_until = null,
                   next_try_at = clock_timestamp() + @settle
            where state = 'sent' and (claimed_until < clock_timestamp() or (@own and claimed_by = @instance))
            """, of, transaction);
        await connection.ExecuteAsync("""
            update erp.document set claimed_by = null, claimed_until = null where state = 'unknown' and @own and claimed_by = @instance
            """, of, transaction);
        await transaction.CommitAsync(cancel);
        return (planned, unknown);
    }

    /// <summary>
    /// Claims up to <paramref name="most"/> due documents: planned ones to be posted, unknown ones to be looked up. A later revision waits for
    /// the earlier ones of its series; nothing else waits for anything.
    /// </summary>
    public async Task<List<ClaimedDocument>> ClaimAsync(int most, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var rows = await connection.QueryAsync<ClaimedDocument>("""
            with due as (
                select document_key from erp.document d
                where state in ('planned', 'unknown') and next_try_at <= clock_timestamp() and (claimed_until is null or claimed_until < clock_timestamp())
                  and (revision = 1 or not exists (
                      select 1 from erp.document e
                      where e.customer_id = d.customer_id and e.contract_id = d.contract_id and e.period = d.period and e.revision < d.revision
                        and e.tenant = d.tenant and e.legal_entity = d.legal_entity and e.kind = d.kind and e.currency = d.currency and e.state <> 'confirmed'))
                order by next_try_at, document_key limit @most for update skip locked)
            update erp.document d
            set state = case when state = 'planned' then 'claimed' else state end, claimed_by = @instance, claimed_until = clock_timestamp() + @lease
            from due where d.document_key = due.document_key
            returning d.document_key as DocumentKey, d.state as State, d.content as Content, d.attempts as Attempts, d.absences as Absences, d.erp_id as ErpId
            """, new { most, instance, lease = options.ClaimLease });
        return rows.AsList();
    }

    /// <summary>Gives untouched claims back, when the instance stops in good order.</summary>
    public async Task GiveBackAsync(IReadOnlyList<string> keys, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync("""
            update erp.document set state = case when state = 'claimed' then 'planned' else state end, claimed_by = null, claimed_until = null
            where document_key = any(@keys) and claimed_by = @instance and state in ('claimed', 'unknown')
            """, new { keys = keys.ToArray(), instance });
    }

    /// <summary>Takes a permit and writes the attempt ahead of the call; a posting's document becomes sent.</summary>
    public async Task<(CallStart Start, long Attempt)> BeginAsync(string key, bool post, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var slot = await connection.ExecuteScalarAsync<int?>("""
            update erp.permit set instance = @instance, expires_at = clock_timestamp() + @lease
            where account = @account and slot = (
                select slot from erp.permit
                where account = @account and slot < @limit and expires_at < clock_timestamp()
                  and not exists (select 1 from erp.pace where account = @account and paused_until > clock_timestamp())
                order by slot limit 1 for update skip locked)
            returning slot
            """, new { account, instance, lease = options.PermitLease, limit = options.ConcurrencyLimit }, transaction);
        if (slot is null) return (CallStart.NoPermit, 0);
        var attempt = await InsertAttemptAsync(connection, transaction, key, post ? "post" : "lookup");
        var held = await connection.ExecuteAsync("""
            update erp.document
            set state = case when @post then 'sent' else state end, attempts = attempts + case when @post then 1 else 0 end,
                absences = case when @post then 0 else absences end, claimed_until = clock_timestamp() + @lease
            where document_key = @key and state = @from and claimed_by = @instance and claimed_until > clock_timestamp()
            """, new { key, post, from = post ? DocumentState.Claimed : DocumentState.Unknown, instance, lease = options.ClaimLease }, transaction);
        if (held == 0) return (CallStart.Lost, 0);
        await connection.ExecuteAsync("update erp.permit set attempt_id = @attempt where account = @account and slot = @slot", new { attempt, account, slot }, transaction);
        await transaction.CommitAsync(cancel);
        return (CallStart.Begun, attempt);
    }

    /// <summary>Closes a posting's attempt and opens the read-back that follows it under the same permit.</summary>
    public async Task<long> BeginReadBackAsync(string key, long postAttempt, ErpAnswer answer, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await FinishAttemptAsync(connection, transaction, postAttempt, answer);
        var attempt = await InsertAttemptAsync(connection, transaction, key, "lookup");
        await connection.ExecuteAsync("""
            update erp.permit set attempt_id = @attempt, expires_at = clock_timestamp() + @lease where account = @account and attempt_id = @postAttempt;
            update erp.document set erp_id = coalesce(@ErpId, erp_id) where document_key = @key and state <> 'confirmed'
            """, new { attempt, lease = options.PermitLease, account, postAttempt, answer.ErpId, key }, transaction);
        await transaction.CommitAsync(cancel);
        return attempt;
    }

    /// <summary>Closes an attempt and moves its document; the permit is free again unless the server may still be at work.</summary>
    public async Task SettleAsync(Settlement settlement, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        if (settlement.Attempt is { } attempt)
        {
            await FinishAttemptAsync(connection, transaction, attempt, settlement.Answer);
            if (!settlement.KeepPermit)
                await connection.ExecuteAsync("""
                    update erp.permit set expires_at = '-infinity', instance = null, attempt_id = null where account = @account and attempt_id = @attempt
                    """, new { account, attempt }, transaction);
        }
        if (await MoveAsync(connection, transaction, settlement) == 1)
        {
            if (settlement.Receipt is { } receipt) await AddReceiptAsync(connection, transaction, settlement.ReceiptsTopic, settlement.DocumentKey, receipt);
            if (settlement.State is DocumentState.Refused or DocumentState.Held) await OpenWorkItemAsync(connection, transaction, settlement);
            if (settlement.State == DocumentState.Confirmed) await CloseWorkItemsAsync(connection, transaction, settlement.DocumentKey);
        }
        await transaction.CommitAsync(cancel);
    }

    /// <summary>Lets all instances pause after a refusal for throttling: exponential in the refusals in a row, once per burst.</summary>
    public async Task PauseAsync(Func<int, TimeSpan> pauseFor, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var (throttled, pausing) = await connection.QuerySingleAsync<(int, bool)>(
            "select throttled, paused_until > clock_timestamp() from erp.pace where account = @account for update", new { account }, transaction);
        if (pausing) return;
        await connection.ExecuteAsync("update erp.pace set throttled = throttled + 1, paused_until = clock_timestamp() + @pause where account = @account",
            new { account, pause = pauseFor(throttled) }, transaction);
        await transaction.CommitAsync(cancel);
    }

    /// <summary>The ERP answers again: the next refusal counts as the first.</summary>
    public async Task EndThrottlingAsync(CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync("update erp.pace set throttled = 0 where account = @account and throttled > 0 and paused_until < clock_timestamp()", new { account });
    }

    Task<long> InsertAttemptAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string key, string call) =>
        connection.ExecuteScalarAsync<long>("insert into erp.attempt (document_key, call, instance) values (@key, @call, @instance) returning id",
            new { key, call, instance }, transaction);

    static Task FinishAttemptAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, long attempt, ErpAnswer answer) =>
        connection.ExecuteAsync("""
            update erp.attempt set finished_at = clock_timestamp(), outcome = @OutcomeName, http_status = @HttpStatus, code = @Code, detail = left(@Detail, 2000), erp_id = @ErpId
            where id = @attempt and outcome is null
            """, new { attempt, answer.OutcomeName, answer.HttpStatus, answer.Code, answer.Detail, answer.ErpId }, transaction);

    Task<int> MoveAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Settlement s) =>
        connection.ExecuteAsync("""
            update erp.document
            set state = @State, reason = @Code, erp_id = coalesce(@ErpId, erp_id), absences = @Absences, attempts = attempts - case when @uncounted then 1 else 0 end,
                next_try_at = clock_timestamp() + @Delay, claimed_by = null, claimed_until = null
            where document_key = @DocumentKey and claimed_by = @instance and state in ('claimed', 'sent', 'unknown')
            """, new { s.State, s.Answer.Code, s.Answer.ErpId, s.Absences, uncounted = s.Uncounted, s.Delay, s.DocumentKey, instance }, transaction);

    static Task AddReceiptAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string topic, string key, byte[] receipt) =>
        connection.ExecuteAsync("insert into erp.outbox (topic, key, value, encoded) values (@topic, convert_to(@key, 'UTF8'), @receipt, false)",
            new { topic, key, receipt }, transaction);

    static Task OpenWorkItemAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, Settlement s) =>
        connection.ExecuteAsync("""
            insert into erp.work_item (code, detail, document_key, customer_id, amount, currency, source_topic, source_partition, source_offset)
            select @code, @detail, document_key, customer_id, total, currency, source_topic, source_partition, source_offset
            from erp.document where document_key = @DocumentKey on conflict do nothing
            """, new { code = s.Answer.Code ?? s.Answer.OutcomeName, detail = s.Answer.Detail ?? "", s.DocumentKey }, transaction);

    static Task CloseWorkItemsAsync(NpgsqlConnection connection, NpgsqlTransaction transaction, string key) =>
        connection.ExecuteAsync("""
            update erp.work_item set resolved_at = clock_timestamp(), resolution = 'confirmed' where document_key = @key and resolved_at is null and code <> 'CONTENT_CONFLICT'
            """, new { key }, transaction);
}

/// <summary>The end of a call: what the ERP said and where that leaves the document.</summary>
public sealed record Settlement(string DocumentKey, long? Attempt, ErpAnswer Answer, string State)
{
    /// <summary>Wait before the document is due again.</summary>
    public TimeSpan Delay { get; init; }

    public int Absences { get; init; }

    /// <summary>The server may still be at work on the call: its permit stays taken until the lease ends.</summary>
    public bool KeepPermit { get; init; }

    /// <summary>The attempt does not count as a posting: it was certainly not executed.</summary>
    public bool Uncounted { get; init; }

    public string ReceiptsTopic { get; init; } = "";

    /// <summary>The receipt's Avro binary, published after this transaction.</summary>
    public byte[]? Receipt { get; init; }
}
