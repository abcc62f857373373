using Streams.ErpSink.Posting;
using Streams.ErpSink.Tests.Wire;
using Streams.Schemas;
using static Streams.ErpSink.Tests.S4HanaSamples;

namespace Streams.ErpSink.Tests;

/// <summary>Looking journal entries up by their reference.</summary>
public sealed class S4HanaReadBackTests
{
    [Fact]
    public async Task Many_keys_are_asked_for_at_once_and_every_kind_is_compared()
    {
        var documents = new[] { Kinds.Of(DocumentKind.ArInvoice, 1, "10.10"), Kinds.Of(DocumentKind.CreditMemo, 1, "4"), Kinds.Of(DocumentKind.GlJournal, 1, "7"), Kinds.Of(DocumentKind.ArInvoice, 2, "1") };
        var (invoice, memo, journal) = (documents[0].DocumentKey, documents[1].DocumentKey, documents[2].DocumentKey);
        var script = new WireScript(Second(next: $"{Host}/odata/Items?$skiptoken=2", Item(memo, "4.00", number: "2"), Item(memo, "-4.00", "D", "12100000", "17100001", "2")),
            Second(next: null, Item(invoice, "-10.10"), Item(invoice, "10.10", "D", "12100000", "0017100001"), Item(journal, "7.00", account: "0012600000", number: "3"), Item(journal, "-7.00", number: "3")));
        using var connector = Connector(script);
        var answers = await connector.LookUpAsync([.. documents.Select(d => new ErpItem(d))], CancellationToken.None);

        Assert.Equal([(ErpOutcome.Found, "1710/0100000008/2026"), (ErpOutcome.Found, "1710/2/2026"), (ErpOutcome.Found, "1710/3/2026"), (ErpOutcome.Absent, null)], answers.Select(a => (a.Outcome, a.ErpId)));
        Assert.Equal(new DateOnly(2026, 7, 31), answers[0].PostedOn);
        Assert.Equal("/sap/opu/odata/sap/API_JOURNALENTRYITEMBASIC_SRV/A_JournalEntryItemBasic?$filter=(" +
            string.Join(" or ", documents.Select(d => $"DocumentReferenceID eq '{d.DocumentKey}'")) + ") and Ledger eq '0L'" +
            "&$select=DocumentReferenceID,CompanyCode,FiscalYear,AccountingDocument,AmountInTransactionCurrency,TransactionCurrency,GLAccount,Customer,FinancialAccountType,PostingDate&$format=json",
            Uri.UnescapeDataString(script.Sent[0].PathAndQuery));
        Assert.Equal("GET", script.Sent[0].Method);
        Assert.False(script.Sent[0].Headers.ContainsKey("X-CSRF-Token"));
        Assert.Equal("/odata/Items?$skiptoken=2", script.Sent[1].PathAndQuery);
    }

    [Theory]
    [InlineData("10.10", "17100001", "USD", "1710", ErpOutcome.Found)]
    [InlineData("10.11", "17100001", "USD", "1710", ErpOutcome.Different)]
    [InlineData("-10.10", "17100001", "USD", "1710", ErpOutcome.Different)]
    [InlineData("10.10", "17100009", "USD", "1710", ErpOutcome.Different)]
    [InlineData("10.10", "17100001", "EUR", "1710", ErpOutcome.Different)]
    [InlineData("10.10", "17100001", "USD", "1010", ErpOutcome.Different)]
    [InlineData("ten", "17100001", "USD", "1710", ErpOutcome.Unknown)]
    public async Task Amount_party_currency_and_company_must_be_equal(string amount, string customer, string currency, string company, ErpOutcome expected)
    {
        var invoice = Kinds.Of(DocumentKind.ArInvoice, 1, "10.10");
        Assert.Equal(expected, (await LookUpAsync(invoice, Fourth(Item(invoice.DocumentKey, amount, "D", "12100000", customer, currency: currency, company: company)))).Outcome);
    }

    [Fact]
    public async Task A_key_in_two_entries_is_for_people()
    {
        var invoice = Kinds.Of(DocumentKind.ArInvoice, 1, "10.10");
        var answer = await LookUpAsync(invoice, Fourth(Item(invoice.DocumentKey, "10.10", "D", "1", "17100001", "1"), Item(invoice.DocumentKey, "10.10", "D", "1", "17100001", "2")));
        Assert.Equal((ErpOutcome.Different, "ERP_DUPLICATE"), (answer.Outcome, answer.Code));
        Assert.Contains("1710/1/2026, 1710/2/2026", answer.Detail);
    }

    [Theory]
    [InlineData(200, "{\"d\":{\"results\":[{\"Docu", ErpOutcome.Unknown)]
    [InlineData(200, "<html>logon</html>", ErpOutcome.Unknown)]
    [InlineData(200, "{\"error\":{}}", ErpOutcome.Unknown)]
    [InlineData(200, "{\"value\":[],\"@odata.nextLink\":\"https://elsewhere.example/x\"}", ErpOutcome.Unknown)]
    [InlineData(200, "{\"value\":[]}", ErpOutcome.Absent)]
    [InlineData(400, "{\"error\":{\"code\":\"005056A509B11EE1B9A8FEC11C21D78E\",\"message\":{\"lang\":\"en\",\"value\":\"Invalid filter\"}}}", ErpOutcome.Unknown)]
    [InlineData(404, "", ErpOutcome.Unknown)]
    [InlineData(401, "<html/>", ErpOutcome.Unauthorized)]
    [InlineData(429, "", ErpOutcome.Throttled)]
    [InlineData(500, "", ErpOutcome.Unknown)]
    public async Task Only_a_whole_empty_answer_is_an_absence(int status, string body, ErpOutcome expected) =>
        Assert.Equal(expected, (await LookUpAsync(Kinds.Of(DocumentKind.ArInvoice, 1, "10.10"), new Reply(status, body))).Outcome);

    [Fact]
    public async Task A_part_of_the_keys_that_fails_leaves_the_others_their_answers()
    {
        var options = Options();
        var script = new WireScript(Fourth(), new Reply(0) { Lost = true });
        using var connector = Connector(script, options with { ReadBack = options.ReadBack with { KeysPerRequest = 2 } });
        var answers = await connector.LookUpAsync([.. Enumerable.Range(1, 3).Select(n => new ErpItem(Kinds.Of(DocumentKind.ArInvoice, n, "1")))], CancellationToken.None);
        Assert.Equal([ErpOutcome.Absent, ErpOutcome.Absent, ErpOutcome.Unknown], answers.Select(a => a.Outcome));
    }

    static Reply Second(string? next, params string[] items) =>
        new(200, $"{{\"d\":{{\"results\":[{string.Join(',', items)}]{(next is null ? "" : $",\"__next\":\"{next}\"")}}}}}");

    static Reply Fourth(params string[] items) => new(200, $"{{\"value\":[{string.Join(',', items)}]}}");

    static async Task<ErpAnswer> LookUpAsync(ErpDocument document, Reply reply)
    {
        using var connector = Connector(new WireScript(reply));
        return (await connector.LookUpAsync([new ErpItem(document)], CancellationToken.None))[0];
    }
}
