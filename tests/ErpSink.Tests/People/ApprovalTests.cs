using Dapper;
using Npgsql;
using Streams.ErpSink.People;
using Streams.Schemas;
using static Streams.ErpSink.Tests.People.PeopleLedger;

namespace Streams.ErpSink.Tests.People;

/// <summary>Who may decide, on what, and what the ledger makes of everything else.</summary>
public sealed class ApprovalTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    const string Thresholds = """
        {"actions": [{"actions": ["retry", "release"], "above": {"USD": "1000"}, "approvers": 1}, {"above": {"USD": "10000"}, "approvers": 2}, {"actions": ["write_off"], "approvers": 1}]}
        """;

    readonly PeopleLedger _ledger = new(postgres);

    [Fact]
    public async Task A_small_retry_is_done_at_once_and_nobody_else_is_asked()
    {
        await _ledger.RulesAsync(Thresholds);
        var document = Worth(100, "small");
        var item = await _ledger.RefusedAsync(document);
        var request = await _ledger.AskAsync(Ann, "retry", item);
        Assert.Equal(("executed", 0), (request.Status, request.Approvers));
        Assert.Equal("planned", await _ledger.StateAsync(document));
        Assert.Equal(("retry", "ann", null), Resolution(await _ledger.ItemAsync(item)));
    }

    [Fact]
    public async Task Above_the_second_limit_two_others_have_to_approve()
    {
        await _ledger.RulesAsync(Thresholds);
        var document = Worth(50_000, "large");
        var request = await _ledger.AskAsync(Ann, "retry", await _ledger.RefusedAsync(document));
        Assert.Equal(("open", 2), (request.Status, request.Approvers));
        Assert.Equal("OWN_REQUEST", await CodeAsync(() => _ledger.ApproveAsync(Ann, request)));
        Assert.Equal("open", await _ledger.ApproveAsync(Bob, request));
        Assert.Equal("refused", await _ledger.StateAsync(document));
        Assert.Equal("DECIDED", await CodeAsync(() => _ledger.ApproveAsync(Bob, request)));
        Assert.Equal("executed", await _ledger.ApproveAsync(Cem, request));
        Assert.Equal("planned", await _ledger.StateAsync(document));
    }

    [Fact]
    public async Task The_sum_of_a_request_counts_not_each_document()
    {
        await _ledger.RulesAsync(Thresholds);
        var items = new List<long>();
        for (var i = 0; i < 3; i++) items.Add(await _ledger.RefusedAsync(Worth(500, $"sum-{i}")));
        Assert.Equal(1, (await _ledger.AskAsync(Ann, "retry", [.. items])).Approvers);
    }

    [Fact]
    public async Task A_write_off_needs_another_person_whatever_the_rules_say()
    {
        await _ledger.RulesAsync("""{"actions": []}""");
        var document = Worth(1, "never-alone");
        var item = await _ledger.RefusedAsync(document);
        var request = await _ledger.AskAsync(Ann, "write_off", item);
        Assert.Equal(1, request.Approvers);
        Assert.Equal("executed", await _ledger.ApproveAsync(Bob, request));
        Assert.Equal("written_off", await _ledger.StateAsync(document));
        Assert.Equal(("written_off", "ann", "bob"), Resolution(await _ledger.ItemAsync(item)));
    }

    [Fact]
    public async Task A_release_moves_the_posting_date_and_nothing_else_does()
    {
        await _ledger.RulesAsync(Thresholds);
        var document = Worth(5000, "release");
        var request = await _ledger.AskAsync(Ann, "release", new DateOnly(2026, 3, 1), await _ledger.RefusedAsync(document, "PERIOD_CLOSED"));
        await _ledger.ApproveAsync(Bob, request);
        await using var c = await postgres.Database.OpenConnectionAsync();
        Assert.Equal("planned 2026-03-01", await c.ExecuteScalarAsync<string>("select state || ' ' || posting_date from erp.posting where document_key = @DocumentKey", document));
    }

    [Theory]
    [InlineData("alter table erp.document disable trigger append_only; update erp.document set content = content || '\\x00' where document_key = @DocumentKey; alter table erp.document enable trigger append_only")]
    [InlineData("alter table erp.document disable trigger append_only; update erp.document set total = total + 1 where document_key = @DocumentKey; alter table erp.document enable trigger append_only")]
    [InlineData("update erp.posting set posting_date = '2027-01-01' where document_key = @DocumentKey")]
    public async Task An_approval_is_void_when_what_it_is_about_has_changed(string change)
    {
        await _ledger.RulesAsync(Thresholds);
        var document = Worth(5000, $"void-{change.Length}-{change[^9]}");
        var request = await _ledger.AskAsync(Ann, "retry", await _ledger.RefusedAsync(document));
        await _ledger.SqlAsync(change, document);
        Assert.Equal("void", await _ledger.ApproveAsync(Bob, request));
        Assert.Equal("void", (await _ledger.RequestAsync(request.Id)).Status);
        Assert.Equal("refused", await _ledger.StateAsync(document));
        Assert.Equal("DECIDED", await CodeAsync(() => _ledger.ApproveAsync(Cem, request)));
    }

    [Fact]
    public async Task What_was_not_seen_is_not_approved()
    {
        await _ledger.RulesAsync(Thresholds);
        var request = await _ledger.AskAsync(Ann, "retry", await _ledger.RefusedAsync(Worth(5000, "unseen")));
        Assert.Equal("HASH_DIFFERS", await CodeAsync(() => _ledger.ApproveAsync(Bob, request, new string('0', 64))));
        Assert.Equal("open", (await _ledger.RequestAsync(request.Id)).Status);
    }

    [Fact]
    public async Task Of_a_hundred_approvals_at_once_one_counts_and_the_document_is_planned_once()
    {
        await _ledger.RulesAsync(Thresholds);
        var document = Worth(5000, "race");
        var request = await _ledger.AskAsync(Ann, "retry", await _ledger.RefusedAsync(document));
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
        {
            try
            {
                return await _ledger.ApproveAsync(new Person($"p{i}", "test"), request);
            }
            catch (PeopleException e)
            {
                return e.Code;
            }
        }));
        Assert.Equal(1, outcomes.Count(o => o == "executed"));
        Assert.Equal(99, outcomes.Count(o => o == "DECIDED"));
        await using var c = await postgres.Database.OpenConnectionAsync();
        Assert.Equal(1, await c.ExecuteScalarAsync<long>("select count(*) from erp.transition where document_key = @DocumentKey and from_state = 'refused' and to_state = 'planned'", document));
        Assert.Equal(1, await c.ExecuteScalarAsync<long>("select count(*) from erp.approval where request_id = @Id", request));
    }

    [Fact]
    public async Task An_approval_is_used_once()
    {
        await _ledger.RulesAsync(Thresholds);
        var document = Worth(5000, "replayed");
        var request = await _ledger.AskAsync(Ann, "retry", await _ledger.RefusedAsync(document));
        Assert.Equal("executed", await _ledger.ApproveAsync(Bob, request));
        await _ledger.RefuseAsync(document);
        Assert.Equal("DECIDED", await CodeAsync(() => _ledger.ApproveAsync(Bob, request)));
        Assert.Equal("DECIDED", await CodeAsync(() => _ledger.ApproveAsync(Cem, request)));
        Assert.Equal("refused", await _ledger.StateAsync(document));
    }

    [Fact]
    public async Task An_expired_request_cannot_be_approved_and_can_be_made_again()
    {
        await _ledger.RulesAsync(Thresholds);
        var item = await _ledger.RefusedAsync(Worth(5000, "expired"));
        var request = await _ledger.AskAsync(Ann, "retry", item);
        Assert.Equal("REQUESTED_ALREADY", await CodeAsync(() => _ledger.AskAsync(Cem, "write_off", item)));
        await _ledger.SqlAsync("alter table erp.request disable trigger guard; update erp.request set expires_at = clock_timestamp() where id = @Id; alter table erp.request enable trigger guard", request);
        Assert.Equal("expired", await _ledger.ApproveAsync(Bob, request));
        Assert.Equal("expired", (await _ledger.RequestAsync(request.Id)).Status);
        Assert.Equal("open", (await _ledger.AskAsync(Ann, "retry", item)).Status);
    }

    [Fact]
    public async Task Requests_nobody_decided_on_expire_by_themselves_and_that_is_on_record()
    {
        await _ledger.RulesAsync(Thresholds);
        var request = await _ledger.AskAsync(Ann, "retry", await _ledger.RefusedAsync(Worth(5000, "forgotten")));
        await _ledger.SqlAsync("alter table erp.request disable trigger guard; update erp.request set expires_at = clock_timestamp() where id = @Id; alter table erp.request enable trigger guard", request);
        var options = new ErpSinkOptions { Registry = new FixedRegistry(), Postgres = postgres.ConnectionString, Accounts = [] };
        await new PeopleService(postgres.Database, options, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<PeopleService>.Instance).StepAsync(default);
        await using var c = await postgres.Database.OpenConnectionAsync();
        Assert.Equal("expired", await c.ExecuteScalarAsync<string>("select status from erp.request where id = @Id", request));
        Assert.Equal(["retry.requested", "retry.expired"], (await AuditTrail.ListAsync(c, 0, 1000, subject: $"request/{request.Id}")).Select(a => a.Action));
    }

    [Fact]
    public async Task Documents_above_a_limit_wait_and_are_planned_when_approved()
    {
        await _ledger.RulesAsync("""{"postings": [{"name": "large", "above": {"USD": "1000"}, "kinds": ["AR_INVOICE"]}, {"name": "very large", "above": {"USD": "100000"}, "approvers": 2}]}""");
        var small = await _ledger.TakeAsync(Worth(500, "w-small"));
        var large = await _ledger.TakeAsync(Worth(5000, "w-large"));
        var huge = await _ledger.TakeAsync(Worth(500_000, "w-huge"));
        Assert.Equal(["planned", "waiting", "waiting"], [await _ledger.StateAsync(small), await _ledger.StateAsync(large), await _ledger.StateAsync(huge)]);
        var (one, two) = (await _ledger.WaitingAsync(large), await _ledger.WaitingAsync(huge));
        Assert.Equal((1, "large", 2, "large, very large"), (one.Approvers, one.Rule, two.Approvers, two.Rule));
        Assert.Equal("executed", await _ledger.ApproveAsync(Bob, one));
        Assert.Equal("open", await _ledger.ApproveAsync(Bob, two));
        Assert.Equal(["planned", "waiting"], [await _ledger.StateAsync(large), await _ledger.StateAsync(huge)]);
        Assert.Equal("refused", await _ledger.RefuseRequestAsync(Cem, two));
        Assert.Equal("refused", await _ledger.StateAsync(huge));

        // What people refused is on the work list, and as many have to approve its retry.
        await _ledger.RulesAsync("""{"postings": [{"name": "very large", "above": {"USD": "100000"}, "approvers": 2}], "actions": []}""");
        var item = (await _ledger.Database.InAsync(c => WorkQueue.ListAsync(c, new WorkFilter(Customer: huge.CustomerId), 0, 10))).Single();
        Assert.Equal("APPROVAL_REFUSED", item.Code);
        Assert.Equal(2, (await _ledger.AskAsync(Ann, "retry", item.Id)).Approvers);
    }

    [Fact]
    public async Task What_a_restored_ledger_takes_in_again_waits_too_and_is_looked_up_once_approved()
    {
        await _ledger.RulesAsync("""{"postings": [{"name": "large", "above": {"USD": "1000"}}]}""");
        await _ledger.SqlAsync("""
            with r as (insert into erp.restore (evidence) values ('a test') returning id)
            insert into erp.restore_head select r.id, 'erp.documents', 0, 0, h.head, h.head from r, (select coalesce(max(source_offset), 0) + 3 as head from erp.document) h
            """);
        var (small, large) = (await _ledger.TakeAsync(Worth(500, "r-small")), await _ledger.TakeAsync(Worth(5000, "r-large")));
        Assert.Equal(["unknown", "waiting"], [await _ledger.StateAsync(small), await _ledger.StateAsync(large)]);
        Assert.Equal("executed", await _ledger.ApproveAsync(Bob, await _ledger.WaitingAsync(large)));
        Assert.Equal("unknown", await _ledger.StateAsync(large));
    }

    [Fact]
    public async Task The_first_document_of_a_customer_waits_where_rules_say_so()
    {
        await _ledger.RulesAsync("""{"postings": [{"name": "new", "newCustomers": true}]}""");
        var first = await _ledger.TakeAsync(Documents.Create(1, prefix: "new"));
        Assert.Equal("waiting", await _ledger.StateAsync(first));
        await _ledger.ApproveAsync(Bob, await _ledger.WaitingAsync(first));
        await _ledger.SqlAsync("""
            update erp.posting set state = 'claimed' where document_key = @DocumentKey;
            with c as (insert into erp.call (account, call, instance, documents) values ('ledger', 'post', 't', 1) returning id)
            update erp.posting set state = 'sent', outcome = null, call_id = c.id from c where document_key = @DocumentKey;
            update erp.posting set state = 'created', outcome = 'created' where document_key = @DocumentKey;
            update erp.posting set state = 'confirmed', outcome = 'found' where document_key = @DocumentKey
            """, first);
        Assert.Equal("planned", await _ledger.StateAsync(await _ledger.TakeAsync(Documents.Create(1, "2026-02", prefix: "new"))));
    }

    [Fact]
    public async Task A_set_is_approved_as_it_was_seen_or_not_at_all()
    {
        await _ledger.RulesAsync("""{"postings": [{"name": "all"}]}""");
        var filter = new SetFilter(Account, Period: "2026-05");
        var documents = new List<ErpDocument>();
        for (var i = 0; i < 5; i++) documents.Add(await _ledger.TakeAsync(Documents.Create(i, "2026-05", prefix: "set")));
        var seen = await _ledger.Database.InAsync(c => Requests.SetAsync(c, filter));
        Assert.Equal(5, seen.Documents);
        documents.Add(await _ledger.TakeAsync(Documents.Create(9, "2026-05", prefix: "set")));
        Assert.Equal("SET_MOVED", await CodeAsync(() => _ledger.Database.InAsync(c => Requests.DecideSetAsync(c, Bob, filter, true, seen.Hash, ""))));
        await _ledger.SqlAsync("update erp.posting set posting_date = '2026-06-01' where document_key = @DocumentKey", documents[0]);
        seen = await _ledger.Database.InAsync(c => Requests.SetAsync(c, filter));
        Assert.Equal("SET_MOVED", await CodeAsync(() => _ledger.Database.InAsync(c => Requests.DecideSetAsync(c, Bob, filter, true, seen.Hash, ""))));
        Assert.All(await Task.WhenAll(documents.Select(_ledger.StateAsync)), s => Assert.Equal("waiting", s));

        // Looked at alone, the moved one is void and asked for anew; then the set is whole again.
        Assert.Equal("void", await _ledger.ApproveAsync(Bob, await _ledger.WaitingAsync(documents[0])));
        seen = await _ledger.Database.InAsync(c => Requests.SetAsync(c, filter));
        Assert.Equal(6, await _ledger.Database.InAsync(c => Requests.DecideSetAsync(c, Bob, filter, true, seen.Hash, "")));
        Assert.All(await Task.WhenAll(documents.Select(_ledger.StateAsync)), s => Assert.Equal("planned", s));
    }

    [Fact]
    public async Task A_set_with_documents_that_need_two_is_approved_by_one_after_the_other()
    {
        await _ledger.RulesAsync("""{"postings": [{"name": "one"}, {"name": "two", "above": {"USD": "1000"}, "approvers": 2}]}""");
        var filter = new SetFilter(Period: "2026-06");
        var (small, large) = (await _ledger.TakeAsync(Worth(500, "pair-small", "2026-06")), await _ledger.TakeAsync(Worth(5000, "pair-large", "2026-06")));
        Assert.Equal(2, await ApproveSetAsync(Bob));
        Assert.Equal(["planned", "waiting"], [await _ledger.StateAsync(small), await _ledger.StateAsync(large)]);
        var later = await _ledger.TakeAsync(Worth(600, "pair-later", "2026-06"));
        Assert.Equal(1, await ApproveSetAsync(Bob));
        Assert.Equal("NOT_FOUND", await CodeAsync(() => ApproveSetAsync(Bob)));
        Assert.Equal(1, await ApproveSetAsync(Cem));
        Assert.Equal(["planned", "planned"], [await _ledger.StateAsync(large), await _ledger.StateAsync(later)]);

        Task<int> ApproveSetAsync(Person by) => _ledger.Database.InAsync(async c => await Requests.DecideSetAsync(c, by, filter, true, (await Requests.SetAsync(c, filter)).Hash, ""));
    }

    [Fact]
    public async Task Nothing_is_asked_of_what_is_not_refused_or_has_no_posting()
    {
        await _ledger.RulesAsync(Thresholds);
        await using var c = await postgres.Database.OpenConnectionAsync();
        var unreadable = await c.ExecuteScalarAsync<long>("insert into erp.work_item (code, detail, source_topic, source_partition, source_offset) values ('AVRO_MALFORMED', 'x', 't', 0, 99) returning id");
        Assert.Equal("NOT_POSSIBLE", await CodeAsync(() => _ledger.AskAsync(Ann, "retry", unreadable)));
        Assert.Equal("NOT_FOUND", await CodeAsync(() => _ledger.AskAsync(Ann, "retry", long.MaxValue)));
        var request = await _ledger.AskAsync(Ann, "write_off", unreadable);
        // Nobody knows what it was worth: as for the highest amount.
        Assert.Equal(2, request.Approvers);
        await _ledger.ApproveAsync(Bob, request);
        await _ledger.ApproveAsync(Cem, request);
        Assert.Equal("discarded", (await _ledger.ItemAsync(unreadable)).Item.Resolution);
        Assert.Equal("RESOLVED", await CodeAsync(() => _ledger.AskAsync(Ann, "write_off", unreadable)));
    }

    static (string?, string?, string?) Resolution(WorkDetail detail) => (detail.Item.Resolution, detail.Item.ResolvedBy, detail.Item.ApprovedBy);
}
