using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using Npgsql;

namespace Streams.ErpSink.People;

/// <summary>What somebody, or a rule, asks for. <paramref name="Hash"/> is the SHA-256 of exactly what will be done; an approval holds for it alone.</summary>
/// <param name="Action">post, retry, release, write_off or reverse.</param>
/// <param name="Status">open, executed, refused, expired or void.</param>
/// <param name="Approvers">How many others have to approve.</param>
/// <param name="Approved">How many have.</param>
/// <param name="Totals">Sums by currency, e.g. "117.5 USD".</param>
public sealed record RequestEntry(
    long Id, string Action, string Status, string RequestedBy, DateTime RequestedAt, DateTime? ExpiresAt, string Reason, string? Rule, string? PostingDate, int Approvers, int Approved,
    string Hash, long Documents, string? Totals, DateTime? DecidedAt);

public sealed record Approval(string Actor, string Method, string Verdict, string Reason, DateTime At);

public sealed record RequestDocument(long? WorkItem, string? Code, string? DocumentKey, string? Account, string? Kind, string? CustomerId, string? Amount, string? Currency, string? State);

/// <summary>A request, the verdicts on it, and the first thousand of what it is about.</summary>
/// <param name="Reversal">What a request to reverse publishes.</param>
public sealed record RequestDetail(RequestEntry Request, IReadOnlyList<Approval> Approvals, IReadOnlyList<RequestDocument> Documents, ReversalEntry? Reversal = null);

/// <summary>Documents that wait for approval; what is null holds for all.</summary>
public sealed record SetFilter(string? Account = null, string? LegalEntity = null, string? Customer = null, string? Kind = null, string? Currency = null, string? Period = null)
{
    static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    internal string ToJson() => JsonSerializer.Serialize(this, Json);
}

/// <summary>A set of waiting documents as it is now: the hash is over their keys and contents.</summary>
public sealed record WaitingSet(SetFilter Filter, string Hash, long Documents, string? Totals);

/// <summary>Requests and verdicts. The ledger's own functions decide; every method works in the transaction of the connection.</summary>
public static class Requests
{
    /// <summary>Documents of one request or one set, at most.</summary>
    public const int MaxDocuments = 10_000;

    /// <summary>Seconds that a request or a verdict on so many documents may take.</summary>
    const int Patience = 300;

    const string Columns = """
        r.id as Id, r.action as Action, case when r.status = 'open' and r.expires_at <= clock_timestamp() then 'expired' else r.status end as Status, r.requested_by::text as RequestedBy,
        r.requested_at as RequestedAt, r.expires_at as ExpiresAt, r.reason as Reason, r.rule as Rule, r.posting_date::text as PostingDate, r.approvers as Approvers,
        (select count(*)::int from erp.approval a where a.request_id = r.id and a.verdict = 'approve') as Approved, r.hash as Hash,
        (select count(*) from erp.request_item i where i.request_id = r.id) as Documents,
        (select string_agg(t.total, ', ' order by t.total) from (
            select trim_scale(sum(coalesce(d.total, w.amount)))::text || ' ' || coalesce(d.currency, w.currency) as total
            from erp.request_item i left join erp.document d on d.document_key = i.document_key left join erp.work_item w on w.id = i.work_item_id
            where i.request_id = r.id group by coalesce(d.currency, w.currency)) t) as Totals, r.decided_at as DecidedAt
        """;

    /// <param name="status">Null: all.</param>
    public static async Task<IReadOnlyList<RequestEntry>> ListAsync(NpgsqlConnection c, string? status, string? action, long after, int most) =>
        (await c.QueryAsync<RequestEntry>($"""
            select {Columns} from erp.request r
            where (@status::text is null or r.status = @status) and (@action::text is null or r.action = @action) and r.id > @after order by r.id limit @most
            """, new { status, action, after, most })).AsList();

