using System.Text.Json.Nodes;
using Streams.ErpSink.BusinessCentral;
using Streams.ErpSink.Posting;
using Streams.Schemas;
using static Streams.ErpSink.Tests.BusinessCentral.BusinessCentralHarness;

namespace Streams.ErpSink.Tests.BusinessCentral;

/// <summary>What a look-up asks Business Central, what it makes of the answers, how drafts are posted later, and what is refused without a call.</summary>
public sealed class BusinessCentralLookUpTests
{
    static readonly ErpDocument Invoice = Document(DocumentKind.ArInvoice, "10", "-0.01");
    static readonly ErpDocument Memo = Document(DocumentKind.CreditMemo, "12.5");
    static readonly ErpDocument Journal = Document(DocumentKind.GlJournal, "10", "-0.01");
    static readonly ErpDocument Receipt = Document(DocumentKind.Receipt, "2500");

    [Fact]
    public async Task Many_keys_are_asked_for_in_one_query()
    {
        var other = Document(DocumentKind.ArInvoice, "3");
        var handler = new ScriptedHandler().Answer(200, List(Sales(other, "Open", "3"), Sales(Invoice, "Draft", "9.99")));
        using var connector = Connector(handler);

        var answers = await connector.LookUpAsync(Items(Invoice, other), CancellationToken.None);

        Assert.Equal([(ErpOutcome.Unposted, null), (ErpOutcome.Found, new DateOnly(2026, 1, 31))], answers.Select(a => (a.Outcome, a.PostedOn)));
        Assert.Equal($"id-{other.DocumentKey}", answers[1].ErpId);
        Assert.Equal($"{Root}{Company}/salesInvoices?$filter=externalDocumentNumber eq '{Invoice.DocumentKey}' or externalDocumentNumber eq '{other.DocumentKey}'", Uri.UnescapeDataString(handler.Requests.Single().Address.AbsoluteUri));
    }

    [Theory]
    [InlineData("Draft", "9.99", "10400", "USD", ErpOutcome.Unposted)]
    [InlineData("In Review", "9.99", "10400", "USD", ErpOutcome.Unposted)]
    [InlineData("Open", "9.990", "10400", "USD", ErpOutcome.Found)]
    [InlineData("Paid", "9.99", "10400", "", ErpOutcome.Found)]
    [InlineData("Canceled", "9.99", "10400", "USD", ErpOutcome.Different)]
    [InlineData("Open", "9.98", "10400", "USD", ErpOutcome.Different)]
    [InlineData("Open", "9.99", "10500", "USD", ErpOutcome.Different)]
    [InlineData("Open", "9.99", "10400", "EUR", ErpOutcome.Different)]
    [InlineData("Open", "\"9.99\"", "10400", "USD", ErpOutcome.Unknown)]
    [InlineData("Open", "null", "10400", "USD", ErpOutcome.Unknown)]
    public async Task An_invoice_is_compared_by_amount_party_and_currency(string status, string total, string customer, string currency, ErpOutcome expected)
    {
        var record = JsonNode.Parse(Sales(Invoice, status, total))!;
        record["customerNumber"] = customer;
        record["currencyCode"] = currency;

        Assert.Equal(expected, (await LookUp(Invoice, List(record.ToJsonString()))).Outcome);
    }

    [Fact]
    public async Task Two_records_of_one_key_are_a_conflict() =>
        Assert.Equal("FOUND_TWICE", (await LookUp(Memo, List(Sales(Memo, "Draft", "12.5"), Sales(Memo, "Open", "12.5")))).Code);

