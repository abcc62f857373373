using Dapper;
using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.People;
using Streams.Schemas;

namespace Streams.ErpSink.Restore;

/// <summary>A partition of the documents topic: how far the ledger says that it has read, what the group committed, and where the topic ends.</summary>
public sealed record PartitionHead(string Topic, int Partition, long Ledger, long Committed, long End);

/// <summary>A confirmation that the topic of receipts holds.</summary>
public sealed record RememberedReceipt(int Partition, long Offset, ErpReceipt Receipt);

/// <summary>The ledger's own account of having been restored: since when, from what evidence, and what has to be looked up before anything is sent.</summary>
public sealed class RestoreStore(NpgsqlDataSource database)
{
    const long LockKey = 0x5354_524D_5245_5354;

    /// <summary>
    /// Opens a restore, or widens the open one, in one transaction: every posting that is not at its end is looked up before it is sent, those that are planned from now
    /// on too, and calls get numbers that were never given out.
    /// </summary>
    public async Task<long> OpenAsync(string evidence, IReadOnlyList<PartitionHead> heads, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await connection.ExecuteAsync("select pg_advisory_xact_lock(@LockKey)", new { LockKey }, transaction);
        var id = await connection.ExecuteScalarAsync<long?>("select max(id) from erp.restore where explained_at is null", transaction: transaction)
            ?? await connection.ExecuteScalarAsync<long>("insert into erp.restore (evidence) values (@evidence) returning id", new { evidence }, transaction);
        foreach (var h in heads)
            await connection.ExecuteAsync("""
                insert into erp.restore_head values (@id, @Topic, @Partition, @Ledger, @Committed, @End)
                on conflict (restore_id, topic, partition) do update set head_offset = greatest(erp.restore_head.head_offset, excluded.head_offset),
                    committed_offset = greatest(erp.restore_head.committed_offset, excluded.committed_offset)
                """, new { id, h.Topic, h.Partition, h.Ledger, h.Committed, h.End }, transaction);
        await connection.ExecuteAsync("""
            insert into erp.restore_posting select @id, document_key, account, state from erp.posting where state in ('waiting', 'planned', 'claimed', 'sent', 'held', 'refused') on conflict do nothing;
            update erp.posting set state = 'unknown', outcome = null, reason = 'AFTER_RESTORE', absences = 0, claimed_by = null, claimed_until = null, next_try_at = clock_timestamp() where state = 'planned';
            -- A later job than the one that is known here may be at work: what is in no ledger is for people to see.
            update erp.posting set job = null where state in ('accepted', 'unknown') and job is not null;
            select setval(pg_get_serial_sequence('erp.call', 'id'), greatest((select last_value from erp.call_id_seq), (extract(epoch from clock_timestamp()) * 1000)::bigint))
            """, new { id }, transaction);
        var first = heads.Count > 0 ? heads[0] : new PartitionHead("", 0, 0, 0, 0);
        await connection.ExecuteAsync("""
            insert into erp.work_item (code, detail, source_topic, source_partition, source_offset) values ('LEDGER_RESTORED', @detail, @Topic, @Partition, @Ledger) on conflict do nothing
            """, new { detail = $"restore {id}: {evidence}. Decisions that people made in the lost time (retries, approvals, write-offs) have to be made again", first.Topic, first.Partition, first.Ledger }, transaction);
        await AuditTrail.AppendAsync(connection, transaction, "erp-sink", "ledger.restored", $"restore/{id}", "{}");
        await transaction.CommitAsync(cancel);
        return id;
    }

    /// <summary>Which of the confirmations the ledger does not have.</summary>
    public async Task<IReadOnlyList<RememberedReceipt>> LostAsync(IReadOnlyList<RememberedReceipt> receipts, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        var lost = (await connection.QueryAsync<string>("""
            select r.key from unnest(@keys) as r (key) where not exists (select 1 from erp.posting p where p.document_key = r.key and p.state = 'confirmed')
            """, new { keys = receipts.Select(r => r.Receipt.DocumentKey).ToArray() })).ToHashSet(StringComparer.Ordinal);
        return [.. receipts.Where(r => lost.Contains(r.Receipt.DocumentKey))];
    }

    /// <summary>Keeps confirmations that were lost as a memory of what the ERP has.</summary>
    public async Task RememberAsync(long restore, IReadOnlyList<RememberedReceipt> receipts, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        foreach (var r in receipts.Select(r => r.Receipt))
            await connection.ExecuteAsync("insert into erp.restore_receipt values (@restore, @DocumentKey, @ContentHash, @Erp, @ErpId, @total, @Currency) on conflict do nothing",
                new { restore, r.DocumentKey, r.ContentHash, r.Erp, r.ErpId, total = r.Total.ToDecimal(), r.Currency });
    }

    /// <summary>Whether an open restore reaches as far as that already.</summary>
    public async Task<bool> CoversAsync(PartitionHead head, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await connection.ExecuteScalarAsync<bool>("""
            select exists (select 1 from erp.restore_head h join erp.restore r on r.id = h.restore_id
                           where r.explained_at is null and h.topic = @Topic and h.partition = @Partition and h.head_offset >= @Committed)
            """, new { head.Topic, head.Partition, head.Committed });
    }

    /// <summary>
    /// Closes restores of which all is accounted for: the topic was taken in up to where it had been, nothing is waiting for its look-up, and each lost confirmation is
    /// a confirmation again or stands on the work list.
    /// </summary>
    public async Task<IReadOnlyList<long>> ExplainAsync(string group, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<long>("""
            update erp.restore r set explained_at = clock_timestamp() where r.explained_at is null
            and not exists (select 1 from erp.restore_head h left join erp.consumer_position c on c.consumer_group = @group and c.topic = h.topic and c.partition = h.partition
                            where h.restore_id = r.id and coalesce(c.next_offset, 0) < h.committed_offset)
            and not exists (select 1 from erp.restore_posting p join erp.posting q using (document_key, account) where p.restore_id = r.id and q.state in ('unknown', 'sent', 'claimed'))
            and not exists (select 1 from erp.restore_receipt t where t.restore_id = r.id
                            and not exists (select 1 from erp.posting q where q.document_key = t.document_key and q.state in ('confirmed', 'held', 'refused', 'written_off')))
            returning r.id
            """, new { group })).AsList();
    }

    /// <summary>Restores that are not explained, and what the topic remembers of them that is not in the ledger.</summary>
    public async Task<(long Open, long Lost)> FiguresAsync(CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await connection.QuerySingleAsync<(long, long)>("""
            select (select count(*) from erp.restore where explained_at is null),
                   (select count(*) from erp.restore_receipt t join erp.restore r on r.id = t.restore_id where r.explained_at is null
                    and not exists (select 1 from erp.posting q where q.document_key = t.document_key and q.state = 'confirmed'))
            """);
    }
}