    /// <exception cref="PeopleException">There is no such request.</exception>
    public static async Task<RequestDetail> GetAsync(NpgsqlConnection c, long id)
    {
        var request = await c.QuerySingleOrDefaultAsync<RequestEntry>($"select {Columns} from erp.request r where r.id = @id", new { id }) ?? throw new PeopleException("NOT_FOUND", $"There is no request {id}");
        var approvals = await c.QueryAsync<Approval>("select actor::text as Actor, method as Method, verdict as Verdict, reason as Reason, at as At from erp.approval where request_id = @id order by at, actor", new { id });
        var documents = await c.QueryAsync<RequestDocument>("""
            select i.work_item_id as WorkItem, w.code as Code, coalesce(i.document_key, w.document_key) as DocumentKey, coalesce(i.account, w.account) as Account, d.kind as Kind,
                   coalesce(d.customer_id, w.customer_id) as CustomerId, trim_scale(coalesce(d.total, w.amount))::text as Amount, coalesce(d.currency, w.currency) as Currency, p.state as State
            from erp.request_item i left join erp.work_item w on w.id = i.work_item_id left join erp.document d on d.document_key = i.document_key
                left join erp.posting p on p.document_key = i.document_key and p.account = i.account
            where i.request_id = @id order by i.ordinal limit 1000
            """, new { id });
        return new(request, approvals.AsList(), documents.AsList(), await Reversals.OfRequestAsync(c, id));
    }

    /// <summary>Asks for retry, release or write_off of work items. What no rule wants approved is done at once.</summary>
    /// <exception cref="PeopleException">An item does not exist, is resolved, is in another open request, or its posting is not held or refused.</exception>
    public static Task<long> AskAsync(NpgsqlConnection c, Person by, string action, IReadOnlyCollection<long> items, DateOnly? postingDate, string reason) =>
        c.ExecuteScalarAsync<long>("select erp.ask(@Name, @Method, @action, @items, @date::date, @reason)",
            new { by.Name, by.Method, action, items = items.Distinct().Order().ToArray(), date = postingDate?.ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture), reason }, commandTimeout: Patience);

    /// <summary>Where the verdict leaves the request: open (another approver is needed), executed, refused; expired and void say that there was nothing to decide on any more.</summary>
    /// <exception cref="PeopleException">The request is the person's own, decided, or asks for something else than <paramref name="hash"/> says.</exception>
    public static Task<string> DecideAsync(NpgsqlConnection c, Person by, long request, bool approve, string hash, string reason) =>
        c.ExecuteScalarAsync<string>("select erp.decide(@Name, @Method, @request, @verdict, @hash, @reason)",
            new { by.Name, by.Method, request, verdict = Verdict(approve), hash, reason }, commandTimeout: Patience)!;

    public static async Task<WaitingSet> SetAsync(NpgsqlConnection c, SetFilter filter)
    {
        var (hash, documents, totals) = await c.QuerySingleAsync<(string, long, string?)>("""
            select erp.waiting_hash(cast(@filter as jsonb)), (select count(*) from erp.waiting_set(cast(@filter as jsonb))),
                   (select string_agg(t.total, ', ' order by t.total) from (
                       select trim_scale(sum(amount))::text || ' ' || currency as total from erp.waiting_set(cast(@filter as jsonb)) group by currency) t)
            """, new { filter = filter.ToJson() });
        return new(filter, hash, documents, totals);
    }

    /// <summary>One verdict on a whole set, or on none of it when it is not the one that was seen.</summary>
    public static Task<int> DecideSetAsync(NpgsqlConnection c, Person by, SetFilter filter, bool approve, string hash, string reason) =>
        c.ExecuteScalarAsync<int>("select erp.decide_many(@Name, @Method, cast(@filter as jsonb), @verdict, @hash, @reason)",
            new { by.Name, by.Method, filter = filter.ToJson(), verdict = Verdict(approve), hash, reason }, commandTimeout: Patience);

    static string Verdict(bool approve) => approve ? "approve" : "refuse";
}
