using System.Globalization;

namespace Streams.ErpSink.People.Http;

sealed record AssignBody(string Owner, DateTimeOffset? DueAt = null);

sealed record NoteBody(string Text);

/// <summary>Either items or a filter over open ones.</summary>
sealed record AskBody(string Action, string Reason, IReadOnlyList<long>? Items = null, WorkFilter? Filter = null, DateOnly? PostingDate = null);

/// <summary>Why a document is to be reversed.</summary>
sealed record ReversalBody(string Reason);

sealed record DecisionBody(string Hash, string? Reason = null);

sealed record SetDecisionBody(SetFilter Filter, string Hash, string? Reason = null);

sealed record Decided(string Status, long Documents);

/// <summary>A way to the ledger: who may go it, and which query parameters it takes.</summary>
sealed record PeopleRoute(string Method, string Pattern, string Scope, string[] Parameters, Func<PeopleCall, Task<(int Status, object Answer)>> Handle);

/// <summary>All of them, so that a test can hold each against each scope.</summary>
static class PeopleRoutes
{
    static readonly string[] WorkParameters = ["code", "owner", "account", "period", "legalEntity", "customer", "overdue", "resolved", "after", "limit"];
    static readonly string[] SetParameters = ["account", "legalEntity", "customer", "kind", "currency", "period"];

    public static readonly IReadOnlyList<PeopleRoute> All =
    [
        new("GET", "/v1/work-items", PeopleScopes.WorkRead, WorkParameters, async call =>
            (200, Page<WorkEntry>.Of(await WorkQueue.ListAsync(call.Connection, call.WorkFilter, call.After, call.Limit), call.Limit, w => Number(w.Id)))),
        new("GET", "/v1/work-items/{id}", PeopleScopes.WorkRead, [], async call => (200, await WorkQueue.GetAsync(call.Connection, call.Id))),
        new("POST", "/v1/work-items/{id}/assign", PeopleScopes.WorkWrite, [], AssignAsync),
        new("POST", "/v1/work-items/{id}/notes", PeopleScopes.WorkWrite, [], NoteAsync),
        new("POST", "/v1/work-items/requests", PeopleScopes.WorkWrite, [], AskAsync),
        new("GET", "/v1/postings", PeopleScopes.WorkRead, ["state", "account", "period", "customer", "after", "limit"], PostingsAsync),
        new("GET", "/v1/postings/{key}", PeopleScopes.WorkRead, [], PostingAsync),
        new("POST", "/v1/postings/{key}/reversal", PeopleScopes.WorkWrite, [], ReverseAsync),
        new("GET", "/v1/approvals", PeopleScopes.WorkRead, ["status", "action", "after", "limit"], async call =>
            (200, Page<RequestEntry>.Of(await Requests.ListAsync(call.Connection, call.Query("status"), call.Query("action"), call.After, call.Limit), call.Limit, r => Number(r.Id)))),
        new("GET", "/v1/approvals/{id}", PeopleScopes.WorkRead, [], async call => (200, await Requests.GetAsync(call.Connection, call.Id))),
        new("POST", "/v1/approvals/{id}/approve", PeopleScopes.PostingApprove, [], call => DecideAsync(call, approve: true)),
        new("POST", "/v1/approvals/{id}/refuse", PeopleScopes.PostingApprove, [], call => DecideAsync(call, approve: false)),
        new("GET", "/v1/approval-sets", PeopleScopes.WorkRead, SetParameters, async call => (200, await Requests.SetAsync(call.Connection,
            new(call.Query("account"), call.Query("legalEntity"), call.Query("customer"), call.Query("kind"), call.Query("currency"), call.Query("period"))))),
        new("POST", "/v1/approval-sets/approve", PeopleScopes.PostingApprove, [], call => DecideSetAsync(call, approve: true)),
        new("POST", "/v1/approval-sets/refuse", PeopleScopes.PostingApprove, [], call => DecideSetAsync(call, approve: false)),
        new("GET", "/v1/audit", PeopleScopes.AuditRead, ["actor", "subject", "after", "limit"], async call =>
            (200, Page<AuditRow>.Of(await AuditTrail.ListAsync(call.Connection, call.After, call.Limit, call.Query("actor"), call.Query("subject")), call.Limit, r => Number(r.Sequence)))),
    ];

    static async Task<(int, object)> AssignAsync(PeopleCall call)
    {
        var body = call.Body<AssignBody>();
        if (!PeopleRules.IsActor(body.Owner)) throw new ProblemException(400, "FIELD_INVALID", $"owner: is not a name ({PeopleRules.ActorRule})", "owner");
        await WorkQueue.AssignAsync(call.Connection, call.Person, call.Id, body.Owner, body.DueAt);
        return (200, await WorkQueue.GetAsync(call.Connection, call.Id));
    }

