using System.Text;
using Dapper;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Quotas;
using Streams.ErpSink.Routing;
using Streams.ErpSink.Status;
using Streams.Schemas;

namespace Streams.ErpSink.Tests;

/// <summary>Calls of many documents, ERPs that work in two steps or later, several accounts.</summary>
public sealed class BatchPostingTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    static int _prefix;

    readonly string _name = $"batch{Interlocked.Increment(ref _prefix)}";

    [Fact]
    public async Task Documents_go_in_calls_as_large_as_the_ERP_takes_them()
    {
        var erp = new ScriptedErp(_name);
        await using var sink = new ScriptedSink(postgres.Database, erp);
        var documents = Make(95);
        await sink.TakeAsync(documents);
        await sink.RunUntilQuietAsync();

        Assert.All(documents, d => Assert.Equal(1, erp.Records[d.DocumentKey].Times));
        Assert.All(erp.Posts, p => Assert.InRange(p.Count, 1, 10));
        Assert.InRange(erp.Posts.Count, 10, 12);
        Assert.Equal(erp.CallNames.Count, erp.CallNames.Distinct().Count());
        Assert.All(erp.CallNames, n => Assert.Matches("^[0-9a-f]{12}-[0-9]+$", n));
        Assert.All(await sink.StatesAsync(), s => Assert.Equal(DocumentState.Confirmed, s.State));
    }

    [Fact]
    public async Task A_document_that_spoils_its_call_is_found_by_halving_and_the_others_get_through()
    {
        var erp = new ScriptedErp(_name) { Batching = new(16, AllOrNothing: true) };
        var documents = Make(64);
        var (bad, worse) = (documents[5].DocumentKey, documents[40].DocumentKey);
        erp.Refusal = d => d.DocumentKey == bad || d.DocumentKey == worse ? new(ErpOutcome.Validation, 400, "EF04", "FLEX-VALUE DOES NOT EXIST") : null;
        await using var sink = new ScriptedSink(postgres.Database, erp);
        await sink.TakeAsync(documents);
        await sink.RunUntilQuietAsync();

        var states = (await sink.StatesAsync()).ToDictionary(s => s.Key, s => s.State);
        Assert.All(documents, d => Assert.Equal(d.DocumentKey == bad || d.DocumentKey == worse ? DocumentState.Refused : DocumentState.Confirmed, states[d.DocumentKey]));
        Assert.All(documents.Where(d => states[d.DocumentKey] == DocumentState.Confirmed), d => Assert.Equal(1, erp.Records[d.DocumentKey].Times));
        // 4 calls, and for each culprit 16, 8, 4, 2 halved; one by one would be 64.
        Assert.InRange(erp.Posts.Count, 12, 28);
    }

    [Fact]
    public async Task Created_is_not_posted_drafts_are_finished_and_read_back()
    {
        var erp = new ScriptedErp(_name) { Drafts = true };
        await using var sink = new ScriptedSink(postgres.Database, erp);
        var documents = Make(25);
        await sink.TakeAsync(documents);
        await sink.RunUntilQuietAsync();

        Assert.All(erp.Records.Values, r => Assert.True(r is { Posted: true, Times: 1 }));
        Assert.InRange(erp.Finishes, 3, 5);
        await using var connection = await postgres.Database.OpenConnectionAsync();
        var way = await connection.QueryAsync<string>("select to_state from erp.transition where document_key = @DocumentKey order by id", documents[0]);
        Assert.Equal(["planned", "sent", "created", "confirmed"], way);
        Assert.Equal(documents[0].DocumentDate, await connection.ExecuteScalarAsync<DateOnly>("select posted_on from erp.posting where document_key = @DocumentKey", documents[0]));
    }

    [Theory]
    [InlineData("post")]
    [InlineData("finish")]
    public async Task Every_document_at_its_end_has_a_receipt_whichever_call_it_ended_in(string call)
    {
        var erp = new ScriptedErp(_name) { Drafts = true };
        await using var sink = new ScriptedSink(postgres.Database, erp);
        var documents = Make(5);
        ErpAnswer? Refuse(ErpDocument d) => d.DocumentKey == documents[2].DocumentKey ? new(ErpOutcome.Validation, 400, "BAD_LINE", "line 1 has no account") : null;
        if (call == "post") erp.Refusal = Refuse;
        else erp.Unfinishable = Refuse;
        await sink.TakeAsync(documents);
        await sink.RunUntilQuietAsync();

        var keys = documents.Select(d => Encoding.UTF8.GetBytes(d.DocumentKey)).ToArray();
        await using var connection = await postgres.Database.OpenConnectionAsync();
        var receipts = (await connection.QueryAsync<byte[]>("select value from erp.outbox where topic = @ErpReceipts and key = any(@keys)", new { Topics.ErpReceipts, keys }))
            .Select(v => ErpReceipt.Read(v)).ToDictionary(r => r.DocumentKey);
        Assert.Equal(documents.Select(d => d.DocumentKey).Order(), receipts.Keys.Order());
        Assert.All(documents, d => Assert.Equal((d == documents[2] ? ReceiptState.Refused : ReceiptState.Confirmed, 1), (receipts[d.DocumentKey].State, receipts[d.DocumentKey].Attempts)));
        Assert.Equal(("BAD_LINE", "line 1 has no account"), (receipts[documents[2].DocumentKey].Code, receipts[documents[2].DocumentKey].Detail));
    }

    [Fact]
    public async Task A_job_is_asked_for_until_it_is_done()
    {
        var erp = new ScriptedErp(_name) { Polls = 3 };
        await using var sink = new ScriptedSink(postgres.Database, erp);
        var documents = Make(12);
        await sink.TakeAsync(documents);
        await sink.RunUntilQuietAsync();

        Assert.Equal(12, erp.Posts.Sum(p => p.Count));
        Assert.All(documents, d => Assert.Equal(3, erp.LookUps.Count(l => l.Contains(d.DocumentKey))));
        Assert.All(await sink.StatesAsync(), s => Assert.Equal(DocumentState.Confirmed, s.State));
    }

    [Fact]
    public async Task A_call_that_nobody_heard_the_end_of_is_looked_up_and_not_made_again()
    {
        var erp = new ScriptedErp(_name) { Heard = nth => nth % 2 == 1 ? new(ErpOutcome.Unknown, Code: "TIMEOUT") : null };
        await using var sink = new ScriptedSink(postgres.Database, erp);
        var documents = Make(50);
        await sink.TakeAsync(documents);
        await sink.RunUntilQuietAsync();
        Assert.All(documents, d => Assert.Equal(1, erp.Records[d.DocumentKey].Times));
        Assert.Equal(50, erp.Posts.Sum(p => p.Count));
    }

    [Theory]
    [InlineData(ClosedPeriodPolicy.Hold, 0, DocumentState.Held)]
    [InlineData(ClosedPeriodPolicy.Refuse, 0, DocumentState.Refused)]
    [InlineData(ClosedPeriodPolicy.Move, 0, DocumentState.Confirmed)]
    [InlineData(ClosedPeriodPolicy.Hold, 2, DocumentState.Held)]
    [InlineData(ClosedPeriodPolicy.Refuse, 2, DocumentState.Refused)]
    [InlineData(ClosedPeriodPolicy.Move, 2, DocumentState.Confirmed)]
    public async Task A_closed_period_holds_moves_or_refuses_as_the_policy_says_whether_a_call_or_a_job_meets_it(ClosedPeriodPolicy policy, int polls, string state)
    {
        var erp = new ScriptedErp(_name) { Polls = polls, Refusal = d => d.DocumentDate < new DateOnly(2026, 3, 1) ? new(ErpOutcome.PeriodClosed, 400, "PERIOD_CLOSED") : null };
        await using var sink = new ScriptedSink(postgres.Database, erp, ScriptedSink.Calm with { ClosedPeriod = policy });
        var document = Documents.Create(1, prefix: _name);
        await sink.TakeAsync([document]);
        await sink.RunUntilQuietAsync();
        Assert.Equal(state, (await sink.StatesAsync()).Single().State);
        Assert.Equal(policy == ClosedPeriodPolicy.Move ? 1 : 0, erp.Records.Count);
        if (policy != ClosedPeriodPolicy.Move) return;
        var posted = erp.Records.Single().Value;
        Assert.Equal((new DateOnly(2026, 3, 1), document.ServiceFrom, 1), (posted.Document.DocumentDate, posted.Document.ServiceFrom, posted.Times));
    }

    [Theory]
    [InlineData(ClosedPeriodPolicy.Hold, true, DocumentState.Held, 1)]
    [InlineData(ClosedPeriodPolicy.Refuse, true, DocumentState.Refused, 1)]
    [InlineData(ClosedPeriodPolicy.Move, true, DocumentState.Confirmed, 3)]
    [InlineData(ClosedPeriodPolicy.Move, false, DocumentState.Held, 1)]
    public async Task A_draft_in_a_closed_period_is_made_anew_only_where_its_deletion_is_certain(ClosedPeriodPolicy policy, bool isDeleted, string state, int posts)
    {
        var erp = new ScriptedErp(_name)
        {
            Drafts = true, Unfinishable = d => d.DocumentDate < new DateOnly(2026, 3, 1) ? new(ErpOutcome.PeriodClosed, 400, "PERIOD_CLOSED") { DraftDeleted = isDeleted } : null,
        };
        await using var sink = new ScriptedSink(postgres.Database, erp, ScriptedSink.Calm with { ClosedPeriod = policy });
        await sink.TakeAsync(Make(1));
        await sink.RunUntilQuietAsync();
        Assert.Equal((state, posts), ((await sink.StatesAsync()).Single().State, erp.Posts.Count));
        if (posts > 1) Assert.Equal((new DateOnly(2026, 3, 1), true, 1), (erp.Records.Single().Value.Document.DocumentDate, erp.Records.Single().Value.Posted, erp.Records.Single().Value.Times));
    }

    [Fact]
    public async Task A_document_that_spoils_its_job_is_found_by_halving_and_the_others_get_through()
    {
        var documents = Make(32);
        var bad = documents[11].DocumentKey;
        var erp = new ScriptedErp(_name) { Batching = new(16, AllOrNothing: true), Polls = 2, Refusal = d => d.DocumentKey == bad ? new(ErpOutcome.Validation, 200, "EF04", "FLEX-VALUE DOES NOT EXIST") : null };
        await using var sink = new ScriptedSink(postgres.Database, erp);
        await sink.TakeAsync(documents);
        await sink.RunUntilQuietAsync();

        Assert.All(await sink.StatesAsync(), s => Assert.Equal(s.Key == bad ? DocumentState.Refused : DocumentState.Confirmed, s.State));
        Assert.Equal(documents.Select(d => d.DocumentKey).Where(k => k != bad).Order(), erp.Records.Keys.Order());
        Assert.All(erp.Records.Values, r => Assert.Equal(1, r.Times));
        // 2 calls, and for the culprit's half 8, 4, 2 and 1 twice each, or a few more where a half was asked for in two look-ups; one by one would be 32.
        Assert.InRange(erp.Posts.Count, 6, 24);
    }

    [Theory]
    [InlineData(true, 3)]
    [InlineData(false, 2)]
    public async Task What_the_job_of_an_earlier_call_said_is_no_word_of_a_later_one(bool isLost, int posts)
    {
        var isWrong = true;
        // The second call is lost, or makes the record at once and is not found for a while.
        var erp = new ScriptedErp(_name) { Polls = 1, Refusal = _ => isWrong ? new(ErpOutcome.Validation, 400, "NO_CUSTOMER") : null, Reaches = nth => nth != 2 || !isLost, Sees = nth => nth != 2 };
        await using var sink = new ScriptedSink(postgres.Database, erp);
        var documents = Make(1);
        await sink.TakeAsync(documents);
        await sink.RunUntilQuietAsync();
        Assert.Equal(DocumentState.Refused, (await sink.StatesAsync()).Single().State);

        (isWrong, erp.Polls) = (false, isLost ? 1 : 0);
        var status = new ErpSinkStatus(postgres.Database);
        await status.RetryAsync((await status.WorkItemsAsync()).Single(i => i.DocumentKey == documents[0].DocumentKey).Id, "ann", "bob");
        await sink.RunUntilQuietAsync();
        Assert.Equal(DocumentState.Confirmed, (await sink.StatesAsync()).Single().State);
        Assert.Equal((posts, 1), (erp.Posts.Count, erp.Records.Single().Value.Times));
    }

    [Fact]
    public async Task A_period_that_never_opens_ends_on_the_work_list()
    {
        var erp = new ScriptedErp(_name) { Refusal = _ => new(ErpOutcome.PeriodClosed, 400, "PERIOD_CLOSED") };
        await using var sink = new ScriptedSink(postgres.Database, erp, ScriptedSink.Calm with { ClosedPeriod = ClosedPeriodPolicy.Move });
        await sink.TakeAsync(Make(1));
        await sink.RunUntilQuietAsync();
        Assert.Equal(DocumentState.Held, (await sink.StatesAsync()).Single().State);
        Assert.Equal(13, erp.Posts.Count);
    }

    [Fact]
    public async Task A_migration_posts_to_one_ERP_compares_with_the_other_and_cuts_over_at_a_date()
    {
        var (old, @new) = (new ScriptedErp($"{_name}-old"), new ScriptedErp($"{_name}-new"));
        var routes = new RouteTable
        {
            Routes =
            [
                new Route { Account = old.Account, To = new DateOnly(2026, 2, 1) },
                new Route { Account = @new.Account, From = new DateOnly(2026, 2, 1) },
                new Route { Account = old.Account, Mode = RouteMode.Compare },
            ],
        };
        await using var sink = new ScriptedSink(postgres.Database, [old, @new], routes: routes);
        var january = Documents.Create(1, "2026-01", prefix: _name);
        var february = Documents.Create(1, "2026-02", prefix: _name);
        var missing = Documents.Create(2, "2026-02", prefix: _name);
        // In the old ERP another system posts February's first document.
        old.Records[february.DocumentKey] = (february, true, 1);
        await sink.TakeAsync([january, february, missing]);
        await sink.RunUntilQuietAsync();

        Assert.Equal([january.DocumentKey, february.DocumentKey], old.Records.Keys.Order(StringComparer.Ordinal).OrderBy(k => k == february.DocumentKey));
        Assert.Equal(2, @new.Records.Count);
        Assert.Single(old.Posts);
        await using var connection = await postgres.Database.OpenConnectionAsync();
        var compared = (await connection.QueryAsync<(string Key, string Outcome)>("select document_key, outcome from erp.posting where account = @Account and state = 'compared'", old)).ToDictionary(c => c.Key, c => c.Outcome);
        Assert.Equal(("found", "absent"), (compared[february.DocumentKey], compared[missing.DocumentKey]));
        Assert.Equal("NOT_IN_COMPARED_ERP", await connection.ExecuteScalarAsync<string>("select code from erp.work_item where document_key = @DocumentKey", missing));
    }

    [Fact]
    public async Task A_document_without_a_route_is_on_the_work_list()
    {
        var erp = new ScriptedErp(_name);
        await using var sink = new ScriptedSink(postgres.Database, [erp], routes: new RouteTable { Routes = [new Route { Account = _name, LegalEntities = ["DE01"] }] });
        var counts = await sink.TakeAsync(Make(1));
        Assert.Equal((0, 1), (counts.Planned, counts.Rejected));
    }

    [Fact]
    public void Routes_that_lead_nowhere_are_refused_by_name()
    {
        var routes = RouteTable.Parse("""{"routes":[{"account":"a","from":"2026-02-01","to":"2026-01-01"},{"account":"b","groups":["emea"]}]}""");
        var fault = Assert.Throws<ArgumentException>(() => routes.For(["a"]));
        Assert.Equal("routes[0].to: 2026-01-01 does not lie behind from; routes[1].account: 'b' is not configured; routes[1].groups: 'emea' is not known", fault.Message);
        Assert.Throws<ArgumentException>(() => RouteTable.Parse("""{"routes":[{"acount":"a"}]}"""));
    }

    [Fact]
    public async Task A_receipt_waits_for_the_invoice_that_it_pays()
    {
        var erp = new ScriptedErp(_name) { Batching = new(1), Heard = nth => nth == 1 ? new(ErpOutcome.NotSent, Code: "NOT_CONNECTED") : null };
        await using var sink = new ScriptedSink(postgres.Database, erp);
        var invoice = Documents.Create(1, prefix: _name);
        var receipt = Documents.Create(1, "2026-02", kind: DocumentKind.Receipt, prefix: _name);
        receipt = Documents.Hashed(receipt with { Lines = [.. receipt.Lines.Select(l => l with { Meter = invoice.DocumentKey })] });
        await sink.TakeAsync([receipt, invoice]);
        await sink.RunUntilQuietAsync();
        Assert.Equal(receipt.DocumentKey, erp.Posts[^1].Single());
        Assert.All(await sink.StatesAsync(), s => Assert.Equal(DocumentState.Confirmed, s.State));
    }

    List<ErpDocument> Make(int count) => [.. Enumerable.Range(1, count).Select(n => Documents.Create(n, prefix: _name))];
}
