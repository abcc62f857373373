using System.Text.Json.Nodes;
using Streams.ErpSink.Posting;
using Streams.Schemas;
using static Streams.ErpSink.Tests.BusinessCentral.BusinessCentralHarness;

namespace Streams.ErpSink.Tests.BusinessCentral;

/// <summary>What is sent to Business Central, and what its answers mean.</summary>
public sealed class BusinessCentralPostTests
{
    const string PeriodText = "Posting Date is not within your range of allowed posting dates for document type 'Invoice'";

    [Fact]
    public async Task An_invoice_is_inserted_with_its_lines_and_then_posted()
    {
        var handler = new ScriptedHandler().Answer(Made).Answer(Done);
        using var connector = Connector(handler);
        var (first, second) = (Document(DocumentKind.ArInvoice, "1234567890123456.07", "-0.01", "3"), Document(DocumentKind.ArInvoice, "5"));

        var answers = await connector.PostAsync([first, second], "call", CancellationToken.None);

        Assert.Equal([(ErpOutcome.Created, "id-1"), (ErpOutcome.Created, "id-2")], answers.Select(a => (a.Outcome, a.ErpId!)));
        var made = Operations(handler.Requests[0]);
        Assert.Equal($"POST {Company}/salesInvoices", Url(made[0]));
        Same($$"""
            {"externalDocumentNumber":"{{first.DocumentKey}}","invoiceDate":"2026-01-31","postingDate":"2026-01-31","customerNumber":"10400","currencyCode":"USD","salesInvoiceLines":[
              {"lineType":"Account","lineObjectNumber":"41100","description":"api requests1 2026-01: 1000","quantity":1,"unitPrice":1234567890123456.07},
              {"lineType":"Account","lineObjectNumber":"41100","description":"api requests2 2026-01: 1000","quantity":-1,"unitPrice":0.01},
              {"lineType":"Item","lineObjectNumber":"ITEM-3","description":"api requests3 2026-01: 1000","quantity":1,"unitPrice":3}]}
            """, made[0]["body"]);
        Assert.Equal([$"POST {Company}/salesInvoices(id-1)/Microsoft.NAV.post", $"POST {Company}/salesInvoices(id-2)/Microsoft.NAV.post"], Operations(handler.Requests[1]).Select(Url));
        Assert.All(handler.Requests, r => Assert.Equal(("odata.continue-on-error", "application/json", "Bearer token-1"), (r.Headers["Prefer"], r.Headers["Accept"], r.Headers["Authorization"])));
        Assert.Equal("https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token", handler.TokenRequests.Single().Address.ToString());
        Assert.EndsWith("&scope=https%3A%2F%2Fapi.businesscentral.dynamics.com%2F.default", handler.TokenRequests.Single().Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_credit_memo_keeps_its_positive_amounts()
    {
        var handler = new ScriptedHandler().Answer(Made).Answer(Done);
        using var connector = Connector(handler);

        await connector.PostAsync([Document(DocumentKind.CreditMemo, "12.5", "-2.5")], "call", CancellationToken.None);

        var memo = Operations(handler.Requests[0]).Single();
        Assert.Equal($"POST {Company}/salesCreditMemos", Url(memo));
        Assert.Equal("2026-01-31", memo["body"]!["creditMemoDate"]!.GetValue<string>());
        Assert.Equal(["1 12.5", "-1 2.5"], memo["body"]!["salesCreditMemoLines"]!.AsArray().Select(l => $"{l!["quantity"]} {l["unitPrice"]}"));
        Assert.Equal($"POST {Company}/salesCreditMemos(id-1)/Microsoft.NAV.post", Url(Operations(handler.Requests[1]).Single()));
    }

    [Fact]
    public async Task A_journal_has_a_journal_of_its_own_and_its_lines_one_transaction()
    {
        var handler = new ScriptedHandler().Answer(Made).Answer(Made).Answer(Made).Answer(Done);
        using var connector = Connector(handler);
        var (first, second) = (Document(DocumentKind.GlJournal, "999999999999999.99", "0", "-0.02"), Document(DocumentKind.GlJournal, "7"));

        var answers = await connector.PostAsync([first, second], "call", CancellationToken.None);

        Assert.Equal([(ErpOutcome.Created, "id-1"), (ErpOutcome.Created, "id-2")], answers.Select(a => (a.Outcome, a.ErpId!)));
        var journals = Operations(handler.Requests[0]);
        Same($$"""{"code":"{{first.DocumentKey[..10]}}","displayName":"Usage 2026-01 {{first.DocumentKey}}"}""", journals[0]["body"]);
        Assert.Equal("snapshot", handler.Requests[1].Headers["Isolation"]);
        var lines = Operations(handler.Requests[1]);
        Assert.All(lines, l => Assert.Equal($"POST {Company}/journals(id-1)/journalLines", Url(l)));
        Same($$"""
            {"accountNumber":"13100","postingDate":"2026-01-31","documentNumber":"{{first.DocumentKey}}","externalDocumentNumber":"{{first.DocumentKey}}","amount":999999999999999.97,"description":"US01 2026-01"}
            """, lines[0]["body"]);
        Assert.Equal(["999999999999999.97", "-999999999999999.99", "0.02"], lines.Select(l => l["body"]!["amount"]!.ToJsonString()));
        Assert.Equal([$"POST {Company}/journals(id-1)/Microsoft.NAV.post", $"POST {Company}/journals(id-2)/Microsoft.NAV.post"], Operations(handler.Requests[3]).Select(Url));
    }

    [Fact]
    public async Task More_than_a_hundred_lines_take_several_batches()
    {
        var handler = new ScriptedHandler().Answer(Made).Answer(Made).Answer(Made).Answer(Done);
        using var connector = Connector(handler);

        var answer = (await connector.PostAsync([Document(DocumentKind.GlJournal, [.. Enumerable.Range(1, 120).Select(n => $"{n}")])], "call", CancellationToken.None)).Single();

        Assert.Equal(ErpOutcome.Created, answer.Outcome);
        Assert.Equal([1, 100, 21, 1], handler.Requests.Select(r => Operations(r).Count));
    }

    [Fact]
    public async Task A_receipt_applies_to_the_invoices_numbers_and_is_posted_by_others()
    {
        var handler = new ScriptedHandler().Answer(200, List("""{"externalDocumentNumber":"INVOICEKEY000001","number":"PS-INV103001","status":"Open"}""")).Answer(Made).Answer(Made);
        using var connector = Connector(handler);
        var document = Document(DocumentKind.Receipt, "2500.01");

        Assert.Equal((ErpOutcome.Created, "id-1"), Single(await connector.PostAsync([document], "call", CancellationToken.None)));

        Assert.Equal($"{Root}{Company}/salesInvoices?$filter=externalDocumentNumber eq 'INVOICEKEY000001'", Uri.UnescapeDataString(handler.Requests[0].Address.AbsoluteUri));
        Same($$"""{"code":"{{document.DocumentKey[..10]}}","displayName":"Usage 2026-01 {{document.DocumentKey}}","balancingAccountNumber":"11100"}""", Operations(handler.Requests[1]).Single()["body"]);
        var payment = Operations(handler.Requests[2]).Single();
        Assert.Equal($"POST {Company}/customerPaymentJournals(id-1)/customerPayments", Url(payment));
        Same($$"""
            {"customerNumber":"10400","postingDate":"2026-01-31","documentNumber":"{{document.DocumentKey}}","externalDocumentNumber":"{{document.DocumentKey}}","amount":-2500.01,"appliesToInvoiceNumber":"PS-INV103001"}
            """, payment["body"]);
    }

    [Theory]
    [InlineData(200, """{"value":[]}""", ErpOutcome.Validation, "INVOICE_NOT_FOUND")]
    [InlineData(200, """{"value":[{"externalDocumentNumber":"INVOICEKEY000001","number":"S-1","status":"Draft"}]}""", ErpOutcome.NotSent, "INVOICE_NOT_POSTED")]
    [InlineData(503, "", ErpOutcome.Throttled, "UNAVAILABLE")]
    public async Task A_receipt_whose_invoice_is_not_there_is_not_sent(int status, string body, ErpOutcome outcome, string code)
    {
        using var connector = Connector(new ScriptedHandler().Answer(status, body));

        var answer = (await connector.PostAsync([Document(DocumentKind.Receipt, "10")], "call", CancellationToken.None)).Single();

        Assert.Equal((outcome, code), (answer.Outcome, answer.Code));
    }

    [Theory]
    [InlineData(400, "Internal_EntityWithSameKeyExists", "The journal exists.", ErpOutcome.Duplicate)]
    [InlineData(400, "Application_DialogException", "The Gen. Journal Batch already exists.", ErpOutcome.Duplicate)]
    [InlineData(400, "Application_DialogException", "The customer is blocked.", ErpOutcome.Validation)]
    [InlineData(400, "Application_FieldValidationException", "The field No. of table Sales Line contains a value (X) that cannot be found.", ErpOutcome.Validation)]
    [InlineData(400, "Application_StringExceededLength", "too long", ErpOutcome.Validation)]
    [InlineData(404, "Internal_RecordNotFound", "The Customer does not exist.", ErpOutcome.Validation)]
    [InlineData(404, "BadRequest_ResourceNotFound", "no such resource", ErpOutcome.Validation)]
    [InlineData(400, "BadRequest_InvalidRequestUrl", "no such resource", ErpOutcome.Validation)]
    [InlineData(400, "Application_DialogException", PeriodText, ErpOutcome.PeriodClosed)]
    [InlineData(409, "Request_EntityChanged", "Another user has already changed the record.", ErpOutcome.Unknown)]
    [InlineData(400, "Request_EntityChanged", "Another user has already changed the record.", ErpOutcome.Unknown)]
    [InlineData(412, "Application_DialogException", "x", ErpOutcome.Unknown)]
    [InlineData(400, "Unknown", "An unknown error.", ErpOutcome.Unknown)]
    [InlineData(400, "SomethingNew", "x", ErpOutcome.Unknown)]
    [InlineData(401, "Authentication_InvalidCredentials", "The server has rejected the client credentials.", ErpOutcome.Unauthorized)]
    [InlineData(400, "Authentication_InvalidCredentials", "The server has rejected the client credentials.", ErpOutcome.Unauthorized)]
    [InlineData(403, "Internal_PermissionDenied", "x", ErpOutcome.Unauthorized)]
    [InlineData(429, "Application_TooManyRequests", "Too many requests", ErpOutcome.Throttled)]
    [InlineData(503, "ServiceUnavailable", "queued for too long", ErpOutcome.Throttled)]
    [InlineData(408, "RequestTimeout", "x", ErpOutcome.Unknown)]
    [InlineData(500, "Internal_ServerError", "x", ErpOutcome.Unknown)]
    [InlineData(504, "GatewayTimeout", "x", ErpOutcome.Unknown)]
    public async Task The_error_code_decides_inside_a_batch_and_outside(int status, string code, string message, ErpOutcome expected)
    {
        var inside = await OfCreation(200, Batch((1, status, Error(code, message))));
        Assert.Equal((expected, true), (inside.Outcome, inside.Detail!.Contains("41403538-77d3-4eed-ac4a-84b730dc6310", StringComparison.Ordinal)));
        if (status != 401) Assert.Equal(expected, (await OfCreation(status, Error(code, message))).Outcome);
    }

    [Theory]
    [InlineData(400, "<html>proxy</html>", ErpOutcome.Unknown)]
    [InlineData(404, "", ErpOutcome.Unknown)]
    [InlineData(302, "", ErpOutcome.Unknown)]
    [InlineData(413, "", ErpOutcome.Validation)]
    [InlineData(429, "", ErpOutcome.Throttled)]
    [InlineData(200, "<html>sign in</html>", ErpOutcome.Unknown)]
    [InlineData(200, """{"responses":[{"id":"1","status":201""", ErpOutcome.Unknown)]
    [InlineData(200, """{"responses":{}}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"responses":[]}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"responses":[{"id":"2","status":201,"body":{"id":"x"}}]}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"responses":[{"id":null,"status":201,"body":{"id":"x"}}]}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"responses":[{"id":"1","status":400},{"id":"1","status":201}]}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"responses":[{"id":"1","status":"201"}]}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"responses":[{"id":"1","status":201}]}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"responses":[{"id":"1","status":201,"body":{"externalDocumentNumber":"x"}}]}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"responses":[{"id":"1","status":201,"body":{"id":"x","externalDocumentNumber":"ANOTHERDOCUMENT1"}}]}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"responses":[{"id":"1","status":201,"body":{"error":{"code":"Application_DialogException","message":"no"}}}]}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"error":{"code":"Application_DialogException","message":"no"}}""", ErpOutcome.Unknown)]
    public async Task What_cannot_be_read_is_unknown(int status, string body, ErpOutcome expected) => Assert.Equal(expected, (await OfCreation(status, body)).Outcome);

    [Fact]
    public async Task An_inner_429_says_how_long_to_wait()
    {
        var answer = await OfCreation(200, """{"responses":[{"id":"1","status":429,"headers":{"retry-after":"42"},"body":{"error":{"code":"Application_TooManyRequests","message":"x"}}}]}""");

        Assert.Equal((ErpOutcome.Throttled, TimeSpan.FromSeconds(42)), (answer.Outcome, answer.RetryAfter));
    }

    [Fact]
    public async Task Documents_succeed_and_fail_apart_in_whatever_order_they_are_answered()
    {
        var documents = Enumerable.Range(1, 4).Select(n => Document(DocumentKind.ArInvoice, $"{n}")).ToArray();
        var handler = new ScriptedHandler()
            .Answer(r => ScriptedHandler.Response(200, Batch((3, 201, WithId(Operations(r)[2], 3)), (2, 400, Error("Application_FieldValidationException", "no customer")), (1, 201, WithId(Operations(r)[0], 1)))))
            .Answer(200, Batch((2, 400, Error("Application_DialogException", PeriodText)), (1, 204, null)))
            .Answer(Done);
        using var connector = Connector(handler);

        var answers = await connector.PostAsync(documents, "call", CancellationToken.None);

        Assert.Equal([(ErpOutcome.Created, "id-1"), (ErpOutcome.Validation, null), (ErpOutcome.PeriodClosed, null), (ErpOutcome.Unknown, null)], answers.Select(a => (a.Outcome, a.ErpId)));
        Assert.Equal($"DELETE {Company}/salesInvoices(id-3)", Url(Operations(handler.Requests[2]).Single()));
    }

    [Fact]
    public async Task A_refused_draft_that_stays_is_unknown_so_that_it_is_not_made_twice()
    {
        using var connector = Connector(new ScriptedHandler().Answer(Made).Answer(200, Batch((1, 400, Error("Application_DialogException", PeriodText)))).Answer(504, ""));

        var answer = (await connector.PostAsync([Document(DocumentKind.ArInvoice, "1")], "call", CancellationToken.None)).Single();

        Assert.Equal((ErpOutcome.Unknown, "DRAFT_LEFT", "id-1", false), (answer.Outcome, answer.Code, answer.ErpId, answer.DraftDeleted));
        Assert.Contains("not within your range", answer.Detail);
    }

    [Theory]
    [InlineData(429, "")]
    [InlineData(504, "")]
    [InlineData(200, "<html>")]
    [InlineData(200, """{"responses":[{"id":"1","status":404,"body":{"error":{"code":"Internal_RecordNotFound","message":"gone"}}}]}""")]
    public async Task A_draft_that_is_not_known_to_be_posted_is_made_all_the_same(int status, string body)
    {
        var handler = new ScriptedHandler().Answer(Made).Answer(status, body);
        using var connector = Connector(handler);

        Assert.Equal((ErpOutcome.Created, "id-1"), Single(await connector.PostAsync([Document(DocumentKind.ArInvoice, "1")], "call", CancellationToken.None)));
        Assert.Equal(2, handler.Requests.Count);
    }

    [Fact]
    public async Task Parts_of_a_batch_that_was_rolled_back_are_not_believed()
    {
        var handler = new ScriptedHandler().Answer(Made)
            .Answer(200, Batch((1, 201, "{}"), (2, 400, Error("Application_FieldValidationException", "no account"))))
            .Answer(Made).Answer(Done).Answer(Done);
        using var connector = Connector(handler);

        var answers = await connector.PostAsync([Document(DocumentKind.GlJournal, "1"), Document(DocumentKind.GlJournal, "2")], "call", CancellationToken.None);

        Assert.Equal([(ErpOutcome.Validation, null), (ErpOutcome.Created, "id-2")], answers.Select(a => (a.Outcome, a.ErpId)));
        Assert.Equal($"POST {Company}/journals(id-2)/Microsoft.NAV.post", Url(Operations(handler.Requests[3]).Single()));
        Assert.Equal($"DELETE {Company}/journals(id-1)", Url(Operations(handler.Requests[4]).Single()));
    }

    [Fact]
    public async Task Lines_whose_fate_is_open_are_neither_posted_nor_deleted()
    {
        var handler = new ScriptedHandler().Answer(Made).Answer(504, "");
        using var connector = Connector(handler);

        Assert.Equal((ErpOutcome.Unknown, "id-1"), Single(await connector.PostAsync([Document(DocumentKind.GlJournal, "1")], "call", CancellationToken.None)));
        Assert.Equal(2, handler.Requests.Count);
    }

    [Fact]
    public async Task A_token_that_ends_between_draft_and_posting_is_renewed_once()
    {
        var handler = new ScriptedHandler().Answer(Made).Answer(401, Error("Authentication_InvalidCredentials", "expired")).Answer(Done);
        using var connector = Connector(handler);

        Assert.Equal((ErpOutcome.Created, "id-1"), Single(await connector.PostAsync([Document(DocumentKind.ArInvoice, "1")], "call", CancellationToken.None)));

        Assert.Equal(["Bearer token-1", "Bearer token-1", "Bearer token-2"], handler.Requests.Select(r => r.Headers["Authorization"]));
    }

    [Fact]
    public async Task A_token_that_is_refused_again_is_a_matter_of_configuration()
    {
        var handler = new ScriptedHandler().Answer(401, "").Answer(401, "");
        using var connector = Connector(handler);

        Assert.Equal(ErpOutcome.Unauthorized, (await connector.PostAsync([Document(DocumentKind.ArInvoice, "1")], "call", CancellationToken.None)).Single().Outcome);
        Assert.Equal(2, handler.Requests.Count);
    }

    [Fact]
    public void A_description_shows_what_would_be_sent()
    {
        using var connector = Connector(new ScriptedHandler());

        Assert.Equal("12.34", JsonNode.Parse(connector.Describe(Document(DocumentKind.ArInvoice, "12.34")))!["salesInvoices"]!["salesInvoiceLines"]![0]!["unitPrice"]!.ToJsonString());
        Assert.Equal("-12.34", JsonNode.Parse(connector.Describe(Document(DocumentKind.GlJournal, "12.34")))!["journalLines"]![1]!["amount"]!.ToJsonString());
    }

    static (ErpOutcome, string?) Single(IReadOnlyList<ErpAnswer> answers) => (answers.Single().Outcome, answers.Single().ErpId);

    static async Task<ErpAnswer> OfCreation(int status, string body)
    {
        using var connector = Connector(new ScriptedHandler().Answer(status, body));
        return (await connector.PostAsync([Document(DocumentKind.ArInvoice, "1")], "call", CancellationToken.None)).Single();
    }
}
