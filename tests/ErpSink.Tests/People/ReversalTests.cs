using Dapper;
using Npgsql;
using Streams.ErpSink.Consuming;
using Streams.ErpSink.Ledger;
using Streams.ErpSink.People;
using Streams.ErpSink.Reconciliation;
using Streams.ErpSink.Reversing;
using Streams.Schemas;
using static Streams.ErpSink.Tests.People.PeopleLedger;

namespace Streams.ErpSink.Tests.People;

/// <summary>Reversals: who may ask and approve, of what, once; and what of it survives a crash and a ledger made anew.</summary>
public sealed class ReversalTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>, IAsyncLifetime
{
    readonly PeopleLedger _ledger = new(postgres);
    readonly ReversalDesk _desk = new(postgres);

    public Task InitializeAsync() => _desk.BeginAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData(DocumentKind.ArInvoice, DocumentKind.CreditMemo, 1)]
    [InlineData(DocumentKind.CreditMemo, DocumentKind.ArInvoice, 1)]
    [InlineData(DocumentKind.GlJournal, DocumentKind.GlJournal, -1)]
    public void The_counter_document_takes_back_what_the_original_posted_and_is_the_same_each_time(DocumentKind kind, DocumentKind opposite, int sign)
    {
        var original = Documents.Create(2, kind: kind, prefix: "counter");
        var counter = CounterDocument.Of(original);
        Assert.Equal(opposite, counter.Kind);
        Assert.Equal(ExactDecimal.Zero, DocumentRules.Balance(original) + DocumentRules.Balance(counter));
        Assert.Equal(original.Lines.Select(l => (l.Line, l.Product, l.Meter, Times(l.Amount), Times(l.RatedAmount), Times(l.Quantity))), counter.Lines.Select(l => (l.Line, l.Product, l.Meter, l.Amount, l.RatedAmount, l.Quantity)));
        Assert.Equal(original.Lines.Select(l => l.Lineage), counter.Lines.Select(l => l.Lineage));
        Assert.Equal((original.LegalEntity, original.CustomerId, original.ContractId, original.Period, original.Currency, original.ServiceFrom, original.ServiceTo, original.DocumentDate),
            (counter.LegalEntity, counter.CustomerId, counter.ContractId, counter.Period, counter.Currency, counter.ServiceFrom, counter.ServiceTo, counter.DocumentDate));
        Assert.Equal((counter.DocumentKey, counter.ContentHash), (CounterDocument.Of(original).DocumentKey, CounterDocument.Of(original).ContentHash));
        Assert.Null(DocumentRules.Check(counter, System.Text.Encoding.UTF8.GetBytes(counter.CustomerId), original.DocumentKey));
        // What it reverses is part of its key: neither left out nor another.
        Assert.Equal("DOCUMENT_KEY_MISMATCH", DocumentRules.Check(counter, System.Text.Encoding.UTF8.GetBytes(counter.CustomerId))!.Code);
        Assert.Equal("DOCUMENT_KEY_MISMATCH", DocumentRules.Check(counter, System.Text.Encoding.UTF8.GetBytes(counter.CustomerId), counter.DocumentKey)!.Code);

        ExactDecimal Times(ExactDecimal value) => sign < 0 ? -value : value;
    }

    [Fact]
    public async Task One_asks_another_approves_and_the_counter_document_goes_to_where_the_original_went()
    {
        var original = await ConfirmedAsync(Documents.Create(1, prefix: "way"), "2026-02-03");
        var request = await _desk.AskAsync(Ann, original.DocumentKey);
        Assert.Equal(("reverse", "open", 1), (request.Request.Action, request.Request.Status, request.Request.Approvers));
        Assert.Equal((original.DocumentKey, "CREDIT_MEMO", original.Total.ToString(), "USD"), (request.Reversal!.Reverses, request.Reversal.Kind, request.Reversal.Amount, request.Reversal.Currency));
        Assert.Equal("OWN_REQUEST", await CodeAsync(() => _desk.ApproveAsync(Ann, request)));
        Assert.Equal("executed", await _desk.ApproveAsync(Bob, request));

        await _desk.PublishAsync();
        var counter = ReversalDesk.Read(Assert.Single(_desk.Topic));
        Assert.Equal(request.Reversal.DocumentKey, counter.DocumentKey);
        // The routes lead elsewhere by now.
        Assert.Equal(1, (await _desk.TakeAsync(_desk.Topic, "another account")).Planned);
        var reversal = (await PostingAsync(counter.DocumentKey)).Single();
        Assert.Equal((Account, "planned", "2026-02-03", original.DocumentKey, null), (reversal.Account, reversal.State, reversal.PostingDate, reversal.Reverses, reversal.ReversedBy));
        var reversed = (await PostingAsync(original.DocumentKey)).Single();
        Assert.Equal(("confirmed", null, counter.DocumentKey), (reversed.State, reversed.Reverses, reversed.ReversedBy));
        await using var c = await postgres.Database.OpenConnectionAsync();
        var audit = await AuditTrail.ListAsync(c, 0, 1000, subject: $"request/{request.Request.Id}");
        Assert.Equal(["reverse.requested ann", "reverse.executed bob"], audit.Select(a => $"{a.Action} {a.Actor}"));
        Assert.Contains(counter.DocumentKey, audit[0].Details, StringComparison.Ordinal);
        Assert.Contains("wrong customer", audit[0].Details, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Asked_for_twice_it_is_one_request_one_key_and_one_document()
    {
        var original = await ConfirmedAsync(Documents.Create(2, prefix: "twice"));
        var first = await _desk.AskAsync(Ann, original.DocumentKey);
        Assert.Equal("REQUESTED_ALREADY", await CodeAsync(() => _desk.AskAsync(Cem, original.DocumentKey)));
        await _ledger.RefuseRequestAsync(Bob, first.Request);
        await _desk.PublishAsync();
        Assert.Empty(_desk.Topic);
        var second = await _desk.AskAsync(Cem, original.DocumentKey);
        Assert.Equal(first.Reversal, second.Reversal);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(async i =>
        {
            try
            {
                return await _desk.ApproveAsync(new Person($"p{i}", "test"), second);
            }
            catch (PeopleException e)
            {
                return e.Code;
            }
        }));
        Assert.Equal(1, outcomes.Count(o => o == "executed"));
        Assert.Equal(19, outcomes.Count(o => o == "DECIDED"));
        Assert.Equal("REVERSED", await CodeAsync(() => _desk.AskAsync(Ann, original.DocumentKey)));
        await _desk.PublishAsync();
        Assert.Single(_desk.Topic);
    }

    [Fact]
    public async Task A_crash_after_the_approval_or_within_the_publication_loses_and_doubles_nothing()
    {
        var original = await ConfirmedAsync(Documents.Create(3, prefix: "crash"));
        var key = await _desk.ReverseAsync(original.DocumentKey);
        // Nobody has published; whoever comes next does, and dies before it has noted so.
        _desk.DiesAfterPublishing = true;
        await Assert.ThrowsAsync<TimeoutException>(_desk.PublishAsync);
        _desk.DiesAfterPublishing = false;
        await _desk.PublishAsync();
        Assert.Equal(2, _desk.Topic.Count);
        Assert.Equal(_desk.Topic[0].Value, _desk.Topic[1].Value);
        var counts = await _desk.TakeAsync(_desk.Topic, Account);
        Assert.Equal((1, 1, 0, 0), (counts.Planned, counts.Duplicates, counts.Conflicts, counts.Rejected));
        Assert.Single(await PostingAsync(key));
    }

    [Fact]
    public async Task What_cannot_be_reversed_is_refused_for_its_reason()
    {
        Assert.Contains("There is no document", await RefusalAsync("NOT_FOUND", "0000000000000000"));
        var planned = await _ledger.TakeAsync(Documents.Create(1, prefix: "planned"));
        Assert.Contains("is planned: only what is confirmed", await RefusalAsync("NOT_POSSIBLE", planned.DocumentKey));
        var receipt = await ConfirmedAsync(Documents.Create(1, prefix: "receipt", kind: DocumentKind.Receipt));
        Assert.Contains("is a receipt: a payment that was applied is undone in the ERP", await RefusalAsync("NOT_POSSIBLE", receipt.DocumentKey));

        var reversed = await ConfirmedAsync(Documents.Create(1, prefix: "reversed"));
        var key = await _desk.ReverseAsync(reversed.DocumentKey);
        Assert.Contains($"by {key}", await RefusalAsync("REVERSED", reversed.DocumentKey));
        await _desk.PublishAsync();
        await _desk.TakeAsync(_desk.Topic, Account);
        await _ledger.ConfirmAsync(key);
        Assert.Contains($"is the reversal of {reversed.DocumentKey}", await RefusalAsync("NOT_POSSIBLE", key));

        var first = await ConfirmedAsync(Documents.Create(1, prefix: "series"));
        var second = await _ledger.TakeAsync(Documents.Create(1, prefix: "series", revision: 2));
        Assert.Contains(second.DocumentKey, await RefusalAsync("UNDER_WAY", first.DocumentKey));
        await _ledger.ConfirmAsync(second.DocumentKey);
        var request = await _desk.AskAsync(Ann, first.DocumentKey);
        var third = await _ledger.TakeAsync(Documents.Create(1, prefix: "series", revision: 3));
        Assert.Equal("UNDER_WAY", await CodeAsync(() => _desk.ApproveAsync(Bob, request)));
        await _ledger.ConfirmAsync(third.DocumentKey);
        Assert.Equal("executed", await _desk.ApproveAsync(Bob, request));
        Assert.Contains(request.Reversal!.DocumentKey, await RefusalAsync("UNDER_WAY", second.DocumentKey));

        var paid = await ConfirmedAsync(Documents.Create(1, prefix: "paid"));
        var payment = Documents.Create(1, prefix: "paid", kind: DocumentKind.Receipt, period: "2026-02");
        await _ledger.TakeAsync(Documents.Hashed(payment with { Lines = [.. payment.Lines.Select(l => l with { Meter = paid.DocumentKey })] }));
        Assert.Contains($"Receipt {payment.DocumentKey} pays it", await RefusalAsync("UNDER_WAY", paid.DocumentKey));

        var signed = await ConfirmedAsync(Documents.Create(1, "2031-01", prefix: "signed"));
        await _ledger.SqlAsync("insert into erp.sign_off (period, legal_entity, figures, figures_hash, signed_by) values ('2031-01', 'US01', '{}', repeat('0', 64), 'ann')");
        Assert.Contains("2031-01 of US01 is signed off", await RefusalAsync("SIGNED_OFF", signed.DocumentKey));
    }

    [Fact]
    public async Task As_many_approve_as_the_rules_say_and_never_nobody()
    {
        await _ledger.RulesAsync("""{"actions": [{"actions": ["reverse"], "above": {"USD": "1000"}, "approvers": 2}]}""");
        var small = await _desk.AskAsync(Ann, (await ConfirmedAsync(Worth(500, "rules-small"))).DocumentKey);
        var large = await _desk.AskAsync(Ann, (await ConfirmedAsync(Worth(5000, "rules-large"))).DocumentKey);
        Assert.Equal((1, 2), (small.Request.Approvers, large.Request.Approvers));
        Assert.Equal("open", await _desk.ApproveAsync(Bob, large));
        Assert.Equal("executed", await _desk.ApproveAsync(Cem, large));
    }

    [Fact]
    public async Task A_ledger_made_anew_takes_original_and_reversal_in_and_knows_that_they_belong_together()
    {
        var original = Documents.Create(2, prefix: "anew");
        var counter = CounterDocument.Of(original);
        var counts = await _desk.TakeAsync([ReversalDesk.Record(counter, original.DocumentKey, 1), ReversalDesk.Record(original, null, 2)], Account);
        Assert.Equal((2, 0), (counts.Planned, counts.Rejected));
        await _ledger.ConfirmAsync(original.DocumentKey);
        Assert.Equal("REVERSED", await CodeAsync(() => _desk.AskAsync(Ann, original.DocumentKey)));
    }

    [Fact]
    public async Task What_says_it_reverses_a_document_and_is_not_its_counter_document_is_rejected()
    {
        var original = await ConfirmedAsync(Documents.Create(4, prefix: "forged"));
        var counter = CounterDocument.Of(original);
        var dearer = Documents.Hashed(counter with { Lines = [.. counter.Lines.Select(l => l with { Amount = l.Amount + l.Amount })], Total = counter.Total + counter.Total });
        var unknown = CounterDocument.Of(Documents.Create(5, prefix: "forged"));
        var counts = await _desk.TakeAsync([ReversalDesk.Record(dearer, original.DocumentKey, 11), ReversalDesk.Record(unknown, Documents.Create(5, prefix: "forged").DocumentKey, 12)], Account);
        Assert.Equal((0, 2), (counts.Planned, counts.Rejected));
        await using var c = await postgres.Database.OpenConnectionAsync();
        Assert.Equal(["REVERSAL_DIFFERS", "REVERSAL_UNKNOWN"], await c.QueryAsync<string>("select code from erp.work_item where code like 'REVERSAL%' order by code"));
        Assert.Equal("open", (await _desk.AskAsync(Ann, original.DocumentKey)).Request.Status);
    }

    [Fact]
    public async Task The_ledger_keeps_once_and_approved_by_itself()
    {
        var original = await ConfirmedAsync(Documents.Create(5, prefix: "guard"));
        var request = await _desk.AskAsync(Ann, original.DocumentKey);
        var of = new { original.DocumentKey, request.Request.Id, Key = request.Reversal!.DocumentKey };
        Assert.Equal("ER029", await StateAsync("insert into erp.reversal (document_key, reversal_key, request_id) values (@DocumentKey, @Key, @Id)", of));
        Assert.Equal("ER024", await StateAsync("select erp.execute_request(@Id)", of));
        Assert.Equal("ER010", await StateAsync("update erp.reversal_request set content = ''", of));
        await _desk.ApproveAsync(Bob, request);
        Assert.Equal(PostgresErrorCodes.UniqueViolation, await StateAsync("insert into erp.reversal (document_key, reversal_key) values (@DocumentKey, '0000000000000000')", of));
        Assert.Equal("ER028", await StateAsync("insert into erp.reversal (document_key, reversal_key) values (@Key, '0000000000000000')", of));
        Assert.Equal("ER010", await StateAsync("delete from erp.reversal", of));
    }

    [Fact]
    public async Task A_period_is_not_signed_off_while_a_reversal_is_on_its_way()
    {
        var original = await ConfirmedAsync(Documents.Create(1, "2032-01", prefix: "sign-off"));
        var key = await _desk.ReverseAsync(original.DocumentKey);
        var signOffs = new SignOffStore(postgres.Database);
        Assert.Contains(key, (await Assert.ThrowsAsync<SignOffRefusedException>(() => signOffs.SignAsync("2032-01", "US01", "ann", null))).Message, StringComparison.Ordinal);
        await _desk.PublishAsync();
        await _desk.TakeAsync(_desk.Topic, Account);
        Assert.Contains("under way", (await Assert.ThrowsAsync<SignOffRefusedException>(() => signOffs.SignAsync("2032-01", "US01", "ann", null))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reversal_is_no_difference_to_what_was_billed()
    {
        var original = await ConfirmedAsync(Documents.Create(6, prefix: "billed", currency: "CAD"));
        await _ledger.SqlAsync("insert into erp.tally_billed values ('CAD', 1, @total, 0)", new { total = original.Total.ToDecimal() });
        await _desk.ReverseAsync(original.DocumentKey);
        await _desk.PublishAsync();
        Assert.Equal(1, (await _desk.TakeAsync(_desk.Topic, Account)).Planned);
        await using var c = await postgres.Database.OpenConnectionAsync();
        Assert.Equal(ExactDecimal.Zero, (await UsageTally.BilledAsync(c, null)).Single(b => b.Currency == "CAD").Difference);
    }

    async Task<ErpDocument> ConfirmedAsync(ErpDocument document, string? postingDate = null)
    {
        await _ledger.TakeAsync(document);
        await _ledger.ConfirmAsync(document.DocumentKey, postingDate);
        return document;
    }

    Task<IReadOnlyList<PostingEntry>> PostingAsync(string key) => _desk.Database.InAsync(c => WorkQueue.PostingsAsync(c, null, null, null, null, key, ("", ""), 10));

    async Task<string> RefusalAsync(string code, string key)
    {
        var refusal = await Assert.ThrowsAsync<PeopleException>(() => _desk.AskAsync(Ann, key));
        Assert.Equal(code, refusal.Code);
        return refusal.Message;
    }

    async Task<string> StateAsync(string sql, object of) => (await Assert.ThrowsAsync<PostgresException>(() => _ledger.SqlAsync(sql, of))).SqlState;
}
