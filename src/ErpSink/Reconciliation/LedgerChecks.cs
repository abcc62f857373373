using Dapper;
using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.Schemas;

namespace Streams.ErpSink.Reconciliation;

/// <summary>
/// A period's documents of an entity in one account and currency: <paramref name="Planned"/> is the sum of the lines, the others are what became of the documents; credit memos and receipts count below zero.
/// <paramref name="Read"/> of the confirmed ones were read back from the ERP since.
/// </summary>
public sealed record PeriodFigures(
    string Period, string LegalEntity, string Account, string Currency, long Documents, ExactDecimal Planned, ExactDecimal Confirmed, ExactDecimal Listed, ExactDecimal UnderWay,
    long ConfirmedDocuments, long ListedDocuments, long UnderWayDocuments, long Read, long OpenDifferences)
{
    /// <summary>Planned - confirmed - listed - under way: zero, or something is unexplained.</summary>
    public ExactDecimal Difference => Planned - Confirmed - Listed - UnderWay;
}

/// <summary>The ledger against itself: each document has its way, and each sum its parts.</summary>
public sealed class LedgerChecks(NpgsqlDataSource database, ReconciliationOptions options)
{
    public async Task<IReadOnlyList<PeriodFigures>> FiguresAsync(string? period = null, string? account = null, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return await FiguresAsync(connection, null, period, account);
    }

    internal static async Task<IReadOnlyList<PeriodFigures>> FiguresAsync(NpgsqlConnection connection, NpgsqlTransaction? transaction, string? period, string? account)
    {
        var rows = await connection.QueryAsync<FiguresRow>("""
            select d.period as Period, d.legal_entity as LegalEntity, p.account as Account, d.currency as Currency, count(*) as Documents, sum(case when d.kind in ('CREDIT_MEMO', 'RECEIPT') then -l.amount else l.amount end) as Planned,
                   coalesce(sum(d.balance) filter (where p.state = 'confirmed'), 0) as Confirmed,
                   coalesce(sum(w.amount) filter (where p.state in ('held', 'refused', 'written_off')), 0) as Listed,
                   coalesce(sum(d.balance) filter (where p.state = any(@UnderWay)), 0) as UnderWay,
                   count(*) filter (where p.state = 'confirmed') as ConfirmedDocuments, count(w.amount) filter (where p.state in ('held', 'refused', 'written_off')) as ListedDocuments,
                   count(*) filter (where p.state = any(@UnderWay)) as UnderWayDocuments, count(r.read_at) filter (where p.state = 'confirmed' and r.absences = 0) as Read,
                   (select count(*) from erp.difference x where x.resolved_at is null and x.period = d.period and x.legal_entity = d.legal_entity) as OpenDifferences
            from erp.document d join erp.posting p on p.document_key = d.document_key and p.mode = 'post'
            join lateral (select sum(amount) as amount from erp.document_line l where l.document_key = d.document_key) l on true
            left join erp.read_back r on r.document_key = p.document_key and r.account = p.account
            left join lateral (select amount from erp.work_item w where w.document_key = d.document_key and w.account = p.account and w.code <> 'CONTENT_CONFLICT'
                                 and (w.resolved_at is null or w.resolution = 'written_off') order by id desc limit 1) w on p.state in ('held', 'refused', 'written_off')
            where (@period is null or d.period = @period) and (@account is null or p.account = @account)
            group by d.period, d.legal_entity, p.account, d.currency order by d.period, d.legal_entity, p.account, d.currency
            """, new { DocumentState.UnderWay, period, account }, transaction);
        return [.. rows.Select(r => new PeriodFigures(r.Period, r.LegalEntity, r.Account, r.Currency, r.Documents, r.Planned.ToExact(), r.Confirmed.ToExact(), r.Listed.ToExact(), r.UnderWay.ToExact(),
            r.ConfirmedDocuments, r.ListedDocuments, r.UnderWayDocuments, r.Read, r.OpenDifferences))];
    }

