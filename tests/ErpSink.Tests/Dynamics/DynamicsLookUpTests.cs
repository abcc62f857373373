using System.Text.Json.Nodes;
using Streams.ErpSink.Posting;
using Streams.Schemas;
using static Streams.ErpSink.Tests.Dynamics.DynamicsHarness;

namespace Streams.ErpSink.Tests.Dynamics;

/// <summary>What a look-up asks F&amp;O, and what it makes of the answers.</summary>
public sealed class DynamicsLookUpTests
{
    static readonly ErpDocument Journal = Document(DocumentKind.GlJournal, "10", "-0.01");
    static readonly ErpDocument Invoice = Document(DocumentKind.ArInvoice, "10", "-0.01");
    static readonly ErpDocument Memo = Document(DocumentKind.CreditMemo, "12.5");
    static readonly ErpDocument Receipt = Document(DocumentKind.Receipt, "2500");

    [Fact]
    public async Task Many_keys_are_asked_for_in_one_query_across_companies()
    {
        var other = Document(DocumentKind.GlJournal, "3");
        var handler = new ScriptedHandler().Answer(200, List(JournalHeader(Journal, 1), JournalHeader(other, 2, "Yes"))).Answer(200, List([.. Entries(1, "9.99|0", "0.01|0", "0|10"), .. Entries(2, "3|0", "0|3")]));
        using var connector = Connector(handler);

        var answers = await connector.LookUpAsync(Items(Journal, other), CancellationToken.None);

        Assert.Equal([(ErpOutcome.Unposted, "DAT-000021"), (ErpOutcome.Found, "DAT-000022")], answers.Select(a => (a.Outcome, a.ErpId!)));
        Assert.Equal([null, new DateOnly(2026, 1, 31)], answers.Select(a => a.PostedOn));
        Assert.Equal(
            [
                $"/data/LedgerJournalHeaders?cross-company=true&$filter=dataAreaId eq 'dat' and (contains(Description,'{Journal.DocumentKey}') or contains(Description,'{other.DocumentKey}'))",
                "/data/LedgerJournalLines?cross-company=true&$filter=dataAreaId eq 'dat' and (JournalBatchNumber eq 'DAT-000021' or JournalBatchNumber eq 'DAT-000022')",
            ], handler.Requests.Select(r => Uri.UnescapeDataString(r.Address.PathAndQuery)));
    }

    [Fact]
    public async Task Kinds_and_chunks_are_asked_for_apart_and_answered_in_order()
    {
        var handler = new ScriptedHandler().Answer(200, List()).Answer(200, List(InvoiceHeader(Memo, 7, "Yes"))).Answer(200, List(InvoiceLine(7, "-12.5"))).Answer(200, List(InvoiceHeader(Invoice, 8))).Answer(200, List(InvoiceLine(8, "9.99")));
        using var connector = Connector(handler, Options() with { KeysPerQuery = 1 });

        var answers = await connector.LookUpAsync(Items(Journal, Memo, Invoice), CancellationToken.None);

        Assert.Equal([ErpOutcome.Absent, ErpOutcome.Found, ErpOutcome.Unposted], answers.Select(a => a.Outcome));
        Assert.Contains($"ExternalInvoiceId eq '{Memo.DocumentKey}'", Uri.UnescapeDataString(handler.Requests[1].Address.Query));
        Assert.Contains("ParentRecId eq 7)", Uri.UnescapeDataString(handler.Requests[2].Address.Query));
    }