    [Theory]
    [InlineData(429, "", ErpOutcome.Throttled)]
    [InlineData(403, "", ErpOutcome.Unauthorized)]
    [InlineData(404, """{"error":{"code":"BadRequest_ResourceNotFound","message":"x"}}""", ErpOutcome.Unknown)]
    [InlineData(413, "", ErpOutcome.Unknown)]
    [InlineData(504, "", ErpOutcome.Unknown)]
    [InlineData(200, "<html>", ErpOutcome.Unknown)]
    [InlineData(200, """{"value":[{"externalDocumentNumber":""", ErpOutcome.Unknown)]
    [InlineData(200, """{"value":[],"@odata.nextLink":"http://api.businesscentral.dynamics.com/x"}""", ErpOutcome.Unknown)]
    [InlineData(200, """{"value":[]}""", ErpOutcome.Absent)]
    public async Task Only_its_own_empty_list_is_an_absence(int status, string body, ErpOutcome expected)
    {
        using var connector = Connector(new ScriptedHandler().Answer(status, body));

        Assert.Equal(expected, (await connector.LookUpAsync(Items(Invoice), CancellationToken.None)).Single().Outcome);
    }

    [Theory]
    [InlineData(ErpOutcome.Found, "9.99|0", "0.01|0", "0|10")]
    [InlineData(ErpOutcome.Different, "9.99|0", "0|9.99")]
    [InlineData(ErpOutcome.Different, "9.99|0", "0.01|0", "0|10", "9.99|0", "0.01|0", "0|10")]
    public async Task A_posted_journal_is_found_among_the_entries_of_the_ledger(ErpOutcome expected, params string[] entries)
    {
        var handler = new ScriptedHandler().Answer(200, Entries(Journal, entries));
        using var connector = Connector(handler);

        Assert.Equal(expected, (await connector.LookUpAsync(Items(Journal), CancellationToken.None)).Single().Outcome);
        Assert.Equal($"{Root}{Company}/generalLedgerEntries?$filter=documentNumber eq '{Journal.DocumentKey}'", Uri.UnescapeDataString(handler.Requests.Single().Address.AbsoluteUri));
    }

    [Fact]
    public async Task A_complete_journal_waits_to_be_posted()
    {
        var handler = new ScriptedHandler().Answer(200, List()).Answer(200, List(JournalRecord(Journal))).Answer(200, Lines(Journal, "0.01", "9.99", "-10"));
        using var connector = Connector(handler);

        var answer = (await connector.LookUpAsync(Items(Journal), CancellationToken.None)).Single();

        Assert.Equal((ErpOutcome.Unposted, "id-J"), (answer.Outcome, answer.ErpId));
        Assert.Equal([$"{Company}/journals?$filter=code eq '{Journal.DocumentKey[..10]}'", $"{Company}/journals(id-J)/journalLines"], handler.Requests.Skip(1).Select(r => Uri.UnescapeDataString(r.Address.AbsoluteUri)[Root.Length..]));
    }

    [Theory]
    [InlineData()]
    [InlineData("9.99", "-10")]
    public async Task A_journal_that_is_there_in_part_is_deleted_before_its_document_counts_as_absent(params string[] amounts)
    {
        var handler = new ScriptedHandler().Answer(200, List()).Answer(200, List(JournalRecord(Journal))).Answer(200, Lines(Journal, amounts)).Answer(Done);
        using var connector = Connector(handler);

        Assert.Equal(ErpOutcome.Absent, (await connector.LookUpAsync(Items(Journal), CancellationToken.None)).Single().Outcome);
        Assert.Equal($"DELETE {Company}/journals(id-J)", Url(Operations(handler.Requests[3]).Single()));
    }

    [Fact]
    public async Task A_part_that_cannot_be_deleted_leaves_the_document_unknown()
    {
        using var connector = Connector(new ScriptedHandler().Answer(200, List()).Answer(200, List(JournalRecord(Journal))).Answer(200, List()).Answer(200, Batch((1, 400, Error("Application_DialogException", "locked")))));

        Assert.Equal("PARTIAL_JOURNAL_LEFT", (await connector.LookUpAsync(Items(Journal), CancellationToken.None)).Single().Code);
    }