    static async Task<(int, object)> NoteAsync(PeopleCall call)
    {
        await WorkQueue.NoteAsync(call.Connection, call.Person, call.Id, PeopleCall.Text(call.Body<NoteBody>().Text, "text"));
        return (200, await WorkQueue.GetAsync(call.Connection, call.Id));
    }

    static async Task<(int, object)> AskAsync(PeopleCall call)
    {
        var body = call.Body<AskBody>();
        if (body.Action is not ("retry" or "release" or "write_off")) throw new ProblemException(400, "FIELD_INVALID", "action: is not retry, release or write_off", "action");
        if ((body.Action == "release") != body.PostingDate.HasValue) throw new ProblemException(400, "FIELD_INVALID", "postingDate: is needed for release, and for nothing else", "postingDate");
        if ((body.Items is null) == (body.Filter is null)) throw new ProblemException(400, "FIELD_INVALID", "items: give either items or a filter", "items");
        if (body.Filter is { Code: null, Account: null, Period: null, LegalEntity: null, Customer: null, Owner: null }) throw new ProblemException(400, "FIELD_INVALID", "filter: is empty", "filter");
        var items = body.Items ?? await WorkQueue.IdsAsync(call.Connection, body.Filter!, Requests.MaxDocuments + 1);
        if (items.Count > Requests.MaxDocuments) throw new ProblemException(422, "SET_TOO_LARGE", $"A request is about {Requests.MaxDocuments} items at most", "items");
        if (items.Count == 0) throw new ProblemException(404, "NOT_FOUND", "No open work item fits");
        var id = await Requests.AskAsync(call.Connection, call.Person, body.Action, [.. items], body.PostingDate, PeopleCall.Text(body.Reason, "reason"));
        return (201, await Requests.GetAsync(call.Connection, id));
    }

    static async Task<(int, object)> ReverseAsync(PeopleCall call)
    {
        var reason = PeopleCall.Text(call.Body<ReversalBody>().Reason, "reason");
        var id = await Reversals.AskAsync(call.Connection, call.Person, call.Key, call.DocumentsTopic, reason);
        return (201, await Requests.GetAsync(call.Connection, id));
    }

    static async Task<(int, object)> DecideAsync(PeopleCall call, bool approve)
    {
        var body = call.Body<DecisionBody>();
        var reason = approve ? body.Reason ?? "" : PeopleCall.Text(body.Reason, "reason");
        var status = await Requests.DecideAsync(call.Connection, call.Person, call.Id, approve, body.Hash, reason);
        return status switch
        {
            "expired" => (409, new ProblemException(409, "EXPIRED", $"Request {call.Id} has expired").Problem),
            "void" => (409, new ProblemException(409, "VOID", $"What request {call.Id} asked for has changed: it is void").Problem),
            _ => (200, await Requests.GetAsync(call.Connection, call.Id)),
        };
    }

    static async Task<(int, object)> DecideSetAsync(PeopleCall call, bool approve)
    {
        var body = call.Body<SetDecisionBody>();
        var reason = approve ? body.Reason ?? "" : PeopleCall.Text(body.Reason, "reason");
        return (200, new Decided(approve ? "approved" : "refused", await Requests.DecideSetAsync(call.Connection, call.Person, body.Filter, approve, body.Hash, reason)));
    }

    static async Task<(int, object)> PostingsAsync(PeopleCall call)
    {
        var after = (call.Query("after") ?? "/").Split('/', 2);
        if (after.Length < 2) throw new ProblemException(400, "FIELD_INVALID", "after: is not a cursor of this list", "after");
        var rows = await WorkQueue.PostingsAsync(call.Connection, call.Query("state"), call.Query("account"), call.Query("period"), call.Query("customer"), null, (after[0], after[1]), call.Limit);
        return (200, Page<PostingEntry>.Of(rows, call.Limit, p => $"{p.DocumentKey}/{p.Account}"));
    }

    static async Task<(int, object)> PostingAsync(PeopleCall call)
    {
        var rows = await WorkQueue.PostingsAsync(call.Connection, null, null, null, null, call.Key, ("", ""), 1000);
        return rows.Count > 0 ? (200, new Page<PostingEntry>(rows, null)) : throw new ProblemException(404, "NOT_FOUND", "There is no such document");
    }

    static string Number(long n) => n.ToString(CultureInfo.InvariantCulture);
}
