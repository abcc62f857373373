using Dapper;
using Npgsql;
using Streams.Schemas;

namespace Streams.ErpSink.Reconciliation;

/// <summary>A document that was confirmed, as the ledger has it.</summary>
public sealed record ConfirmedDocument(string DocumentKey, byte[] Content, string Kind, string Period, string LegalEntity, string? ErpId, string? Job, DateOnly? PostingDate, int Absences)
{
    /// <summary>At the date that it was to be posted at.</summary>
    public ErpDocument Document => PostingDate is { } moved ? ErpDocument.Read(Content) with { DocumentDate = moved } : ErpDocument.Read(Content);
}

/// <summary>A document's answer, and what it differs in.</summary>
public sealed record ReadBackResult(ConfirmedDocument Document, string Outcome, int Absences, Difference? Difference);

/// <summary>Walks over an account's confirmed documents by key, and what was read of them.</summary>
public sealed class ReadBackStore(NpgsqlDataSource database, string account)
{
    const string Columns = """
        p.document_key as DocumentKey, d.content as Content, p.kind as Kind, d.period as Period, d.legal_entity as LegalEntity, p.erp_id as ErpId, p.job as Job, p.posting_date as PostingDate,
        coalesce(r.absences, 0) as Absences
        """;

    /// <summary>The next documents by key: of a period, or of all that are not signed off.</summary>
    public async Task<IReadOnlyList<ConfirmedDocument>> NextAsync(string after, string? period, int most, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<ConfirmedDocument>($"""
            select {Columns} from erp.posting p join erp.document d using (document_key) left join erp.read_back r using (document_key, account)
            where p.account = @account and p.mode = 'post' and p.state = 'confirmed' and p.document_key > @after and (@period is null or d.period = @period)
              and (@period is not null or not exists (select 1 from erp.sign_off s where s.period = d.period and s.legal_entity = d.legal_entity and s.voided_at is null))
            order by p.document_key limit @most
            """, new { account, after, period, most })).AsList();
    }

    /// <summary>Documents that were not found, and are to be looked for once more.</summary>
    public async Task<IReadOnlyList<ConfirmedDocument>> SuspectsAsync(TimeSpan spacing, int enough, int most, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<ConfirmedDocument>($"""
            select {Columns} from erp.read_back r join erp.posting p using (document_key, account) join erp.document d using (document_key)
            where r.account = @account and r.absences > 0 and r.absences < @enough and r.read_at < clock_timestamp() - @spacing order by r.read_at limit @most
            """, new { account, spacing, enough, most })).AsList();
    }

    /// <summary>Whether documents wait to be looked for once more.</summary>
    public async Task<bool> HasSuspectsAsync(int enough, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await connection.ExecuteScalarAsync<bool>("select exists (select 1 from erp.read_back where account = @account and absences > 0 and absences < @enough)", new { account, enough });
    }

    /// <summary>Writes down what was read, and the differences that it shows or that are gone. Returns those that are new.</summary>
    public async Task<IReadOnlyList<Difference>> RecordAsync(IReadOnlyList<ReadBackResult> results, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        await connection.ExecuteAsync("""
            insert into erp.read_back select r.key, @account, clock_timestamp(), r.outcome, r.absences from unnest(@keys, @outcomes, @absences) as r (key, outcome, absences)
            on conflict (document_key, account) do update set read_at = excluded.read_at, outcome = excluded.outcome, absences = excluded.absences
            """, new { account, keys = results.Select(r => r.Document.DocumentKey).ToArray(), outcomes = results.Select(r => r.Outcome).ToArray(), absences = results.Select(r => r.Absences).ToArray() }, transaction);
        var seen = results.Where(r => r.Difference is not null).Select(r => r.Difference!).ToList();
        var fresh = await DifferenceStore.ReportAsync(connection, transaction, seen);
        await DifferenceStore.ResolveAsync(connection, transaction, account, [.. results.Where(r => r.Absences == 0 || r.Difference is not null).Select(r => r.Document.DocumentKey)], seen);
        await transaction.CommitAsync(cancel);
        return fresh;
    }

    /// <summary>The walk's place, if it is due and no other instance makes it; a new walk begins where the last one is over and the interval has passed.</summary>
    public async Task<string?> LeaseAsync(string instance, TimeSpan lease, TimeSpan interval, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync("insert into erp.read_back_walk (account) values (@account) on conflict do nothing", new { account });
        return await connection.ExecuteScalarAsync<string?>("""
            update erp.read_back_walk
            set instance = @instance, leased_until = clock_timestamp() + @lease, at_key = case when finished_at is null then at_key else '' end,
                documents = case when finished_at is null then documents else 0 end, started_at = case when finished_at is null then started_at else clock_timestamp() end, finished_at = null
            where account = @account and (leased_until < clock_timestamp() or instance = @instance) and (finished_at is null or started_at < clock_timestamp() - @interval)
            returning at_key
            """, new { account, instance, lease, interval });
    }

    /// <summary>Moves the walk on; without a place it is over.</summary>
    public async Task AdvanceAsync(string instance, string? place, int documents, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await connection.ExecuteAsync("""
            update erp.read_back_walk set at_key = coalesce(@place, ''), documents = documents + @documents, finished_at = case when @place is null then clock_timestamp() end
            where account = @account and instance = @instance
            """, new { account, instance, place, documents });
    }
}