    /// <summary>Compares, and brings the list of differences up to date. Returns the new ones.</summary>
    public async Task<IReadOnlyList<Difference>> CheckAsync(string? period = null, CancellationToken cancel = default)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        await using var transaction = await connection.BeginTransactionAsync(cancel);
        var since = await connection.ExecuteScalarAsync<DateTime>("select clock_timestamp()", transaction: transaction);
        var seen = new List<Difference>();
        foreach (var f in (await FiguresAsync(connection, transaction, period, null)).Where(f => f.Difference != ExactDecimal.Zero))
        {
            seen.Add(new Difference(DifferenceClass.LedgerSum, $"{f.Period}/{f.LegalEntity}/{f.Currency}", f.Account, "planned is not confirmed + listed + under way",
                $"planned {f.Planned}, confirmed {f.Confirmed}, listed {f.Listed}, under way {f.UnderWay}") { Period = f.Period, LegalEntity = f.LegalEntity, Currency = f.Currency, Amount = f.Difference });
        }
        foreach (var query in DocumentQueries)
        {
            var rows = await connection.QueryAsync<DocumentRow>(query, new { period, options.StuckAfter, DocumentState.UnderWay }, transaction);
            seen.AddRange(rows.Select(r => new Difference(r.Class, r.Key, r.Account, r.Cause, r.Evidence) { DocumentKey = r.Key, Period = r.Period, LegalEntity = r.LegalEntity, Currency = r.Currency, Amount = r.Amount.ToExact() }));
        }
        if (period is null) seen.AddRange(await BilledAsync(connection, transaction));
        var fresh = await DifferenceStore.ReportAsync(connection, transaction, seen);
        await DifferenceStore.ResolveAsync(connection, transaction, DifferenceClass.OfLedger, since, period);
        await transaction.CommitAsync(cancel);
        return fresh;
    }

    static readonly string[] DocumentQueries =
    [
        """
        select 'without_posting' as Class, d.document_key as Key, '' as Account, d.period as Period, d.legal_entity as LegalEntity, d.currency as Currency, d.total as Amount,
               'the document goes to no account' as Cause, 'taken from ' || d.source_topic || ' ' || d.source_partition || ' ' || d.source_offset as Evidence
        from erp.document d where (@period is null or d.period = @period) and not exists (select 1 from erp.posting p where p.document_key = d.document_key and p.mode = 'post') limit 10000
        """,
        """
        select 'not_listed' as Class, d.document_key as Key, p.account as Account, d.period as Period, d.legal_entity as LegalEntity, d.currency as Currency, d.total as Amount,
               'the document is ' || p.state || ' and on no list' as Cause, coalesce(p.outcome, '') || ' ' || coalesce(p.reason, '') as Evidence
        from erp.posting p join erp.document d using (document_key)
        where p.state in ('held', 'refused') and p.mode = 'post' and (@period is null or d.period = @period)
          and not exists (select 1 from erp.work_item w where w.document_key = p.document_key and w.account = p.account and w.resolved_at is null) limit 10000
        """,
        """
        select 'stuck' as Class, d.document_key as Key, p.account as Account, d.period as Period, d.legal_entity as LegalEntity, d.currency as Currency, d.total as Amount,
               'the document is ' || p.state || ' for longer than is normal' as Cause, coalesce(p.outcome, '') || ' ' || coalesce(p.reason, '') || ', ' || p.attempts || ' postings' as Evidence
        from erp.posting p join erp.document d using (document_key)
        where p.state = any(@UnderWay) and p.mode = 'post' and d.planned_at < clock_timestamp() - @StuckAfter and (@period is null or d.period = @period) limit 10000
        """,
        """
        select 'parallel_run' as Class, d.document_key as Key, p.account as Account, d.period as Period, d.legal_entity as LegalEntity, d.currency as Currency, d.total as Amount,
               'the other system has it ' || p.outcome as Cause, coalesce(p.reason, '') as Evidence
        from erp.posting p join erp.document d using (document_key) where p.state = 'compared' and p.outcome <> 'found' and (@period is null or d.period = @period) limit 10000
        """,
        """
        select 'entry_without_journal' as Class, e.document_key as Key, '' as Account, null::text as Period, null::text as LegalEntity, e.currency as Currency, e.balance as Amount,
               'the document waits for its summary journal for longer than any journal waits' as Cause, 'erp.entries ' || e.partition || ' ' || e."offset" as Evidence
        from erp.entry e where @period is null and e.in_document is null and e.balance <> 0 and e.taken_at < clock_timestamp() - interval '35 days' and e.document_date < current_date - 64 limit 10000
        """,
        """
        select 'receipt_without_document' as Class, t.document_key as Key, t.erp as Account, null::text as Period, null::text as LegalEntity, t.currency as Currency, t.total as Amount,
               'the topic of receipts has it as confirmed, the ledger has no such document' as Cause, 'record ' || coalesce(t.erp_id, '(unnamed)') as Evidence
        from erp.restore_receipt t where @period is null and not exists (select 1 from erp.document d where d.document_key = t.document_key) limit 10000
        """,
    ];

    static async Task<IReadOnlyList<Difference>> BilledAsync(NpgsqlConnection connection, NpgsqlTransaction transaction) =>
        [.. (await UsageTally.BilledAsync(connection, transaction)).Where(b => b.Difference != ExactDecimal.Zero).Select(b => new Difference(DifferenceClass.BilledNotInLedger, b.Currency, "",
            "what was billed for the ERPs is not what the ledger holds", $"billed {b.Billed}, of that not for an ERP {b.Unposted}; waiting for journals {b.Waiting}; in the ledger {b.InLedger}") { Currency = b.Currency, Amount = b.Difference })];

    sealed record DocumentRow(string Class, string Key, string Account, string? Period, string? LegalEntity, string Currency, decimal Amount, string Cause, string Evidence);

    sealed record FiguresRow(
        string Period, string LegalEntity, string Account, string Currency, long Documents, decimal Planned, decimal Confirmed, decimal Listed, decimal UnderWay,
        long ConfirmedDocuments, long ListedDocuments, long UnderWayDocuments, long Read, long OpenDifferences);
}
