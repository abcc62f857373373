using System.Text.Json.Nodes;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.OracleFusion;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Tests.Wire;
using Streams.Schemas;
using static Streams.ErpSink.Tests.FusionSamples;

namespace Streams.ErpSink.Tests;

/// <summary>Many invoices or credit memos by AutoInvoice: the file, when it is chosen, and what the report means for each document.</summary>
public sealed class AutoInvoiceTests
{
    const string Duplicate = "Each line must have a unique combination of INTERFACE_LINE_CONTEXT and INTERFACE_LINE_ATTRIBUTE values for the transaction flexfield.";

    static readonly ErpDocument One = Kinds.Of(DocumentKind.ArInvoice, 1, "1204.55", "-0.05");
    static readonly ErpDocument Two = Kinds.Of(DocumentKind.ArInvoice, 2, "7");

    [Fact]
    public async Task The_file_has_every_field_at_its_position()
    {
        var script = new WireScript(Json("""{"OperationName":"importBulkData","ReqstId":"1234567"}""", 201));
        using var connector = Connector(script, Small());
        var comma = One with { Lines = [One.Lines[0] with { Meter = "a \"b\",\nc" }, .. One.Lines.Skip(1)] };
        var answers = await connector.PostAsync([comma, Two], "call-1", CancellationToken.None);

        var group = FusionImports.Group("call-1", "ArInvoice|Vision Operations");
        Assert.All(answers, a => Assert.Equal((ErpOutcome.Accepted, $"1234567:{group}:2"), (a.Outcome, a.Job)));
        var sent = JsonNode.Parse(Assert.Single(script.Sent).Body)!;
        Assert.Equal(["importBulkData", "zip", $"ArAutoinvoiceImport_{group}.zip", "fin$/receivables$/import$", "/oracle/apps/ess/financials/receivables/transactions/autoInvoices,AutoInvoiceImportEss",
                "Vision Operations,USAGE,2026-07-31,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,#NULL,Y,#NULL", "#NULL", "10", "InterfaceDetails=2,ImportOption=Y,PurgeOption=Y,ExtractFileType=ALL"],
            new[] { "OperationName", "ContentType", "FileName", "DocumentAccount", "JobName", "ParameterList", "CallbackURL", "NotificationCode", "JobOptions" }.Select(n => (string)sent[n]!));
        var (name, rows) = Unzip((string)sent["DocumentContent"]!);
        Assert.Equal("RaInterfaceLinesAll.csv", name);
        Assert.All(rows, r => Assert.Equal(372, r.Length));
        // Positions as the template counts them, from 1.
        var constant = new Dictionary<int, string>
        {
            [2] = "USAGE", [3] = "Invoice", [4] = "30 Net", [5] = "2026/07/31", [6] = "2026/07/31", [26] = "LINE", [28] = "USD", [29] = "User", [31] = "1", [33] = "1", [37] = "USAGE_PIPE", [287] = "Vision Operations", [372] = "END",
        };
        foreach (var (position, value) in constant) Assert.All(rows, r => Assert.Equal(value, r[position - 1]));
        Assert.Equal([(One.DocumentKey, "1005", "1204.55", $"{One.DocumentKey}-1"), (One.DocumentKey, "1005", "-0.05", $"{One.DocumentKey}-2"), (Two.DocumentKey, "1006", "7.00", $"{Two.DocumentKey}-1")],
            rows.Select(r => (r[6], r[18], r[31], r[37])));
        Assert.All(rows, r => Assert.Equal(r[31], r[34]));
        Assert.Equal("api a \"b\", c 2026-07: 1000", rows[0][26]);
        int[] used = [.. constant.Keys, 7, 19, 27, 32, 35, 38];
        Assert.All(rows, r => Assert.All(Enumerable.Range(1, 372).Except(used), i => Assert.Equal("", r[i - 1])));
    }

    [Fact]
    public void A_credit_memo_in_a_foreign_currency_is_this_line_byte_for_byte()
    {
        var memo = Kinds.Of(DocumentKind.CreditMemo, 1, "10.10") with { Currency = "EUR" };
        var mapping = Options(",\"conversionRateType\":\"Corporate\",\"flexAttribute\":\"3\"").Mapping;
        string Commas(int count) => new(',', count);
        Assert.Equal($",USAGE,Credit Memo,,2026/07/31,2026/07/31,{memo.DocumentKey}{Commas(12)}1005{Commas(7)}LINE,api api.requests1 2026-07: 1000,EUR,Corporate,2026/07/31,,-10.10,1,,-10.10,,USAGE_PIPE,,,{memo.DocumentKey}-1{Commas(247)}Vision Operations{Commas(85)}END\n",
            AutoInvoiceLines.Csv([memo], mapping));
    }

