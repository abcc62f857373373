using System.Text.Json.Nodes;
using Streams.ErpSink.Posting;
using Streams.Schemas;
using static Streams.ErpSink.Tests.Dynamics.DynamicsHarness;

namespace Streams.ErpSink.Tests.Dynamics;

/// <summary>What is sent to F&amp;O, to the field.</summary>
public sealed class DynamicsPostTests
{
    [Fact]
    public async Task An_invoice_is_a_header_and_then_its_lines_each_in_a_change_set_of_its_own()
    {
        var handler = new ScriptedHandler().Answer(Headers).Answer(Lines);
        using var connector = Connector(handler);
        var (first, second) = (Document(DocumentKind.ArInvoice, "1234567890123456.07", "-0.01"), Document(DocumentKind.ArInvoice, "5"));

        var answers = await connector.PostAsync([first, second], Call, CancellationToken.None);

        Assert.Equal([(ErpOutcome.Created, "5637145331"), (ErpOutcome.Created, "5637145332")], answers.Select(a => (a.Outcome, a.ErpId!)));
        var headers = Operations(handler.Requests[0]);
        Assert.Equal([(1, 1), (2, 2)], headers.Select(o => (o.Id, o.Set)));
        Assert.All(headers, o => Assert.Equal(("POST", "https://contoso.operations.dynamics.com/data/FreeTextInvoiceHeaders?cross-company=true"), (o.Method, o.Url)));
        Same($$"""{"dataAreaId":"dat","CustomerAccount":"DAT-000004","InvoiceDate":"2026-01-31T12:00:00Z","CurrencyCode":"USD","ExternalInvoiceId":"{{first.DocumentKey}}","ExchangeRate":108.345}""", headers[0].Body);
        var lines = Operations(handler.Requests[1]);
        Assert.Equal([(1, 1), (2, 1), (3, 2)], lines.Select(o => (o.Id, o.Set)));
        Assert.All(lines, o => Assert.Equal("https://contoso.operations.dynamics.com/data/FreeTextInvoiceLines?cross-company=true", o.Url));
        Same($$"""
            {"dataAreaId":"dat","Description":"api requests1 2026-01: 1000","MainAccountDisplayValue":"401100-A\\-1","Quantity":1,"UnitPrice":1234567890123456.07,
             "DefaultDimensionDisplayValue":"001-CC\\-7","LineNumber":1,"ParentRecId":5637145331}
            """, lines[0].Body);
        Assert.Equal("-0.01", lines[1].Body!["UnitPrice"]!.ToJsonString());
        Assert.Equal("odata.continue-on-error", handler.Requests[0].Headers["Prefer"]);
        Assert.Equal("Bearer token-1", handler.Requests[1].Headers["Authorization"]);
        Assert.Equal("grant_type=client_credentials&client_id=client-1&client_secret=secret-1&scope=https%3A%2F%2Fcontoso.operations.dynamics.com%2F.default", handler.TokenRequests.Single().Body);
    }

    [Fact]
    public async Task A_credit_memo_is_an_invoice_of_negative_prices()
    {
        var handler = new ScriptedHandler().Answer(Headers).Answer(Lines);
        using var connector = Connector(handler);

        await connector.PostAsync([Document(DocumentKind.CreditMemo, "12.5", "-2.5")], Call, CancellationToken.None);

        Assert.Equal(["-12.5", "2.5"], Operations(handler.Requests[1]).Select(o => o.Body!["UnitPrice"]!.ToJsonString()));
    }

