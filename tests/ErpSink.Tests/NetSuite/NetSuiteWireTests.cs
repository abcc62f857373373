using System.Text.Json.Nodes;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.NetSuite;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Tests.Wire;
using Streams.Schemas;

namespace Streams.ErpSink.Tests;

/// <summary>What goes over the wire, to the field, and what comes back.</summary>
public sealed class NetSuiteWireTests
{
    const string Host = "https://1234567-sb1.suitetalk.api.netsuite.com";
    static readonly NetSuiteToken Token = new("ck_test", "cs_test", "tk_test", "ts_test");
    static readonly string PrivateKey = ClientAssertion.NewKeyPair("ES256").PrivateKeyPem;

    static NetSuiteOptions Options(int batch = 1) => new()
    {
        Account = "1234567_SB1", Token = Token, BatchSize = batch,
        Mapping = ErpMapping.Parse("""
            {"erp":"netsuite","version":"t","settings":{"receivableAccount":"119","terms":"4"},"tables":{"subsidiaries":{"US01":"1"},"currencies":{"USD":"1"},
             "customers":{"cust-1":"145","cust-2":"146"},"items":{"api/api.requests1":"77","api":"78"},"revenueAccounts":{"*":"400"},"paymentAccounts":{"wire":"9"},
             "postingPeriods":{"2026-07":"21"},"departments":{"api":"5"}}}
            """, NetSuiteRecord.Shape),
    };