    [Theory]
    [InlineData("9.99", "DAT-000004", "USD", ErpOutcome.Found)]
    [InlineData("9.990000", "DAT-000004", "USD", ErpOutcome.Found)]
    [InlineData("9.98", "DAT-000004", "USD", ErpOutcome.Different)]
    [InlineData("-9.99", "DAT-000004", "USD", ErpOutcome.Different)]
    [InlineData("9.99", "DAT-000005", "USD", ErpOutcome.Different)]
    [InlineData("9.99", "DAT-000004", "EUR", ErpOutcome.Different)]
    [InlineData("\"9.99\"", "DAT-000004", "USD", ErpOutcome.Unknown)]
    [InlineData("9.99e3", "DAT-000004", "USD", ErpOutcome.Unknown)]
    public async Task An_invoice_is_compared_by_amount_party_and_currency(string price, string customer, string currency, ErpOutcome expected)
    {
        var header = InvoiceHeader(Invoice, 7, "Yes");
        header["CustomerAccount"] = customer;
        header["CurrencyCode"] = currency;

        Assert.Equal(expected, (await LookUp(Invoice, List(header), List(InvoiceLine(7, price)))).Outcome);
    }

    [Theory]
    [InlineData(new[] { "9.99|0", "0.01|0", "0|10" }, "USD", ErpOutcome.Found)]
    [InlineData(new[] { "9.99|0", "0|9.99" }, "USD", ErpOutcome.Different)]
    [InlineData(new[] { "10.01|0", "0|10" }, "USD", ErpOutcome.Different)]
    [InlineData(new[] { "9.99|0", "0.01|0", "0|10" }, "EUR", ErpOutcome.Different)]
    public async Task A_journal_is_compared_by_both_sides_and_currency(string[] entries, string currency, ErpOutcome expected)
    {
        var lines = Entries(1, entries);
        foreach (var line in lines) line["CurrencyCode"] = currency;

        Assert.Equal(expected, (await LookUp(Journal, List(JournalHeader(Journal, 1, "Yes")), List(lines))).Outcome);
    }

    [Theory]
    [InlineData("2500", @"DAT\-000004", ErpOutcome.Found)]
    [InlineData("2500", "DAT-000004", ErpOutcome.Different)]
    [InlineData("2499.99", @"DAT\-000004", ErpOutcome.Different)]
    public async Task A_receipt_is_compared_by_amount_and_party(string amount, string customer, ErpOutcome expected)
    {
        var line = Entries(1, $"0|{amount}")[0];
        line["AccountDisplayValue"] = customer;

        Assert.Equal(expected, (await LookUp(Receipt, List(JournalHeader(Receipt, 1, "Yes")), List(line))).Outcome);
    }

    [Fact]
    public async Task A_header_without_lines_is_deleted_before_its_document_counts_as_absent()
    {
        var handler = new ScriptedHandler().Answer(200, List(InvoiceHeader(Invoice, 7), InvoiceHeader(Memo, 8))).Answer(200, List(InvoiceLine(8, "-12.5"))).Answer(Deleted);
        using var connector = Connector(handler);

        var answers = await connector.LookUpAsync(Items(Invoice, Memo), CancellationToken.None);

        Assert.Equal([ErpOutcome.Absent, ErpOutcome.Unposted], answers.Select(a => a.Outcome));
        Assert.Equal("https://contoso.operations.dynamics.com/data/FreeTextInvoiceHeaders(dataAreaId='dat',InvoiceIdentifier=7)?cross-company=true", Operations(handler.Requests[2]).Single().Url);
    }

    [Theory]
    [InlineData(500, "")]
    [InlineData(429, "")]
    public async Task A_header_that_may_still_get_its_lines_leaves_the_document_unknown(int status, string body)
    {
        var answer = await LookUp(Invoice, List(InvoiceHeader(Invoice, 7)), List(), (status, body));

        Assert.Equal((ErpOutcome.Unknown, "EMPTY_HEADER_LEFT"), (answer.Outcome, answer.Code));
    }