    [Fact]
    public async Task A_journal_with_lines_of_others_or_other_amounts_is_different()
    {
        Assert.Equal(ErpOutcome.Different, (await LookUp(Journal, List(), List(JournalRecord(Journal)), Lines(Receipt, "9.99", "0.01", "-10"))).Outcome);
        Assert.Equal(ErpOutcome.Different, (await LookUp(Journal, List(), List(JournalRecord(Journal)), Lines(Journal, "9.98", "0.02", "-10"))).Outcome);
    }

    [Fact]
    public async Task A_receipt_waits_in_its_payment_journal_until_the_ledger_has_it()
    {
        Assert.Equal(ErpOutcome.Unposted, (await LookUp(Receipt, List(), List(JournalRecord(Receipt)), Lines(Receipt, "-2500"))).Outcome);
        Assert.Equal(ErpOutcome.Unposted, (await LookUp(Receipt, List(), List(JournalRecord(Receipt)), Lines(Receipt, "2500"))).Outcome);
        Assert.Equal(ErpOutcome.Different, (await LookUp(Receipt, List(), List(JournalRecord(Receipt)), Lines(Receipt, "-2499"))).Outcome);
        Assert.Equal(ErpOutcome.Found, (await LookUp(Receipt, Entries(Receipt, "2500|0", "0|2500"))).Outcome);
    }

    [Fact]
    public async Task Drafts_are_posted_when_they_are_finished()
    {
        var handler = new ScriptedHandler().Answer(200, Batch((1, 204, null), (2, 400, Error("Application_DialogException", "The accounting period is closed.")), (3, 404, Error("Internal_RecordNotFound", "gone")))).Answer(Done);
        using var connector = Connector(handler);
        ErpItem[] items = [new(Invoice, "a"), new(Memo, "b"), new(Journal, "c"), new(Invoice), new(Receipt, "e")];

        var answers = await connector.FinishAsync(items, CancellationToken.None);

        Assert.Equal([ErpOutcome.Created, ErpOutcome.PeriodClosed, ErpOutcome.Unknown, ErpOutcome.Unknown, ErpOutcome.Created], answers.Select(a => a.Outcome));
        Assert.Equal([false, true, false, false, false], answers.Select(a => a.DraftDeleted));
        Assert.Equal([$"POST {Company}/salesInvoices(a)/Microsoft.NAV.post", $"POST {Company}/salesCreditMemos(b)/Microsoft.NAV.post", $"POST {Company}/journals(c)/Microsoft.NAV.post"], Operations(handler.Requests[0]).Select(Url));
        Assert.Equal($"DELETE {Company}/salesCreditMemos(b)", Url(Operations(handler.Requests[1]).Single()));
    }

    [Fact]
    public async Task Payments_are_posted_by_an_action_where_there_is_one()
    {
        var handler = new ScriptedHandler().Answer(Done);
        using var connector = Connector(handler, Options() with { PaymentPostAction = "Microsoft.NAV.post" });

        Assert.Equal(ErpOutcome.Created, (await connector.FinishAsync([new ErpItem(Receipt, "p")], CancellationToken.None)).Single().Outcome);
        Assert.Equal($"POST {Company}/customerPaymentJournals(p)/Microsoft.NAV.post", Url(Operations(handler.Requests[0]).Single()));
    }

    [Fact]
    public void Every_missing_mapping_is_found_without_a_call()
    {
        var mapping = BusinessCentralHarness.Mapping with { Tables = new Dictionary<string, IReadOnlyDictionary<string, string>>
        {
            ["companies"] = new Dictionary<string, string> { ["DE01"] = "x" }, ["localCurrencies"] = new Dictionary<string, string> { ["DE01"] = "EUR" },
            ["currencies"] = new Dictionary<string, string> { ["EUR"] = "EUR" }, ["customers"] = new Dictionary<string, string> { ["c"] = "1" }, ["revenueAccounts"] = new Dictionary<string, string> { ["llm"] = "1" },
        } };
        using var connector = Connector(new ScriptedHandler(), Options(mapping));

        var answer = connector.Preflight(Invoice)!;

        Assert.Equal((ErpOutcome.Validation, "MAPPING_MISSING"), (answer.Outcome, answer.Code));
        Assert.All(["companies", "'US01'", "localCurrencies", "currencies", "'USD'", "customers", "'cust-4'", "revenueAccounts", "'api/requests1'", "'api/requests2'"], part => Assert.Contains(part, answer.Detail));
    }