    [Fact]
    public void The_token_signature_is_the_published_vector()
    {
        var header = TokenSignature.Header(HttpMethod.Post, new Uri("https://1234567.suitetalk.api.netsuite.com/services/rest/record/v1/journalEntry"), "1234567", Token, "abcdefghij0123456789", 1_700_000_000);
        Assert.Contains($"oauth_signature=\"{Uri.EscapeDataString("QdAUFGGu1rV8RSRu2LqvDgE1NWMDr1DTwZrEhyvlsU0=")}\"", header);
        Assert.StartsWith("realm=\"1234567\", oauth_consumer_key=\"ck_test\"", header);
        Assert.DoesNotContain("cs_test", header + Token + Options(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_query_is_part_of_what_is_signed() =>
        Assert.Equal("GET&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26b5%3D%253D%25253D%26c%2540%3D%26oauth_nonce%3Dn",
            TokenSignature.BaseString(HttpMethod.Get, new Uri("http://example.com/request?b5=%3D%253D&a3=2%20q&c%40=&a2=r%20b"), [new("oauth_nonce", "n")]));

    [Fact]
    public async Task An_invoice_is_sent_to_the_field()
    {
        var invoice = Kinds.Of(DocumentKind.ArInvoice, 1, "1204.55", "-0.05");
        var script = new WireScript(Created("invoice", 98765));
        using var connector = new NetSuiteConnector(Options(), script, TimeProvider.System);
        var answer = (await connector.PostAsync([invoice], "call-1", CancellationToken.None))[0];

        Assert.Equal((ErpOutcome.Created, "98765"), (answer.Outcome, answer.ErpId));
        var sent = Assert.Single(script.Sent);
        Assert.Equal(("POST", $"{Host}/services/rest/record/v1/invoice"), (sent.Method, sent.Uri.ToString()));
        Assert.StartsWith("OAuth realm=\"1234567_SB1\"", sent.Headers["Authorization"]);
        Assert.False(sent.Headers.ContainsKey("Prefer"));
        Same($$$"""
            {"externalId":"{{{invoice.DocumentKey}}}","entity":{"id":"145"},"subsidiary":{"id":"1"},"currency":{"id":"1"},"tranDate":"2026-07-31","postingPeriod":{"id":"21"},
             "terms":{"id":"4"},"memo":"cust-1 2026-07 r1","item":{"items":[
              {"item":{"id":"77"},"quantity":1,"rate":1204.55,"amount":1204.55,"description":"api api.requests1 2026-07: 1000","department":{"id":"5"}},
              {"item":{"id":"78"},"quantity":1,"rate":-0.05,"amount":-0.05,"description":"api api.requests2 2026-07: 1000","department":{"id":"5"}}]}}
            """, sent.Body);
        Assert.StartsWith("POST /services/rest/record/v1/invoice\n{\n", connector.Describe(invoice));
    }

    [Fact]
    public async Task A_credit_memo_has_positive_items_and_a_journal_two_sides()
    {
        var script = new WireScript(Created("creditMemo", 1), Created("journalEntry", 2));
        using var connector = new NetSuiteConnector(Options(), script, TimeProvider.System);
        await connector.PostAsync([Kinds.Of(DocumentKind.CreditMemo, 1, "10.10")], "c", CancellationToken.None);
        await connector.PostAsync([Kinds.Of(DocumentKind.GlJournal, 1, "100.00", "-0.01")], "c", CancellationToken.None);

        Assert.EndsWith("/creditMemo", script.Sent[0].PathAndQuery);
        Assert.Equal("10.1", JsonNode.Parse(script.Sent[0].Body)!["item"]!["items"]![0]!["amount"]!.ToJsonString());
        Assert.Equal("145", (string?)JsonNode.Parse(script.Sent[0].Body)!["entity"]!["id"]);
        var lines = JsonNode.Parse(script.Sent[1].Body)!["line"]!["items"]!.AsArray();
        Assert.Equal(["119 D99.99", "400 C100", "400 D0.01"], lines.Select(l => $"{l!["account"]!["id"]} {(l["debit"] is { } d ? $"D{d.ToJsonString()}" : $"C{l["credit"]!.ToJsonString()}")}"));
    }

    [Fact]
    public async Task A_receipt_applies_to_the_invoices_ids()
    {
        var receipt = Kinds.Receipt(1, ("AAAAAAAAAAAAAAAA", "5.05"), ("BBBBBBBBBBBBBBBB", "7"));
        var script = new WireScript(Rows(("98765", "AAAAAAAAAAAAAAAA", "invoice", "5.05"), ("3", "BBBBBBBBBBBBBBBB", "creditmemo", "7"), ("98766", "BBBBBBBBBBBBBBBB", "invoice", "7")), Created("customerPayment", 7));
        using var connector = new NetSuiteConnector(Options(), script, TimeProvider.System);
        Assert.Equal(ErpOutcome.Created, (await connector.PostAsync([receipt], "c", CancellationToken.None))[0].Outcome);

        Assert.Equal("/services/rest/query/v1/suiteql?limit=1000&offset=0", script.Sent[0].PathAndQuery);
        Assert.Equal("transient", script.Sent[0].Headers["Prefer"]);
        Same($$$"""
            {"externalId":"{{{receipt.DocumentKey}}}","customer":{"id":"145"},"subsidiary":{"id":"1"},"currency":{"id":"1"},"tranDate":"2026-07-31","postingPeriod":{"id":"21"},
             "memo":"cust-1 2026-07 r1","account":{"id":"9"},"payment":12.05,
             "apply":{"items":[{"doc":{"id":"98765"},"apply":true,"amount":5.05},{"doc":{"id":"98766"},"apply":true,"amount":7}]}}
            """, script.Sent[1].Body);
    }

    [Fact]
    public async Task A_receipt_for_an_invoice_that_is_not_there_is_refused_and_a_lost_question_posts_nothing()
    {
        var receipt = Kinds.Receipt(1, ("AAAAAAAAAAAAAAAA", "5.05"));
        Assert.Equal(("PAID_DOCUMENT_MISSING", ErpOutcome.Validation), await Answer(new WireScript(Rows())));
        Assert.Equal(("CONNECTION_LOST", ErpOutcome.NotSent), await Answer(new WireScript(new Reply(0) { Lost = true })));

        async Task<(string?, ErpOutcome)> Answer(WireScript script)
        {
            using var connector = new NetSuiteConnector(Options(), script, TimeProvider.System);
            var answer = (await connector.PostAsync([receipt], "c", CancellationToken.None))[0];
            return (answer.Code, answer.Outcome);
        }
    }

    [Fact]
    public async Task Many_go_as_one_asynchronous_request_whose_answer_names_the_job()
    {
        var batch = new[] { Kinds.Of(DocumentKind.ArInvoice, 1, "1"), Kinds.Of(DocumentKind.ArInvoice, 2, "2") };
        var accepted = new Reply(202) { Headers = new Dictionary<string, string> { ["Location"] = "/services/rest/async/v1/job/51", ["Preference-Applied"] = "respond-async" } };
        var conflict = new Reply(400, Error("IDEMPOTENCY_ERROR", "A request with this key was processed.")) { Headers = new Dictionary<string, string> { ["Location"] = $"{Host}/services/rest/async/v1/job/51" } };
        var script = new WireScript(accepted, conflict, new Reply(202), new Reply(0) { Lost = true });
        using var connector = new NetSuiteConnector(Options(100), script, TimeProvider.System);
        foreach (var _ in Enumerable.Range(1, 2))
        {
            var answers = await connector.PostAsync(batch, "call-1", CancellationToken.None);
            Assert.Equal([(ErpOutcome.Accepted, "51:1"), (ErpOutcome.Accepted, "51:2")], answers.Select(a => (a.Outcome, a.Job!)));
        }
        Assert.All(await connector.PostAsync(batch, "call-2", CancellationToken.None), a => Assert.Equal(ErpOutcome.Unknown, a.Outcome));
        Assert.All(await connector.PostAsync(batch, "call-2", CancellationToken.None), a => Assert.Equal(ErpOutcome.Unknown, a.Outcome));

        Assert.Equal("respond-async", script.Sent[0].Headers["Prefer"]);
        Assert.Equal("application/vnd.oracle.resource+json; type=collection", script.Sent[0].Headers["Content-Type"]);
        Assert.Equal(2, JsonNode.Parse(script.Sent[0].Body)!["items"]!.AsArray().Count);
        Assert.True(Guid.TryParse(script.Sent[0].Headers["X-NetSuite-idempotency-key"], out _));
        Assert.Equal(script.Sent[0].Headers["X-NetSuite-idempotency-key"], script.Sent[1].Headers["X-NetSuite-idempotency-key"]);
        Assert.NotEqual(script.Sent[1].Headers["X-NetSuite-idempotency-key"], script.Sent[2].Headers["X-NetSuite-idempotency-key"]);
    }

    [Fact]
    public async Task A_job_at_work_is_waited_for_and_one_that_ended_is_read_by_key()
    {
        var (one, two) = (Kinds.Of(DocumentKind.ArInvoice, 1, "1.10"), Kinds.Of(DocumentKind.ArInvoice, 2, "2"));
        var items = new[] { new ErpItem(one, Job: "51:1"), new ErpItem(two, Job: "51:2") };
        var script = new WireScript(
            Json("""{"completed":false,"id":"51","progress":"processing"}"""),
            Json("""{"completed":true,"id":"51","progress":"succeeded"}"""), Rows(("98765", one.DocumentKey, "invoice", "1.1")),
            Json("""{"items":[{"id":"1"},{"id":"2"}]}"""), new Reply(400, Error("USER_ERROR", "You have entered an Invalid Field Value 146 for the following field: entity.", "entity")));
        using var connector = new NetSuiteConnector(Options(100), script, TimeProvider.System);

        Assert.Equal([(ErpOutcome.Accepted, "51:1"), (ErpOutcome.Accepted, "51:2")], (await connector.LookUpAsync(items, CancellationToken.None)).Select(a => (a.Outcome, a.Job!)));
        var answers = await connector.LookUpAsync(items, CancellationToken.None);
        Assert.Equal((ErpOutcome.Found, "98765"), (answers[0].Outcome, answers[0].ErpId));
        Assert.Equal((ErpOutcome.Validation, "USER_ERROR"), (answers[1].Outcome, answers[1].Code));
        Assert.Equal(["/services/rest/async/v1/job/51", "/services/rest/async/v1/job/51", "/services/rest/query/v1/suiteql?limit=1000&offset=0",
            "/services/rest/async/v1/job/51/task", "/services/rest/async/v1/job/51/task/2/result"], script.Sent.Select(s => s.PathAndQuery));
        Assert.Contains($"WHERE externalid IN ('{one.DocumentKey}', '{two.DocumentKey}') ORDER BY id", JsonNode.Parse(script.Sent[2].Body)!["q"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("The accounting period is closed.", "PERIOD_CLOSED")]
    [InlineData("Your current role does not have permission to perform this action.", "INSUFFICIENT_PERMISSION")]
    [InlineData("Invalid content.", "INVALID_CONTENT")]
    public async Task What_refuses_a_job_as_a_whole_is_no_documents_own(string detail, string code)
    {
        var (one, two) = (Kinds.Of(DocumentKind.ArInvoice, 1, "1"), Kinds.Of(DocumentKind.ArInvoice, 2, "2"));
        var script = new WireScript(Json("""{"completed":true}"""), Rows(), Json("""{"items":[{"id":"1"}]}"""), new Reply(400, Error(code, detail)));
        using var connector = new NetSuiteConnector(Options(100), script, TimeProvider.System);
        var answers = await connector.LookUpAsync([new ErpItem(one, Job: "51:1"), new ErpItem(two, Job: "51:2")], CancellationToken.None);
        Assert.All(answers, a => Assert.Equal((ErpOutcome.Validation, code, 2), (a.Outcome, a.Code, a.RefusedTogether)));
    }

    [Fact]
    public async Task The_item_of_one_task_for_all_explains_an_absence_too()
    {
        var two = Kinds.Of(DocumentKind.ArInvoice, 2, "2");
        var script = new WireScript(Json("""{"completed":true}"""), new Reply(404, Error("NONEXISTENT_ID", "none")), Json("""{"items":[{"id":"1"}]}"""),
            Json($$"""{"items":[{"id":"98765"},{{Error("USER_ERROR", "The accounting period is closed.")}}]}"""));
        using var connector = new NetSuiteConnector(Options(100), script, TimeProvider.System);
        Assert.Equal(ErpOutcome.PeriodClosed, (await connector.LookUpAsync([new ErpItem(two, Job: "51:2")], CancellationToken.None))[0].Outcome);
    }

    [Theory]
    [InlineData("""{"id":"9","externalId":"KEY","currency":{"id":"1"},"entity":{"id":"145"},"total":10.10,"tranDate":"2026-07-31"}""", ErpOutcome.Found)]
    [InlineData("""{"id":"9","externalId":"KEY","currency":{"id":"1"},"entity":{"id":"145"},"total":10.10,"approvalStatus":{"id":"1","refName":"Pending Approval"}}""", ErpOutcome.Unposted)]
    [InlineData("""{"id":"9","externalId":"KEY","currency":{"id":"1"},"entity":{"id":"145"},"total":10.10,"approvalStatus":{"id":"2","refName":"Approved"}}""", ErpOutcome.Found)]
    [InlineData("""{"id":"9","externalId":"KEY","currency":{"id":"1"},"entity":{"id":"145"},"total":10.11}""", ErpOutcome.Different)]
    [InlineData("""{"id":"9","externalId":"KEY","currency":{"id":"4"},"entity":{"id":"145"},"total":10.10}""", ErpOutcome.Different)]
    [InlineData("""{"id":"9","externalId":"KEY","currency":{"id":"1"},"entity":{"id":"1"},"total":10.10}""", ErpOutcome.Different)]
    [InlineData("""{"id":"9","externalId":"OTHER","currency":{"id":"1"},"entity":{"id":"145"},"total":10.10}""", ErpOutcome.Different)]
    [InlineData("""{"id":"9","externalId":"KEY","currency":{"id":"1"},"entity":{"id":"145"},"total":""", ErpOutcome.Unknown)]
    [InlineData("[]", ErpOutcome.Unknown)]
    [InlineData("<html>proxy</html>", ErpOutcome.Unknown)]
    public async Task One_is_looked_up_by_its_record(string body, ErpOutcome expected)
    {
        var memo = Kinds.Of(DocumentKind.CreditMemo, 1, "10.10");
        var script = new WireScript(Json(body.Replace("KEY", memo.DocumentKey, StringComparison.Ordinal)));
        using var connector = new NetSuiteConnector(Options(), script, TimeProvider.System);
        var answer = (await connector.LookUpAsync([new ErpItem(memo)], CancellationToken.None))[0];
        Assert.Equal(expected, answer.Outcome);
        if (expected == ErpOutcome.Found && body.Contains("tranDate", StringComparison.Ordinal)) Assert.Equal(new DateOnly(2026, 7, 31), answer.PostedOn);
        Assert.Equal($"/services/rest/record/v1/creditMemo/eid:{memo.DocumentKey}?expandSubResources=true", script.Sent[0].PathAndQuery);
    }

    [Fact]
    public async Task Many_are_looked_up_by_one_query_over_its_pages_and_journals_by_their_record()
    {
        var documents = new[] { Kinds.Of(DocumentKind.ArInvoice, 1, "5.00"), Kinds.Of(DocumentKind.CreditMemo, 1, "6.50"), Kinds.Of(DocumentKind.GlJournal, 1, "7"), Kinds.Of(DocumentKind.ArInvoice, 2, "8") };
        var first = Rows(more: true, ("1", documents[0].DocumentKey, "invoice", "5.01"));
        var script = new WireScript(first, Rows(("2", documents[1].DocumentKey, "creditmemo", "-6.5"), ("3", documents[2].DocumentKey, "journalentry", "0")),
            Json("""{"id":"3","externalId":"KEY","currency":{"id":"1"},"approved":false,"line":{"items":[{"debit":7},{"credit":7.0}]}}""".Replace("KEY", documents[2].DocumentKey, StringComparison.Ordinal)));
        using var connector = new NetSuiteConnector(Options(), script, TimeProvider.System);
        var answers = await connector.LookUpAsync([.. documents.Select(d => new ErpItem(d))], CancellationToken.None);
        Assert.Equal([ErpOutcome.Different, ErpOutcome.Found, ErpOutcome.Unposted, ErpOutcome.Absent], answers.Select(a => a.Outcome));
        Assert.Equal(3, script.Sent.Count);
    }

    [Fact]
    public async Task A_query_that_fails_leaves_all_of_them_open()
    {
        foreach (var (reply, expected) in new[] { (Json("{\"items\":[{\"id\":"), ErpOutcome.Unknown), (new Reply(429, Error("CONCURRENCY_LIMIT_EXCEEDED", "blocked")), ErpOutcome.Throttled), (new Reply(404, "<html/>"), ErpOutcome.Unknown) })
        {
            using var connector = new NetSuiteConnector(Options(), new WireScript(reply), TimeProvider.System);
            var answers = await connector.LookUpAsync([new ErpItem(Kinds.Of(DocumentKind.ArInvoice, 1, "5")), new ErpItem(Kinds.Of(DocumentKind.ArInvoice, 2, "5"))], CancellationToken.None);
            Assert.All(answers, a => Assert.Equal(expected, a.Outcome));
        }
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task A_pause_that_is_asked_for_is_kept_and_the_rest_of_the_batch_is_not_sent(int status)
    {
        var script = new WireScript(Created("invoice", 1), new Reply(status) { Headers = new Dictionary<string, string> { ["Retry-After"] = "7" } });
        using var connector = new NetSuiteConnector(Options(100) with { SynchronousUpTo = 3 }, script, TimeProvider.System);
        var answers = await connector.PostAsync([.. Enumerable.Range(1, 3).Select(n => Kinds.Of(DocumentKind.ArInvoice, n, "1") with { CustomerId = "cust-1" })], "c", CancellationToken.None);
        Assert.Equal([ErpOutcome.Created, ErpOutcome.Throttled, ErpOutcome.Throttled], answers.Select(a => a.Outcome));
        Assert.Equal(TimeSpan.FromSeconds(7), answers[1].RetryAfter);
        Assert.Equal(2, script.Sent.Count);
    }

    [Fact]
    public async Task A_token_that_ends_within_a_batch_is_renewed_once_per_request()
    {
        var tokens = 0;
        var script = new WireScript((request, n) => request.PathAndQuery.EndsWith("/token", StringComparison.Ordinal)
            ? Json($$"""{"access_token":"t{{++tokens}}","expires_in":"3600"}""")
            : request.Headers["Authorization"] == "Bearer t1" && n > 1 ? new Reply(401, Error("INVALID_LOGIN", "Invalid login attempt.")) : Created("invoice", n));
        using var connector = new NetSuiteConnector(Options() with { Token = null, ClientId = "c", CertificateId = "k", PrivateKeyPem = PrivateKey, SynchronousUpTo = 3 }, script, TimeProvider.System);
        var answers = await connector.PostAsync([.. Enumerable.Range(1, 3).Select(n => Kinds.Of(DocumentKind.ArInvoice, n, "1") with { CustomerId = "cust-1" })], "c", CancellationToken.None);
        Assert.All(answers, a => Assert.Equal(ErpOutcome.Created, a.Outcome));
        Assert.Equal((2, 6), (tokens, script.Sent.Count));
    }

    [Fact]
    public void What_the_mapping_or_NetSuite_lacks_is_found_without_a_call()
    {
        using var connector = new NetSuiteConnector(Options(), new WireScript(), TimeProvider.System);
        Assert.Null(connector.Preflight(Kinds.Of(DocumentKind.ArInvoice, 1, "9999999999.99")));
        Refused("tables.customers has no entry for 'cust-3'", Kinds.Of(DocumentKind.ArInvoice, 3, "1"));
        Refused("tables.currencies", Kinds.Of(DocumentKind.ArInvoice, 1, "1") with { Currency = "EUR" });
        Refused("tables.subsidiaries", Kinds.Of(DocumentKind.ArInvoice, 1, "1") with { LegalEntity = "DE01" });
        Refused("tables.items", Kinds.Of(DocumentKind.CreditMemo, 1, "1") with { Lines = [Kinds.Of(DocumentKind.CreditMemo, 1, "1").Lines[0] with { Product = "x", Meter = "y" }] });
        Refused("tables.paymentAccounts has no entry for 'api'", Kinds.Of(DocumentKind.Receipt, 1, "1"));
        var bare = Kinds.Of(DocumentKind.ArInvoice, 3, "1", "2");
        Refused("tables.subsidiaries has no entry for 'DE01'; tables.customers has no entry for 'cust-3'; tables.items has no entry for 'x/api.requests2'",
            bare with { LegalEntity = "DE01", Lines = [bare.Lines[0], bare.Lines[1] with { Product = "x" }] });
        Refused("10000000000", Kinds.Of(DocumentKind.ArInvoice, 1, "10000000000"));
        Refused("needs a credit memo", Kinds.Of(DocumentKind.ArInvoice, 1, "-1"));
        Refused("positive amounts", Kinds.Of(DocumentKind.CreditMemo, 1, "-1"));
        Refused("not positive", Kinds.Receipt(1, ("AAAAAAAAAAAAAAAA", "-1")));

        void Refused(string part, ErpDocument document)
        {
            var refusal = connector.Preflight(document);
            Assert.Equal(ErpOutcome.Validation, refusal?.Outcome);
            Assert.Contains(part, refusal!.Detail);
        }
    }

    static Reply Json(string body) => new(200, body);

    static Reply Created(string type, int id) => new(204) { Headers = new Dictionary<string, string> { ["Location"] = $"{Host}/services/rest/record/v1/{type}/{id}" } };

    static Reply Rows(params (string Id, string Key, string Type, string Total)[] rows) => Rows(more: false, rows);

    static Reply Rows(bool more, params (string Id, string Key, string Type, string Total)[] rows) => Json(
        $$"""{"count":{{rows.Length}},"hasMore":{{(more ? "true" : "false")}},"items":[{{string.Join(',', rows.Select(r =>
            $$"""{"id":"{{r.Id}}","externalid":"{{r.Key}}","recordtype":"{{r.Type}}","entity":"145","currency":"1","foreigntotal":"{{r.Total}}","posting":"T"}"""))}}]}""");

    static string Error(string code, string detail, string? path = null) =>
        $$"""{"title":"Bad Request","status":400,"o:errorDetails":[{"detail":"{{detail}}","o:errorCode":"{{code}}"{{(path is null ? "" : $",\"o:errorPath\":\"{path}\"")}}}]}""";

    static void Same(string expected, string actual) => Assert.Equal(JsonNode.Parse(expected)!.ToJsonString(), JsonNode.Parse(actual)!.ToJsonString());
}
