using Dapper;
using Npgsql;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.People;
using Streams.Schemas;

namespace Streams.ErpSink.Status;

/// <summary>Documents in one state and currency; credit memos count below zero.</summary>
public sealed record StateTotal(string State, string Currency, long Documents, ExactDecimal Total);

/// <summary>An item of the work list.</summary>
public sealed record WorkItem(
    long Id, string Code, string Detail, string? DocumentKey, string? CustomerId, ExactDecimal? Amount, string? Currency,
    string SourceTopic, int SourcePartition, long SourceOffset, DateTime OpenedAt, DateTime? ResolvedAt, string? Resolution);

/// <summary>A call to the ERP as the ledger has it.</summary>
public sealed record Attempt(long Id, string DocumentKey, string Call, string Instance, DateTime StartedAt, DateTime? FinishedAt, string? Outcome, int? HttpStatus, string? Code, string? Detail);

/// <summary>
/// Planned against confirmed against listed, in one currency; credit memos count below zero. <paramref name="Difference"/> is planned - confirmed - listed - under way, and must be zero.
/// </summary>
public sealed record Reconciliation(string Currency, long Documents, ExactDecimal Planned, ExactDecimal Confirmed, ExactDecimal Listed, ExactDecimal UnderWay)
{
    public ExactDecimal Difference => Planned - Confirmed - Listed - UnderWay;
}

/// <summary>What became of the records taken in.</summary>
public sealed record Intake(long Records, long Planned, long Duplicates, long Conflicts, long Rejected);

/// <summary>A range of events behind a document's line.</summary>
public sealed record Lineage(int Line, string Product, string Meter, string Topic, int Partition, long FirstOffset, long LastOffset, long Events);

/// <summary>Questions to the ledger, for the command line and the console.</summary>
public sealed class ErpSinkStatus(NpgsqlDataSource database)
{
    public async Task<IReadOnlyList<StateTotal>> ByStateAsync(CancellationToken cancel = default)
    {
        var rows = await QueryAsync<(string State, string Currency, long Documents, decimal Total)>(
            "select p.state, d.currency, count(*), sum(d.balance) from erp.posting p join erp.document d using (document_key) where p.mode = 'post' group by p.state, d.currency order by d.currency, p.state", null, cancel);
        return [.. rows.Select(r => new StateTotal(r.State, r.Currency, r.Documents, r.Total.ToExact()))];
    }

    /// <summary>
    /// The sums of three independent sources: the lines that were planned, the documents that were read back, and the work list with what is still under way.
    /// </summary>
    public async Task<IReadOnlyList<Reconciliation>> ReconcileAsync(CancellationToken cancel = default)
    {
        var rows = await QueryAsync<(string Currency, long Documents, decimal Planned, decimal Confirmed, decimal Listed, decimal UnderWay)>("""
            select d.currency, count(*), sum(case when d.kind in ('CREDIT_MEMO', 'RECEIPT') then -l.amount else l.amount end), coalesce(sum(d.balance) filter (where p.state = 'confirmed'), 0),
                   coalesce(sum(w.amount) filter (where p.state in ('held', 'refused', 'written_off')), 0),
                   coalesce(sum(d.balance) filter (where p.state = any(@UnderWay)), 0)
            from erp.document d join erp.posting p on p.document_key = d.document_key and p.mode = 'post'
            join (select document_key, sum(amount) as amount from erp.document_line group by document_key) l on l.document_key = d.document_key
            left join lateral (select amount from erp.work_item w where w.document_key = d.document_key and w.account = p.account and w.code <> 'CONTENT_CONFLICT'
                                 and (w.resolved_at is null or w.resolution = 'written_off') order by id desc limit 1) w on true
            group by d.currency order by d.currency
            """, new { DocumentState.UnderWay }, cancel);
        return [.. rows.Select(r => new Reconciliation(r.Currency, r.Documents, r.Planned.ToExact(), r.Confirmed.ToExact(), r.Listed.ToExact(), r.UnderWay.ToExact()))];
    }

    public async Task<Intake> IntakeAsync(CancellationToken cancel = default)
    {
        var rows = await QueryAsync<(long Planned, long Duplicates, long Conflicts, long Rejected)>("""
            select coalesce(sum(planned), 0)::bigint, coalesce(sum(duplicates), 0)::bigint, coalesce(sum(conflicts), 0)::bigint, coalesce(sum(rejected), 0)::bigint
            from erp.consumer_position
            """, null, cancel);
        var r = rows.Single();
        return new Intake(r.Planned + r.Duplicates + r.Conflicts + r.Rejected, r.Planned, r.Duplicates, r.Conflicts, r.Rejected);
    }