    [Fact]
    public async Task Few_documents_and_those_whose_conversion_is_unknown_keep_going_by_REST()
    {
        Assert.Equal(["/receivablesInvoices", "/receivablesInvoices"], await PathsAsync(Options(), One, Two));
        Assert.Equal(["/receivablesInvoices"], await PathsAsync(Small(), One));
        Assert.Equal(["/erpintegrations"], await PathsAsync(Small(), One, Two));
        Assert.Equal(["/erpintegrations", "/erpintegrations"], await PathsAsync(Small(0), One, Kinds.Of(DocumentKind.CreditMemo, 3, "1")));
        // Nobody knows what currency the ledger of DE01 is kept in, and there is no rate type for euros.
        Assert.Equal(["/erpintegrations", "/receivablesInvoices", "/receivablesInvoices"],
            await PathsAsync(Small(), One, Kinds.Of(DocumentKind.ArInvoice, 3, "1"), Two with { LegalEntity = "DE01" }, Two with { DocumentKey = "AAAAAAAAAAAAAAAA", Currency = "EUR" }));
        Assert.Equal(["/standardReceipts", "/standardReceipts"], await PathsAsync(Small(0), Kinds.Receipt(1, (One.DocumentKey, "1")), Kinds.Receipt(2, (Two.DocumentKey, "1"))));

        async Task<string[]> PathsAsync(FusionOptions options, params ErpDocument[] documents)
        {
            var script = new WireScript([.. documents.Select((_, i) => Json($$"""{"ReqstId":"{{i + 1}}","CustomerTransactionId":1,"StandardReceiptId":1}""", 201))]);
            using var connector = Connector(script, options);
            var answers = await connector.PostAsync(documents, "c", CancellationToken.None);
            Assert.Equal(documents.Length, answers.Count);
            return [.. script.Sent.Select(s => s.PathAndQuery[s.PathAndQuery.LastIndexOf('/')..])];
        }
    }

    [Fact]
    public async Task Each_business_unit_and_kind_has_an_import_and_a_repeated_call_the_same_name()
    {
        var mapping = Options().Mapping;
        mapping = mapping with
        {
            Settings = new Dictionary<string, string>(mapping.Settings) { ["autoInvoiceJob"] = "/some/package,AutoInvoiceMasterEss", ["autoInvoiceParameters"] = "1,{businessUnit},{source},{date}" },
            Tables = new Dictionary<string, IReadOnlyDictionary<string, string>>(mapping.Tables)
            {
                ["businessUnitIds"] = new Dictionary<string, string> { ["DE01"] = "300100" }, ["ledgerCurrencies"] = new Dictionary<string, string> { ["*"] = "USD" },
            },
        };
        var script = new WireScript(Json("""{"ReqstId":1}""", 201), Json("""{"ReqstId":2}""", 201), new Reply(0) { Lost = true }, Json("""{"ReqstId":3}""", 201));
        using var connector = Connector(script, Small() with { Mapping = mapping });
        await connector.PostAsync([One, Two with { LegalEntity = "DE01" }], "call-1", CancellationToken.None);
        Assert.Equal(ErpOutcome.Unknown, (await connector.PostAsync([One, Two], "call-2", CancellationToken.None))[0].Outcome);
        await connector.PostAsync([One, Two], "call-2", CancellationToken.None);

        var sent = script.Sent.Select(s => JsonNode.Parse(s.Body)!).ToList();
        Assert.Equal(["1,Vision Operations,USAGE,2026-07-31", "1,300100,USAGE,2026-07-31"], sent.Take(2).Select(s => (string)s["ParameterList"]!));
        Assert.All(sent, s => Assert.Equal("/some/package,AutoInvoiceMasterEss", (string)s["JobName"]!));
        Assert.Equal(3, sent.Select(s => (string)s["FileName"]!).Distinct().Count());
        Assert.Equal((string)sent[2]["FileName"]!, (string)sent[3]["FileName"]!);
    }