    [Fact]
    public async Task Two_records_of_one_key_are_a_conflict_and_an_empty_one_beside_it_is_not()
    {
        var twice = await LookUp(Invoice, List(InvoiceHeader(Invoice, 7), InvoiceHeader(Invoice, 8)), List(InvoiceLine(7, "9.99"), InvoiceLine(8, "9.99")));
        var once = await LookUp(Invoice, List(InvoiceHeader(Invoice, 7), InvoiceHeader(Invoice, 8, "Yes")), List(InvoiceLine(8, "9.99")));

        Assert.Equal((ErpOutcome.Different, "FOUND_TWICE"), (twice.Outcome, twice.Code));
        Assert.Equal((ErpOutcome.Found, "8"), (once.Outcome, once.ErpId));
    }

    [Theory]
    [InlineData(429, "", ErpOutcome.Throttled)]
    [InlineData(403, "", ErpOutcome.Unauthorized)]
    [InlineData(404, """{"error":{"code":"","message":"No HTTP resource was found."}}""", ErpOutcome.Unknown)]
    [InlineData(400, """{"error":{"code":"","message":"x","innererror":{"message":"Infolog: Error: already exists"}}}""", ErpOutcome.Unknown)]
    [InlineData(500, "", ErpOutcome.Unknown)]
    [InlineData(200, "<html>", ErpOutcome.Unknown)]
    [InlineData(200, """{"value":{}}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"value":[""", ErpOutcome.Unknown)]
    [InlineData(200, """{"error":{"code":"","message":"x"},"value":[]}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"value":[],"@odata.nextLink":"https://elsewhere.example/data"}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"value":[{"Description":"no number"}]}""", ErpOutcome.Unknown)]
    public async Task Only_FOs_own_empty_list_is_an_absence(int status, string body, ErpOutcome expected)
    {
        using var connector = Connector(new ScriptedHandler().Answer(status, body));

        Assert.Equal(expected, (await connector.LookUpAsync(Items(Journal), CancellationToken.None)).Single().Outcome);
    }

    [Fact]
    public async Task Pages_are_read_to_the_end()
    {
        const string Next = "https://contoso.operations.dynamics.com/data/LedgerJournalHeaders?$skiptoken=2";
        var handler = new ScriptedHandler().Answer(200, $$"""{"value":[],"@odata.nextLink":"{{Next}}"}""").Answer(200, List(JournalHeader(Journal, 1))).Answer(200, List(Entries(1, "9.99|0", "0.01|0", "0|10")));
        using var connector = Connector(handler);

        Assert.Equal(ErpOutcome.Unposted, (await connector.LookUpAsync(Items(Journal), CancellationToken.None)).Single().Outcome);
        Assert.Equal(Next, handler.Requests[1].Address.ToString());
    }

    [Fact]
    public void Every_missing_mapping_is_found_without_a_call()
    {
        var mapping = DynamicsHarness.Mapping with { Tables = new Dictionary<string, IReadOnlyDictionary<string, string>>(DynamicsHarness.Mapping.Tables)
        {
            ["legalEntities"] = new Dictionary<string, string> { ["DE01"] = "demf" }, ["currencies"] = new Dictionary<string, string> { ["EUR"] = "EUR" },
            ["customers"] = new Dictionary<string, string> { ["cust-1"] = "1" }, ["revenueAccounts"] = new Dictionary<string, string> { ["llm"] = "1" },
            ["exchangeRates"] = new Dictionary<string, string> { ["USD"] = "1,08" },
        } };
        using var connector = Connector(new ScriptedHandler(), Options(mapping));

        var answer = connector.Preflight(Invoice)!;

        Assert.Equal((ErpOutcome.Validation, "MAPPING_MISSING"), (answer.Outcome, answer.Code));
        Assert.All(["legalEntities", "'US01'", "currencies", "'USD'", "customers", "'cust-4'", "revenueAccounts", "'api/requests1'", "'api/requests2'", "exchangeRates", "'1,08'"], part => Assert.Contains(part, answer.Detail));
        Assert.Null(Connector(new ScriptedHandler()).Preflight(Invoice));
    }