    /// <summary>The work list, oldest first; with resolved items when asked for.</summary>
    public async Task<IReadOnlyList<WorkItem>> WorkItemsAsync(bool resolved = false, int most = 1000, CancellationToken cancel = default)
    {
        var rows = await QueryAsync<WorkItemRow>("""
            select id as Id, code as Code, detail as Detail, document_key as DocumentKey, customer_id as CustomerId, amount as Amount, currency as Currency,
                   source_topic as SourceTopic, source_partition as SourcePartition, source_offset as SourceOffset, opened_at as OpenedAt,
                   resolved_at as ResolvedAt, resolution as Resolution
            from erp.work_item where @resolved or resolved_at is null order by id limit @most
            """, new { resolved, most }, cancel);
        return [.. rows.Select(r => new WorkItem(r.Id, r.Code, r.Detail, r.DocumentKey, r.CustomerId, r.Amount?.ToExact(), r.Currency,
            r.SourceTopic, r.SourcePartition, r.SourceOffset, r.OpenedAt, r.ResolvedAt, r.Resolution))];
    }

    public Task<IReadOnlyList<Attempt>> AttemptsAsync(string documentKey, CancellationToken cancel = default) => QueryAsync<Attempt>("""
        select c.id as Id, a.document_key as DocumentKey, c.call as Call, c.instance as Instance, c.started_at as StartedAt, c.finished_at as FinishedAt, a.outcome as Outcome,
               a.http_status as HttpStatus, a.code as Code, a.detail as Detail
        from erp.attempt a join erp.call c on c.id = a.call_id where a.document_key = @documentKey
        union all
        select c.id, p.document_key, c.call, c.instance, c.started_at, null, null, null, null, null
        from erp.posting p join erp.call c on c.id = p.call_id where p.document_key = @documentKey and c.finished_at is null
        order by 1
        """, new { documentKey }, cancel);

    /// <summary>Documents of calls by the calls' kind and outcome ("open" where none is known).</summary>
    public Task<IReadOnlyList<(string Call, string Outcome, long Calls)>> CallsAsync(CancellationToken cancel = default) =>
        QueryAsync<(string, string, long)>("select c.call, coalesce(a.outcome, 'open'), count(*) from erp.call c left join erp.attempt a on a.call_id = c.id group by 1, 2 order by 1, 2", null, cancel);

    /// <summary>The largest number of calls begun within one second of the clock.</summary>
    public async Task<long> LargestCallsPerSecondAsync(CancellationToken cancel = default) =>
        (await QueryAsync<long>("select coalesce(max(n), 0) from (select count(*) as n from erp.call group by date_trunc('second', started_at)) s", null, cancel)).Single();

    /// <summary>The events behind a document, by line and range of offsets.</summary>
    public Task<IReadOnlyList<Lineage>> LineageAsync(string documentKey, CancellationToken cancel = default) => QueryAsync<Lineage>("""
        select l.line as Line, l.product as Product, l.meter as Meter, r.topic as Topic, r.partition as Partition, r.first_offset as FirstOffset,
               r.last_offset as LastOffset, r.events as Events
        from erp.document_line l join erp.lineage_range r using (document_key, line) where l.document_key = @documentKey order by l.line, r.ordinal
        """, new { documentKey }, cancel);

    /// <summary>
    /// Lets a refused or held document be posted again, after the cause was put right.
    /// </summary>
    /// <exception cref="ArgumentException">The two are the same person, or there is no such open item.</exception>
    public async Task RetryAsync(long workItem, string requestedBy, string approvedBy, CancellationToken cancel = default)
    {
        if (requestedBy == approvedBy) throw new ArgumentException($"{approvedBy} cannot approve his own retry");
        try
        {
            await new PeopleDatabase(database).InAsync(async c =>
            {
                var id = await Requests.AskAsync(c, new Person(requestedBy, "program"), "retry", [workItem], null, "");
                var request = (await Requests.GetAsync(c, id)).Request;
                return request.Status == "open" ? await Requests.DecideAsync(c, new Person(approvedBy, "program"), id, approve: true, request.Hash, "") : request.Status;
            }, cancel);
        }
        catch (PeopleException e)
        {
            throw new ArgumentException(e.Message, e);
        }
    }

    internal async Task<QueueFigures> FiguresAsync(CancellationToken cancel)
    {
        var states = await QueryAsync<(string State, long Documents)>("select state, count(*) from erp.posting group by state", null, cancel);
        var (permits, oldest, items) = (await QueryAsync<(long, double, long)>("""
            select (select count(*) from erp.slot where kind = 'way' and free_at > clock_timestamp()),
                   (select coalesce(extract(epoch from clock_timestamp() - min(changed_at)), 0)::float8 from erp.posting where state = 'unknown'),
                   (select count(*) from erp.work_item where resolved_at is null)
            """, null, cancel)).Single();
        return new QueueFigures(new SortedDictionary<string, long>(states.ToDictionary(s => s.State, s => s.Documents), StringComparer.Ordinal), permits, oldest, items);
    }

    async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, object? parameters, CancellationToken cancel)
    {
        await using var connection = await database.OpenConnectionAsync(cancel);
        return (await connection.QueryAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: cancel))).AsList();
    }

    sealed record WorkItemRow(
        long Id, string Code, string Detail, string? DocumentKey, string? CustomerId, decimal? Amount, string? Currency,
        string SourceTopic, int SourcePartition, long SourceOffset, DateTime OpenedAt, DateTime? ResolvedAt, string? Resolution);
}