    [Fact]
    public async Task A_journal_balances_to_the_last_digit_and_escapes_dashes()
    {
        var handler = new ScriptedHandler().Answer(Headers).Answer(Lines);
        using var connector = Connector(handler);
        var document = Document(DocumentKind.GlJournal, "999999999999999.99", "0", "-0.02");

        var answer = (await connector.PostAsync([document], Call, CancellationToken.None)).Single();

        Assert.Equal((ErpOutcome.Created, "DAT-000021"), (answer.Outcome, answer.ErpId));
        Same($$"""{"dataAreaId":"dat","JournalName":"GenJrn","Description":"Usage 2026-01 {{document.DocumentKey}}"}""", Operations(handler.Requests[0]).Single().Body);
        var lines = Operations(handler.Requests[1]);
        Same($$"""
            {"dataAreaId":"dat","AccountType":"Ledger","AccountDisplayValue":"130100-001","DebitAmount":999999999999999.97,"CreditAmount":0,"CurrencyCode":"USD","TransDate":"2026-01-31T12:00:00Z",
             "Text":"US01 2026-01","Document":"{{document.DocumentKey}}","DocumentDate":"2026-01-31T12:00:00Z","ExchRate":108.345,"LineNumber":1,"JournalBatchNumber":"DAT-000021"}
            """, lines[0].Body);
        Assert.Equal([("999999999999999.97", "0"), ("0", "999999999999999.99"), ("0.02", "0")],
            lines.Select(o => (o.Body!["DebitAmount"]!.ToJsonString(), o.Body["CreditAmount"]!.ToJsonString())));
        Assert.Equal(@"401100-A\-1", lines[1].Body!["AccountDisplayValue"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_receipt_marks_the_numbers_of_the_invoices_it_pays()
    {
        var handler = new ScriptedHandler().Answer(200, """
            {"value":[{"ExternalInvoiceId":"INVOICEKEY000001","FreeTextNumber":"DAT-000005","IsPosted":"Yes"},{"ExternalInvoiceId":"INVOICEKEY000002","FreeTextNumber":"DAT-000006","IsPosted":"Yes"}]}
            """).Answer(Headers).Answer(Lines);
        using var connector = Connector(handler);
        var document = Document(DocumentKind.Receipt, "2500", "0.01");

        Assert.Equal(ErpOutcome.Created, (await connector.PostAsync([document], Call, CancellationToken.None)).Single().Outcome);

        Assert.Equal("https://contoso.operations.dynamics.com/data/FreeTextInvoiceHeaders?cross-company=true&$filter=dataAreaId eq 'dat' and (ExternalInvoiceId eq 'INVOICEKEY000001' or ExternalInvoiceId eq 'INVOICEKEY000002')",
            Uri.UnescapeDataString(handler.Requests[0].Address.AbsoluteUri));
        Same($$"""{"dataAreaId":"dat","JournalName":"ARPay","Description":"Usage 2026-01 {{document.DocumentKey}}"}""", Operations(handler.Requests[1]).Single().Body);
        Same($$"""
            {"dataAreaId":"dat","AccountType":"Cust","AccountDisplayValue":"DAT\\-000004","CreditAmount":2500,"CurrencyCode":"USD","TransactionDate":"2026-01-31T12:00:00Z","MarkedInvoice":"DAT-000005",
             "MarkedInvoiceCompany":"dat","SettleVoucher":"SelectedTransact","OffsetAccountType":"Bank","OffsetAccountDisplayValue":"RFI\\-OPER","PaymentReference":"{{document.DocumentKey}}",
             "PaymentMethodName":"CARD","ExchangeRate":108.345,"LineNumber":1,"JournalBatchNumber":"DAT-000021"}
            """, Operations(handler.Requests[2])[0].Body);
    }

    [Theory]
    [InlineData("""{"value":[]}""", 200, ErpOutcome.Validation, "INVOICE_NOT_FOUND")]
    [InlineData("""{"value":[{"ExternalInvoiceId":"INVOICEKEY000001","FreeTextNumber":"Not posted","IsPosted":"No"}]}""", 200, ErpOutcome.NotSent, "INVOICE_NOT_POSTED")]
    [InlineData("<html>", 200, ErpOutcome.NotSent, "ANSWER_UNREADABLE")]
    [InlineData("", 429, ErpOutcome.Throttled, "TOO_MANY_REQUESTS")]
    public async Task A_receipt_whose_invoice_is_not_there_is_not_sent(string body, int status, ErpOutcome outcome, string code)
    {
        var handler = new ScriptedHandler().Answer(status, body);
        using var connector = Connector(handler);

        var answer = (await connector.PostAsync([Document(DocumentKind.Receipt, "10")], Call, CancellationToken.None)).Single();

        Assert.Equal((outcome, code), (answer.Outcome, answer.Code));
        Assert.Single(handler.Requests);
    }

    [Fact]
    public async Task Lines_go_in_as_many_batches_as_they_need_and_a_document_is_never_torn()
    {
        var handler = new ScriptedHandler().Answer(Headers).Answer(Lines).Answer(Lines);
        using var connector = Connector(handler, Options() with { BatchOperations = 3 });

        var answers = await connector.PostAsync([Document(DocumentKind.ArInvoice, "1", "2"), Document(DocumentKind.ArInvoice, "3", "4", "5")], Call, CancellationToken.None);

        Assert.All(answers, a => Assert.Equal(ErpOutcome.Created, a.Outcome));
        Assert.Equal([2, 2, 3], handler.Requests.Select(r => Operations(r).Count));
    }

    [Fact]
    public async Task Finishing_asks_nothing_because_FO_posts_by_itself()
    {
        var handler = new ScriptedHandler();
        using var connector = Connector(handler);

        var answer = (await connector.FinishAsync([new ErpItem(Document(DocumentKind.GlJournal, "1"), "DAT-000029")], CancellationToken.None)).Single();

        Assert.Equal((ErpOutcome.Created, "DAT-000029"), (answer.Outcome, answer.ErpId));
        Assert.Empty(handler.Requests);
        Assert.Empty(handler.TokenRequests);
    }

    [Fact]
    public void A_description_shows_header_and_lines_without_a_call()
    {
        using var connector = Connector(new ScriptedHandler());
        var document = Document(DocumentKind.GlJournal, "12.34");

        var shown = JsonNode.Parse(connector.Describe(document))!;

        Assert.Equal($"Usage 2026-01 {document.DocumentKey}", shown["LedgerJournalHeaders"]!["Description"]!.GetValue<string>());
        Assert.Equal(["12.34", "0"], shown["LedgerJournalLines"]!.AsArray().Select(l => l!["DebitAmount"]!.ToJsonString()));
    }

    static void Same(string expected, JsonNode? actual) => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"expected {JsonNode.Parse(expected)!.ToJsonString()}\nsent     {actual?.ToJsonString()}");
}