    [Fact]
    public void What_it_would_not_take_is_refused_beforehand()
    {
        using var connector = Connector(new ScriptedHandler());

        var foreign = connector.Preflight(Journal with { Currency = "EUR" })!;
        Assert.Equal((ErpOutcome.Validation, "FOREIGN_CURRENCY"), (foreign.Outcome, foreign.Code));
        Assert.Contains("EUR is not the local currency of US01", foreign.Detail);
        Assert.Equal("FOREIGN_CURRENCY", connector.Preflight(Receipt with { Currency = "EUR" })!.Code);
        Assert.Null(connector.Preflight(Invoice with { Currency = "EUR" }));
        Assert.Equal("NEGATIVE_TOTAL", connector.Preflight(Document(DocumentKind.ArInvoice, "-1"))!.Code);
        Assert.Equal("RECEIPT_NOT_POSITIVE", connector.Preflight(Document(DocumentKind.Receipt, "2", "-1"))!.Code);
        var twoWays = Document(DocumentKind.Receipt, "1", "2");
        Assert.Equal("RECEIPT_OF_SEVERAL_WAYS", connector.Preflight(twoWays with { Lines = [twoWays.Lines[0], twoWays.Lines[1] with { Product = "cash" }] })!.Code);
        Assert.All(new[] { Invoice, Memo, Journal, Receipt }, d => Assert.Null(connector.Preflight(d)));
    }

    [Fact]
    public void The_mapping_built_in_is_whole_and_secrets_are_in_no_text()
    {
        var options = new BusinessCentralOptions { Account = "Production", Credentials = Options().Credentials };
        using var connector = new BusinessCentralConnector(options, new ScriptedHandler(), TimeProvider.System);

        Assert.All(new[] { Invoice, Memo, Journal, Receipt }, d => Assert.Null(connector.Preflight(d)));
        Assert.DoesNotContain("secret-1", options.ToString() + options.Credentials);
    }

    static async Task<ErpAnswer> LookUp(ErpDocument document, params string[] answers)
    {
        var handler = answers.Aggregate(new ScriptedHandler(), (script, body) => script.Answer(200, body));
        using var connector = Connector(handler);
        return (await connector.LookUpAsync(Items(document), CancellationToken.None)).Single();
    }

    static string Sales(ErpDocument document, string status, string total) => $$"""
        {"@odata.etag":"W/\"x\"","id":"id-{{document.DocumentKey}}","number":"PS-INV103001","externalDocumentNumber":"{{document.DocumentKey}}","postingDate":"2026-01-31","customerNumber":"10400",
         "currencyCode":"USD","totalAmountExcludingTax":{{total}},"totalTaxAmount":0,"totalAmountIncludingTax":{{total}},"status":"{{status}}"}
        """;

    static string JournalRecord(ErpDocument document) => $$"""{"id":"id-J","code":"{{document.DocumentKey[..10]}}","displayName":"Usage 2026-01 {{document.DocumentKey}}"}""";

    static string Lines(ErpDocument document, params string[] amounts) =>
        List([.. amounts.Select(a => $$"""{"documentNumber":"{{document.DocumentKey}}","externalDocumentNumber":"{{document.DocumentKey}}","customerNumber":"10400","amount":{{a}}}""")]);

    static string Entries(ErpDocument document, params string[] entries) =>
        List([.. entries.Select(e => $$"""{"documentNumber":"{{document.DocumentKey}}","postingDate":"2026-01-31","debitAmount":{{e.Split('|')[0]}},"creditAmount":{{e.Split('|')[1]}}}""")]);
}