    [Fact]
    public async Task What_was_imported_is_found_by_its_number_and_what_was_refused_has_its_reason()
    {
        ErpDocument[] documents = [One, .. Enumerable.Range(2, 5).Select(n => Kinds.Of(DocumentKind.ArInvoice, n, "7") with { CustomerId = "cust-2" })];
        var report = $"""
            7 line(s) selected
            USAGE_PIPE,{documents[1].DocumentKey}-1,{documents[1].DocumentKey},You must enter a valid bill-to customer account number. [invalid value 1006]
            USAGE_PIPE,{documents[2].DocumentKey}-1,{documents[2].DocumentKey},The accounting date is not in an open or future enterable period.
            USAGE_PIPE,{documents[3].DocumentKey}-1,{documents[3].DocumentKey},{Duplicate}
            USAGE_PIPE,{documents[4].DocumentKey}-1,{documents[4].DocumentKey},The accounting date is not in an open or future enterable period.
            USAGE_PIPE,{documents[4].DocumentKey}-2,{documents[4].DocumentKey},You must enter a valid memo line name.
            """;
        var script = new WireScript(JobStatus("SUCCEEDED"), Page(Invoice(1, One, "1204.50")), Report(report));
        using var connector = Connector(script, Small());
        var answers = await connector.LookUpAsync([.. documents.Select(d => new ErpItem(d, Job: "1234567:5:6"))], CancellationToken.None);
        Assert.Equal([(ErpOutcome.Found, null), (ErpOutcome.Validation, "VALIDATION"), (ErpOutcome.PeriodClosed, "PERIOD_CLOSED"), (ErpOutcome.Duplicate, "DUPLICATE"), (ErpOutcome.Validation, "VALIDATION"), (ErpOutcome.Unknown, "IMPORTED_NOT_FOUND")],
            answers.Select(a => (a.Outcome, a.Code)));
        Assert.Contains("bill-to customer account number. [invalid value 1006]", answers[1].Detail);
        Assert.Contains("memo line name", answers[4].Detail);
        Assert.Contains($"q=TransactionNumber='{One.DocumentKey}' or TransactionNumber=", Uri.UnescapeDataString(script.Sent[1].PathAndQuery));
        Assert.Equal($"{Resources}/erpintegrations?finder=ESSJobExecutionDetailsRF;requestId=1234567,fileType=ALL", script.Sent[2].PathAndQuery);
    }

    [Theory]
    [InlineData("RUNNING", "", ErpOutcome.Accepted)]
    [InlineData("SUCCEEDED", "", ErpOutcome.Unknown)]
    [InlineData("SUCCEEDED", "loaded KEY-1", ErpOutcome.Unknown)]
    [InlineData("WARNING", "KEY-1 rejected", ErpOutcome.Validation)]
    [InlineData("ERROR", "You must enter a valid context for the USAGE_PIPE flexfield.", ErpOutcome.Absent)]
    public async Task A_line_is_a_refusal_only_when_it_names_the_document_and_says_so(string status, string report, ErpOutcome expected)
    {
        using var connector = Connector(new WireScript(JobStatus(status), Page(), Report(report.Replace("KEY", Two.DocumentKey, StringComparison.Ordinal))), Small());
        Assert.Equal(expected, (await connector.LookUpAsync([new ErpItem(Two, Job: "1:5:2")], CancellationToken.None))[0].Outcome);
    }

    [Theory]
    [InlineData("{\"ReqstId\":\"-1\"}", 201, ErpOutcome.Unknown)]
    [InlineData("Invalid operation create for the specified resource.", 400, ErpOutcome.Validation)]
    [InlineData("", 401, ErpOutcome.Unauthorized)]
    [InlineData("", 500, ErpOutcome.Unknown)]
    [InlineData("", 503, ErpOutcome.Throttled)]
    public async Task A_load_that_is_not_taken_concerns_all_of_its_documents(string body, int status, ErpOutcome expected)
    {
        using var connector = Connector(new WireScript(new Reply(status, body)), Small());
        Assert.All(await connector.PostAsync([One, Two], "c", CancellationToken.None), a => Assert.Equal(expected, a.Outcome));
    }

    [Fact]
    public void What_cannot_be_started_is_refused_before_the_first_call()
    {
        Assert.Contains("flexAttribute", Fault(Options(",\"flexAttribute\":\"16\"")));
        Assert.Contains("ImportAbove", Fault(Options() with { ImportAbove = -1 }));
        var mapping = Options().Mapping;
        var comma = Options() with { Mapping = mapping with { Settings = new Dictionary<string, string>(mapping.Settings) { ["transactionSource"] = "a,b" } } };
        Assert.Contains("transactionSource", Fault(comma with { ImportAbove = 0 }));
        // A comma harms nobody who has no files sent.
        using var rest = Connector(new WireScript(), comma);
        using var imported = Connector(new WireScript(), Small(0));
        Assert.Contains($"\n,USAGE,Invoice,30 Net,2026/07/31,2026/07/31,{Two.DocumentKey},", imported.Describe(Two));

        static string Fault(FusionOptions options) => Assert.Throws<ArgumentException>(() => Connector(new WireScript(), options)).Message;
    }

    static FusionOptions Small(int above = 1) => Options() with { ImportAbove = above };

    static string Invoice(int id, ErpDocument document, string amount) =>
        $$"""{"CustomerTransactionId":{{id}},"TransactionNumber":"{{document.DocumentKey}}","InvoiceCurrencyCode":"USD","BillToCustomerNumber":"1005","EnteredAmount":{{amount}},"InvoiceStatus":"Complete","AccountingDate":"2026-07-31"}""";
}
