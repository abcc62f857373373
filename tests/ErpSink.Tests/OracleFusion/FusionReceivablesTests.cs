using System.Text.Json.Nodes;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Tests.Wire;
using Streams.Schemas;
using static Streams.ErpSink.Tests.FusionSamples;

namespace Streams.ErpSink.Tests;

/// <summary>Invoices, credit memos and receipts over REST.</summary>
public sealed class FusionReceivablesTests
{
    [Fact]
    public async Task An_invoice_is_sent_to_the_field_with_its_key_in_every_line()
    {
        var invoice = Kinds.Of(DocumentKind.ArInvoice, 1, "1204.55", "-0.05");
        var script = new WireScript(Json("""{"CustomerTransactionId":300000123456789,"TransactionNumber":"X","AccountingDate":"2026-08-01","links":[]}""", 201));
        using var connector = Connector(script);
        var answer = (await connector.PostAsync([invoice], "call-1", CancellationToken.None))[0];

        // Oracle moved the date to the next open period without a word.
        Assert.Equal((ErpOutcome.Created, "300000123456789", new DateOnly(2026, 8, 1)), (answer.Outcome, answer.ErpId, answer.PostedOn));
        var sent = Assert.Single(script.Sent);
        Assert.Equal(("POST", $"https://abcd.fa.us2.oraclecloud.com{Resources}/receivablesInvoices"), (sent.Method, sent.Uri.ToString()));
        Assert.Equal("application/vnd.oracle.adf.resourceitem+json", sent.Headers["Content-Type"]);
        Assert.StartsWith("Basic ", sent.Headers["Authorization"]);
        Same($$$"""
            {"TransactionNumber":"{{{invoice.DocumentKey}}}","TransactionSource":"USAGE","TransactionType":"Invoice","BusinessUnit":"Vision Operations","TransactionDate":"2026-07-31",
             "AccountingDate":"2026-07-31","PaymentTerms":"30 Net","BillToCustomerNumber":"1005","InvoiceCurrencyCode":"USD","CrossReference":"cust-1/2026-07","receivablesInvoiceLines":[
             {"LineNumber":1,"Description":"api api.requests1 2026-07: 1000","Quantity":1,"UnitSellingPrice":1204.55,"receivablesInvoiceLineTransactionDFF":[{"__FLEX_Context":"USAGE_PIPE","runKey":"{{{invoice.DocumentKey}}}-1"}]},
             {"LineNumber":2,"Description":"api api.requests2 2026-07: 1000","Quantity":1,"UnitSellingPrice":-0.05,"receivablesInvoiceLineTransactionDFF":[{"__FLEX_Context":"USAGE_PIPE","runKey":"{{{invoice.DocumentKey}}}-2"}]}]}
            """, sent.Body);
        Assert.StartsWith($"POST {Resources}/receivablesInvoices\n{{", connector.Describe(invoice));
        Assert.DoesNotContain("pass:word", connector.Describe(invoice) + Options() + Options().Login, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_credit_memo_has_negative_prices_and_a_foreign_currency_its_conversion()
    {
        var memo = Kinds.Of(DocumentKind.CreditMemo, 1, "10.10") with { Currency = "EUR" };
        var script = new WireScript(Json("""{"CustomerTransactionId":"7"}""", 201));
        using var connector = Connector(script, Options(",\"conversionRateType\":\"Corporate\""));
        Assert.Equal("7", (await connector.PostAsync([memo], "c", CancellationToken.None))[0].ErpId);
        Assert.EndsWith("/receivablesCreditMemos", script.Sent[0].PathAndQuery);
        Same($$$"""
            {"TransactionNumber":"{{{memo.DocumentKey}}}","TransactionSource":"USAGE","TransactionType":"Credit Memo","BusinessUnit":"Vision Operations","TransactionDate":"2026-07-31",
             "AccountingDate":"2026-07-31","BillToCustomerNumber":"1005","CreditMemoCurrency":"EUR","ConversionRateType":"Corporate","ConversionDate":"2026-07-31","CrossReference":"cust-1/2026-07",
             "receivablesCreditMemoLines":[{"LineNumber":1,"LineDescription":"api api.requests1 2026-07: 1000","LineQuantityCredit":1,"UnitSellingPrice":-10.1,
             "receivablesCreditMemoLineTransactionDFF":[{"__FLEX_Context":"USAGE_PIPE","runKey":"{{{memo.DocumentKey}}}-1"}]}]}
            """, script.Sent[0].Body);
    }

    [Fact]
    public async Task A_receipt_names_what_it_pays()
    {
        var receipt = Kinds.Receipt(1, ("AAAAAAAAAAAAAAAA", "5.05"), ("BBBBBBBBBBBBBBBB", "7"));
        var script = new WireScript(Json("""{"StandardReceiptId":300100153164611}""", 201));
        using var connector = Connector(script);
        Assert.Equal("300100153164611", (await connector.PostAsync([receipt], "c", CancellationToken.None))[0].ErpId);
        Assert.EndsWith("/standardReceipts", script.Sent[0].PathAndQuery);
        Same($$$"""
            {"ReceiptNumber":"{{{receipt.DocumentKey}}}","ReceiptMethod":"Wire","BusinessUnit":"Vision Operations","Amount":12.05,"Currency":"USD","ReceiptDate":"2026-07-31","AccountingDate":"2026-07-31",
             "RemittanceBankAccountNumber":"10271-17621-619","CustomerAccountNumber":"1005","remittanceReferences":[
             {"ReceiptMatchBy":"Transaction Number","ReferenceNumber":"AAAAAAAAAAAAAAAA","ReferenceAmount":5.05},{"ReceiptMatchBy":"Transaction Number","ReferenceNumber":"BBBBBBBBBBBBBBBB","ReferenceAmount":7}]}
            """, script.Sent[0].Body);
    }

    [Theory]
    [InlineData(201, "{}", ErpOutcome.Unknown)]
    [InlineData(201, "{\"CustomerTransactionId\":3000001", ErpOutcome.Unknown)]
    [InlineData(200, "<html>sign in</html>", ErpOutcome.Unknown)]
    [InlineData(302, "", ErpOutcome.Unknown)]
    [InlineData(400, "Invalid operation create for the specified resource.", ErpOutcome.Validation)]
    [InlineData(400, "{\"title\":\"Bad Request\",\"status\":\"400\",\"o:errorDetails\":[{\"detail\":\"The customer is not valid.\",\"o:errorCode\":\"AR-855039\",\"o:errorPath\":\"/BillToCustomerNumber\"}]}", ErpOutcome.Validation)]
    [InlineData(400, "The transaction number already exists in this batch source.", ErpOutcome.Duplicate)]
    [InlineData(400, "{\"title\":\"Bad Request\",\"o:errorDetails\":[{\"detail\":\"The combination of the transaction flexfield must be unique.\"}]}", ErpOutcome.Duplicate)]
    [InlineData(400, "The accounting date is not in an open or future-enterable period.", ErpOutcome.PeriodClosed)]
    [InlineData(400, "<html><body>Bad Request</body></html>", ErpOutcome.Unknown)]
    [InlineData(400, "", ErpOutcome.Unknown)]
    [InlineData(401, "", ErpOutcome.Unauthorized)]
    [InlineData(403, "<html/>", ErpOutcome.Unauthorized)]
    [InlineData(404, "", ErpOutcome.Unknown)]
    [InlineData(412, "ETag mismatch", ErpOutcome.Unknown)]
    [InlineData(429, "", ErpOutcome.Throttled)]
    [InlineData(500, "{\"title\":\"Internal Server Error\"}", ErpOutcome.Unknown)]
    [InlineData(502, "<html/>", ErpOutcome.Unknown)]
    [InlineData(503, "<html>maintenance</html>", ErpOutcome.Throttled)]
    [InlineData(504, "", ErpOutcome.Unknown)]
    public async Task The_answer_to_a_posting_is_classified_by_its_body(int status, string body, ErpOutcome expected)
    {
        using var connector = Connector(new WireScript(new Reply(status, body, "text/plain") { Headers = new Dictionary<string, string> { ["Retry-After"] = "28800" } }));
        var answer = (await connector.PostAsync([Kinds.Of(DocumentKind.ArInvoice, 1, "1")], "c", CancellationToken.None))[0];
        Assert.Equal(expected, answer.Outcome);
        Assert.Equal(expected == ErpOutcome.Throttled ? TimeSpan.FromHours(8) : null, answer.RetryAfter);
    }

    [Fact]
    public async Task Maintenance_within_a_batch_spares_the_rest_its_requests()
    {
        var script = new WireScript(Json("""{"CustomerTransactionId":1}""", 201), new Reply(0) { Lost = true }, new Reply(503));
        using var connector = Connector(script);
        var batch = Enumerable.Range(1, 5).Select(n => Kinds.Of(DocumentKind.ArInvoice, n, "1")).ToList();
        Assert.Equal([ErpOutcome.Created, ErpOutcome.Unknown, ErpOutcome.Throttled, ErpOutcome.Throttled, ErpOutcome.Throttled], (await connector.PostAsync(batch, "c", CancellationToken.None)).Select(a => a.Outcome));
        Assert.Equal(3, script.Sent.Count);
    }

    [Theory]
    [InlineData("10.10", "1005", "USD", "Complete", ErpOutcome.Found)]
    [InlineData("10.10", "1005", "USD", "Incomplete", ErpOutcome.Unposted)]
    [InlineData("10.11", "1005", "USD", "Complete", ErpOutcome.Different)]
    [InlineData("10.10", "1006", "USD", "Complete", ErpOutcome.Different)]
    [InlineData("10.10", "1005", "EUR", "Complete", ErpOutcome.Different)]
    [InlineData("\"ten\"", "1005", "USD", "Complete", ErpOutcome.Unknown)]
    public async Task An_invoice_is_looked_up_by_its_number_and_compared(string amount, string customer, string currency, string state, ErpOutcome expected)
    {
        var invoice = Kinds.Of(DocumentKind.ArInvoice, 1, "10.10");
        var script = new WireScript(Page($$"""{"CustomerTransactionId":9,"TransactionNumber":"{{invoice.DocumentKey}}","InvoiceCurrencyCode":"{{currency}}","BillToCustomerNumber":"{{customer}}","EnteredAmount":{{amount}},"InvoiceStatus":"{{state}}","AccountingDate":"2026-08-01"}"""));
        using var connector = Connector(script);
        var answer = (await connector.LookUpAsync([new ErpItem(invoice)], CancellationToken.None))[0];
        Assert.Equal(expected, answer.Outcome);
        if (expected == ErpOutcome.Found) Assert.Equal(new DateOnly(2026, 8, 1), answer.PostedOn);
        Assert.Equal($"{Resources}/receivablesInvoices?q=TransactionNumber='{invoice.DocumentKey}'&onlyData=true&limit=500", Uri.UnescapeDataString(script.Sent[0].PathAndQuery));
    }

    [Fact]
    public async Task Each_kind_is_asked_for_once_and_a_fault_of_one_is_not_the_others()
    {
        var documents = new[] { Kinds.Of(DocumentKind.ArInvoice, 1, "5"), Kinds.Of(DocumentKind.CreditMemo, 1, "6"), Kinds.Receipt(1, ("AAAAAAAAAAAAAAAA", "7")), Kinds.Of(DocumentKind.ArInvoice, 2, "5") };
        var script = new WireScript(new Reply(500),
            Page($$"""{"CustomerTransactionId":2,"TransactionNumber":"{{documents[1].DocumentKey}}","CreditMemoCurrency":"USD","BillToCustomerNumber":"1005","EnteredAmount":-6}"""),
            Page($$"""{"StandardReceiptId":3,"ReceiptNumber":"{{documents[2].DocumentKey}}","Currency":"USD","CustomerAccountNumber":"1005","Amount":"7.00"}"""));
        using var connector = Connector(script);
        var answers = await connector.LookUpAsync([.. documents.Select(d => new ErpItem(d))], CancellationToken.None);
        Assert.Equal([ErpOutcome.Unknown, ErpOutcome.Found, ErpOutcome.Found, ErpOutcome.Unknown], answers.Select(a => a.Outcome));
        Assert.Contains($"q=TransactionNumber='{documents[0].DocumentKey}' or TransactionNumber='{documents[3].DocumentKey}'&", Uri.UnescapeDataString(script.Sent[0].PathAndQuery));
    }

    [Theory]
    [InlineData("{\"items\":[],\"hasMore\":false}", ErpOutcome.Absent)]
    [InlineData("{\"items\":[{\"TransactionNumber\":\"OTHER\"}]}", ErpOutcome.Absent)]
    [InlineData("{\"items\":[],\"hasMore\":true}", ErpOutcome.Unknown)]
    [InlineData("{\"items\":[{\"Transac", ErpOutcome.Unknown)]
    [InlineData("<html/>", ErpOutcome.Unknown)]
    public async Task Only_a_whole_answer_without_it_is_an_absence(string body, ErpOutcome expected)
    {
        using var connector = Connector(new WireScript(Json(body)));
        Assert.Equal(expected, (await connector.LookUpAsync([new ErpItem(Kinds.Of(DocumentKind.ArInvoice, 1, "5"))], CancellationToken.None))[0].Outcome);
    }

    [Fact]
    public async Task A_number_that_two_have_is_for_people()
    {
        var invoice = Kinds.Of(DocumentKind.ArInvoice, 1, "5");
        var row = $$"""{"CustomerTransactionId":ID,"TransactionNumber":"{{invoice.DocumentKey}}"}""";
        using var connector = Connector(new WireScript(Page(row.Replace("ID", "1", StringComparison.Ordinal), row.Replace("ID", "2", StringComparison.Ordinal))));
        var answer = (await connector.LookUpAsync([new ErpItem(invoice)], CancellationToken.None))[0];
        Assert.Equal((ErpOutcome.Different, "ERP_DUPLICATE"), (answer.Outcome, answer.Code));
    }

    [Fact]
    public void What_the_mapping_or_Oracle_lacks_is_found_without_a_call()
    {
        using var connector = Connector(new WireScript());
        Assert.All([Kinds.Of(DocumentKind.ArInvoice, 1, "0"), Kinds.Of(DocumentKind.GlJournal, 9, "1"), Kinds.Receipt(1, ("AAAAAAAAAAAAAAAA", "1"))], d => Assert.Null(connector.Preflight(d)));
        Refused("tables.businessUnits", Kinds.Of(DocumentKind.ArInvoice, 1, "1") with { LegalEntity = "FR01" });
        Refused("tables.customers", Kinds.Of(DocumentKind.CreditMemo, 9, "1"));
        Refused("tables.receiptMethods has no entry for 'api'", Kinds.Of(DocumentKind.Receipt, 1, "1"));
        Refused("tables.ledgers", Kinds.Of(DocumentKind.GlJournal, 1, "1") with { LegalEntity = "FR01" });
        Refused("kept in USD", Kinds.Of(DocumentKind.GlJournal, 1, "1") with { Currency = "EUR" });
        Refused("tables.revenueAccounts", Kinds.Of(DocumentKind.GlJournal, 1, "1") with { Lines = [Kinds.Of(DocumentKind.GlJournal, 1, "1").Lines[0] with { Product = "x" }] });
        Refused("all are zero", Kinds.Of(DocumentKind.GlJournal, 1, "0"));
        Refused("needs a credit memo", Kinds.Of(DocumentKind.ArInvoice, 1, "-1"));
        Assert.True(connector.Batching is { SameKind: true, AllOrNothing: true, BatchSize: 20 });

        void Refused(string part, ErpDocument document)
        {
            var refusal = connector.Preflight(document);
            Assert.Equal(ErpOutcome.Validation, refusal?.Outcome);
            Assert.Contains(part, refusal!.Detail);
        }
    }

    static void Same(string expected, string actual) => Assert.Equal(JsonNode.Parse(expected)!.ToJsonString(), JsonNode.Parse(actual)!.ToJsonString());
}
