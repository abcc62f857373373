using Dapper;
using Npgsql;

namespace Streams.ErpSink.People;

/// <summary>Which work items; what is null holds for all.</summary>
public sealed record WorkFilter(
    string? Code = null, string? Owner = null, string? Account = null, string? Period = null, string? LegalEntity = null, string? Customer = null, bool Overdue = false, bool Resolved = false);

/// <summary>A business exception. Amounts are exact decimals as text; <paramref name="State"/> is the posting's.</summary>
public sealed record WorkEntry(
    long Id, string Code, string? Reason, string Detail, string? Owner, DateTime OpenedAt, DateTime? DueAt, bool Overdue, string? DocumentKey, string? Account, string? CustomerId,
    string? LegalEntity, string? Period, string? Amount, string? Currency, string? State, long? OpenRequest, DateTime? ResolvedAt, string? Resolution, string? ResolvedBy, string? ApprovedBy);

public sealed record WorkNote(long Id, DateTime At, string Actor, string Text);

/// <summary>An item with its notes, oldest first.</summary>
public sealed record WorkDetail(WorkEntry Item, IReadOnlyList<WorkNote> Notes);

/// <summary>A document's way into an account, as people see it.</summary>
/// <param name="Reverses">The document that this one takes back.</param>
/// <param name="ReversedBy">The document that takes this one back; it is on its way, or posted.</param>
public sealed record PostingEntry(
    string DocumentKey, string Account, string State, string? Reason, string Kind, string LegalEntity, string CustomerId, string Period, string Amount, string Currency,
    string ContentHash, string? PostingDate, string? ErpId, int Attempts, DateTime ChangedAt, string? Reverses, string? ReversedBy);

/// <summary>The list of business exceptions, apart from what is retried by itself. Every method works in the transaction of the connection.</summary>
public static class WorkQueue
{
    const string Columns = """
        w.id as Id, w.code as Code, w.reason as Reason, w.detail as Detail, w.owner as Owner, w.opened_at as OpenedAt, w.due_at as DueAt,
        coalesce(w.resolved_at is null and w.due_at < clock_timestamp(), false) as Overdue, w.document_key as DocumentKey, w.account as Account, w.customer_id as CustomerId,
        w.legal_entity as LegalEntity, w.period as Period, trim_scale(w.amount)::text as Amount, w.currency as Currency, p.state as State,
        (select max(i.request_id) from erp.request_item i join erp.request r on r.id = i.request_id where i.work_item_id = w.id and r.status = 'open') as OpenRequest,
        w.resolved_at as ResolvedAt, w.resolution as Resolution, w.resolved_by as ResolvedBy, w.approved_by as ApprovedBy
        """;

    const string Fits = """
        (w.resolved_at is not null) = @Resolved and (@Code::text is null or w.code = @Code) and (@Owner::text is null or w.owner = @Owner) and (@Account::text is null or w.account = @Account)
        and (@Period::text is null or w.period = @Period) and (@LegalEntity::text is null or w.legal_entity = @LegalEntity) and (@Customer::text is null or w.customer_id = @Customer)
        and (not @Overdue or w.due_at < clock_timestamp())
        """;

    /// <summary>Items in order of id, behind <paramref name="after"/>.</summary>
    public static async Task<IReadOnlyList<WorkEntry>> ListAsync(NpgsqlConnection c, WorkFilter filter, long after, int most) =>
        (await c.QueryAsync<WorkEntry>($"""
            select {Columns} from erp.work_item w left join erp.posting p on p.document_key = w.document_key and p.account = w.account
            where {Fits} and w.id > @after order by w.id limit @most
            """, With(filter, new { after, most }))).AsList();

    /// <exception cref="PeopleException">There is no such item.</exception>
    public static async Task<WorkDetail> GetAsync(NpgsqlConnection c, long id)
    {
        var item = await c.QuerySingleOrDefaultAsync<WorkEntry>(
            $"select {Columns} from erp.work_item w left join erp.posting p on p.document_key = w.document_key and p.account = w.account where w.id = @id", new { id })
            ?? throw new PeopleException("NOT_FOUND", $"There is no work item {id}");
        return new(item, (await c.QueryAsync<WorkNote>("select id as Id, at as At, actor::text as Actor, text as Text from erp.work_note where work_item_id = @id order by id limit 1000", new { id })).AsList());
    }

    /// <summary>The open items of a filter that can be asked for as one.</summary>
    public static async Task<long[]> IdsAsync(NpgsqlConnection c, WorkFilter filter, int most) =>
        [.. await c.QueryAsync<long>($"select w.id from erp.work_item w where {Fits} order by w.id limit @most", With(filter with { Resolved = false }, new { most }))];

    public static Task AssignAsync(NpgsqlConnection c, Person by, long item, string owner, DateTimeOffset? due) =>
        c.ExecuteAsync("select erp.assign(@Name, @Method, @item, @owner, @due)", new { by.Name, by.Method, item, owner, due = due?.UtcDateTime });

    public static Task<long> NoteAsync(NpgsqlConnection c, Person by, long item, string text) =>
        c.ExecuteScalarAsync<long>("select erp.note(@Name, @Method, @item, @text)", new { by.Name, by.Method, item, text });

    /// <summary>Postings in order of key and account, behind the given ones.</summary>
    public static async Task<IReadOnlyList<PostingEntry>> PostingsAsync(
        NpgsqlConnection c, string? state, string? account, string? period, string? customer, string? key, (string Key, string Account) after, int most) =>
        (await c.QueryAsync<PostingEntry>("""
            select p.document_key as DocumentKey, p.account as Account, p.state as State, p.reason as Reason, p.kind as Kind, d.legal_entity as LegalEntity, d.customer_id as CustomerId,
                   d.period as Period, trim_scale(d.total)::text as Amount, d.currency as Currency, d.content_hash as ContentHash, coalesce(p.posting_date, d.document_date)::text as PostingDate,
                   p.erp_id as ErpId, p.attempts as Attempts, p.changed_at as ChangedAt,
                   (select v.document_key from erp.reversal v where v.reversal_key = p.document_key) as Reverses, (select v.reversal_key from erp.reversal v where v.document_key = p.document_key) as ReversedBy
            from erp.posting p join erp.document d using (document_key)
            where (@state::text is null or p.state = @state) and (@account::text is null or p.account = @account) and (@period::text is null or d.period = @period)
              and (@customer::text is null or d.customer_id = @customer) and (@key::text is null or p.document_key = @key) and (p.document_key, p.account) > (@afterKey, @afterAccount)
            order by p.document_key, p.account limit @most
            """, new { state, account, period, customer, key, afterKey = after.Key, afterAccount = after.Account, most })).AsList();

    static DynamicParameters With(WorkFilter filter, object more)
    {
        var all = new DynamicParameters(filter);
        all.AddDynamicParams(more);
        return all;
    }
}