    [Fact]
    public void What_FO_would_not_take_is_refused_beforehand()
    {
        using var connector = Connector(new ScriptedHandler());

        Assert.Equal("NEGATIVE_TOTAL", connector.Preflight(Document(DocumentKind.ArInvoice, "-1"))!.Code);
        Assert.Equal("NEGATIVE_TOTAL", connector.Preflight(Document(DocumentKind.CreditMemo, "-1"))!.Code);
        Assert.Equal("RECEIPT_NOT_POSITIVE", connector.Preflight(Document(DocumentKind.Receipt, "2", "-1"))!.Code);
        Assert.Equal("TOO_MANY_LINES", connector.Preflight(Document(DocumentKind.ArInvoice, [.. Enumerable.Repeat("1", 5001)]))!.Code);
        Assert.Null(connector.Preflight(Document(DocumentKind.GlJournal, "-1")));
    }

    [Fact]
    public void The_mapping_built_in_is_whole()
    {
        using var connector = new Streams.ErpSink.Dynamics.DynamicsConnector(new() { Account = "contoso", Credentials = Options().Credentials }, new ScriptedHandler(), TimeProvider.System);

        Assert.All(new[] { Journal, Invoice, Memo, Receipt }, d => Assert.Null(connector.Preflight(d)));
    }

    static async Task<ErpAnswer> LookUp(ErpDocument document, string headers, string lines, (int Status, string Body)? further = null)
    {
        var handler = new ScriptedHandler().Answer(200, headers).Answer(200, lines);
        if (further is { } f) handler.Answer(f.Status, f.Body);
        using var connector = Connector(handler);
        return (await connector.LookUpAsync(Items(document), CancellationToken.None)).Single();
    }

    static string List(params IReadOnlyList<JsonObject> records) => new JsonObject
    {
        ["@odata.context"] = "https://contoso.operations.dynamics.com/data/$metadata#X",
        ["value"] = new JsonArray([.. records.Select(r => r.DeepClone())]),
    }.ToJsonString();

    static JsonObject JournalHeader(ErpDocument document, int number, string posted = "No") => new()
    {
        ["@odata.etag"] = "W/\"JzEsNTYzNzE0NjA4MCc=\"", ["dataAreaId"] = "dat", ["JournalBatchNumber"] = $"DAT-00002{number}", ["Description"] = $"Usage 2026-01 {document.DocumentKey}",
        ["IsPosted"] = posted, ["JournalTotalCredit"] = 0, ["JournalTotalDebit"] = 0,
    };

    static JsonObject InvoiceHeader(ErpDocument document, long number, string posted = "No") => new()
    {
        ["dataAreaId"] = "dat", ["InvoiceIdentifier"] = number, ["ExternalInvoiceId"] = document.DocumentKey, ["CustomerAccount"] = "DAT-000004", ["CurrencyCode"] = "USD",
        ["InvoiceDate"] = "2026-01-31T12:00:00Z", ["FreeTextNumber"] = posted == "Yes" ? "DAT-000005" : "Not posted", ["IsPosted"] = posted,
    };

    static JsonObject InvoiceLine(long number, string price) => new() { ["dataAreaId"] = "dat", ["ParentRecId"] = number, ["LineNumber"] = 1, ["Quantity"] = 1, ["UnitPrice"] = JsonNode.Parse(price) };

    static JsonObject[] Entries(int number, params string[] entries) =>
    [
        .. entries.Select((e, i) => new JsonObject
        {
            ["dataAreaId"] = "dat", ["JournalBatchNumber"] = $"DAT-00002{number}", ["LineNumber"] = i + 1, ["CurrencyCode"] = "USD", ["TransDate"] = "2026-01-31T12:00:00Z",
            ["DebitAmount"] = JsonNode.Parse(e.Split('|')[0]), ["CreditAmount"] = JsonNode.Parse(e.Split('|')[1]),
        }),
    ];
}
