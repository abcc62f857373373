using System.Text.Json.Nodes;
using Streams.ErpSink.OracleFusion;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Tests.Wire;
using Streams.Schemas;
using static Streams.ErpSink.Tests.FusionSamples;

namespace Streams.ErpSink.Tests;

/// <summary>Journals by file import: the file, the jobs, what a group's refusal means.</summary>
public sealed class FusionImportTests
{
    static readonly ErpDocument One = Kinds.Of(DocumentKind.GlJournal, 1, "100.00", "-0.01", "0");
    static readonly ErpDocument Two = Kinds.Of(DocumentKind.GlJournal, 2, "7");

    [Fact]
    public async Task The_file_has_every_field_at_its_position_and_each_journal_balances()
    {
        var script = new WireScript(Json("""{"OperationName":"importBulkData","ReqstId":"1234567"}""", 201));
        using var connector = Connector(script);
        var comma = One with { Lines = [One.Lines[0] with { Meter = "api.\"a\",b" }, .. One.Lines.Skip(1)] };
        var answers = await connector.PostAsync([comma, Two], "call-1", CancellationToken.None);

        var sent = JsonNode.Parse(script.Sent[0].Body)!;
        var group = FusionImports.Group("call-1", "1");
        Assert.All(answers, a => Assert.Equal((ErpOutcome.Accepted, $"1234567:{group}:2"), (a.Outcome, a.Job)));
        Assert.Equal($"{Resources}/erpintegrations", script.Sent[0].PathAndQuery);
        Assert.Equal(["importBulkData", "zip", $"GlInterface_{group}.zip", "fin$/generalLedger$/import$", "/oracle/apps/ess/financials/generalLedger/programs/common,JournalImportLauncher", $"3001,Usage,1,{group},N,N,N", "#NULL", "10", "InterfaceDetails=15,ImportOption=Y,PurgeOption=Y,ExtractFileType=ALL"],
            new[] { "OperationName", "ContentType", "FileName", "DocumentAccount", "JobName", "ParameterList", "CallbackURL", "NotificationCode", "JobOptions" }.Select(n => (string)sent[n]!));
        var (name, rows) = Unzip((string)sent["DocumentContent"]!);
        Assert.Equal("GlInterface.csv", name);
        Assert.All(rows, r => Assert.Equal(149, r.Length));
        var constant = new Dictionary<int, string> { [0] = "NEW", [1] = "1", [2] = "2026/07/31", [3] = "Usage", [4] = "Billing", [5] = "USD", [6] = "2026/08/01", [7] = "A", [8] = "01", [9] = "000", [11] = "0000", [12] = "000", [66] = $"{group}", [94] = "Jul-26" };
        foreach (var (position, value) in constant) Assert.All(rows, r => Assert.Equal(value, r[position]));
        Assert.Equal([("1220", "99.99", "", One.DocumentKey), ("4110", "", "100.00", One.DocumentKey), ("4120", "0.01", "", One.DocumentKey), ("1220", "7.00", "", Two.DocumentKey), ("4110", "", "7.00", Two.DocumentKey)],
            rows.Select(r => (r[10], r[38], r[39], r[42])));
        Assert.All(rows, r => Assert.Equal(r[42], r[45]));
        Assert.Equal("api api.\"a\",b 2026-07: 1000", rows[1][51]);
        int[] used = [.. constant.Keys, 10, 38, 39, 42, 45, 51];
        Assert.All(rows, r => Assert.All(Enumerable.Range(0, 149).Except(used), i => Assert.Equal("", r[i])));
        foreach (var journal in rows.GroupBy(r => r[45])) Assert.Equal(Sum(journal, 38), Sum(journal, 39));
    }

    [Fact]
    public async Task Each_ledger_and_each_call_has_a_group_of_its_own()
    {
        var script = new WireScript(Json("""{"ReqstId":1}""", 201), Json("""{"ReqstId":2}""", 201), Json("""{"ReqstId":3}""", 201));
        using var connector = Connector(script);
        var answers = await connector.PostAsync([One, Two with { LegalEntity = "DE01" }], "call-1", CancellationToken.None);
        await connector.PostAsync([One], "call-2", CancellationToken.None);
        Assert.Equal(["1", "2"], answers.Select(a => a.Job!.Split(':')[0]));
        var groups = script.Sent.Select(s => ((string)JsonNode.Parse(s.Body)!["ParameterList"]!).Split(',')[3]).ToList();
        Assert.Equal(3, groups.Distinct().Count());
        Assert.All(groups, g => Assert.Equal(15, g.Length));
    }

    [Theory]
    [InlineData(201, "{\"ReqstId\":\"-1\"}", ErpOutcome.Unknown)]
    [InlineData(201, "{}", ErpOutcome.Unknown)]
    [InlineData(201, "{\"ReqstId\":\"123", ErpOutcome.Unknown)]
    [InlineData(202, "", ErpOutcome.Unknown)]
    [InlineData(400, "Invalid operation create for the specified resource.", ErpOutcome.Validation)]
    [InlineData(401, "", ErpOutcome.Unauthorized)]
    [InlineData(500, "", ErpOutcome.Unknown)]
    [InlineData(503, "", ErpOutcome.Throttled)]
    public async Task An_import_that_is_not_taken_concerns_all_of_its_documents(int status, string body, ErpOutcome expected)
    {
        using var connector = Connector(new WireScript(new Reply(status, body)));
        Assert.All(await connector.PostAsync([One, Two], "c", CancellationToken.None), a => Assert.Equal(expected, a.Outcome));
    }

    [Theory]
    [InlineData("WAIT", ErpOutcome.Accepted)]
    [InlineData("READY", ErpOutcome.Accepted)]
    [InlineData("RUNNING", ErpOutcome.Accepted)]
    [InlineData("PAUSED", ErpOutcome.Accepted)]
    [InlineData("SOMETHING_NEW", ErpOutcome.Accepted)]
    public async Task A_request_at_work_is_waited_for(string status, ErpOutcome expected)
    {
        var script = new WireScript(JobStatus(status));
        using var connector = Connector(script);
        var answers = await connector.LookUpAsync([new ErpItem(One, Job: "1234567:5:2"), new ErpItem(Two, Job: "1234567:5:2")], CancellationToken.None);
        Assert.All(answers, a => Assert.Equal((expected, "1234567:5:2"), (a.Outcome, a.Job)));
        Assert.Equal($"{Resources}/erpintegrations?finder=ESSJobStatusRF;requestId=1234567", script.Sent[0].PathAndQuery);
    }

    [Fact]
    public async Task What_was_imported_is_found_by_its_batch_posted_or_not()
    {
        var script = new WireScript(JobStatus("SUCCEEDED"), Page(Batch(1, One, "P", "100"), Batch(2, Two, "U", "7.00")));
        using var connector = Connector(script);
        var answers = await connector.LookUpAsync([new ErpItem(One, Job: "1234567:5:2"), new ErpItem(Two, Job: "1234567:5:2")], CancellationToken.None);
        Assert.Equal([(ErpOutcome.Found, "1"), (ErpOutcome.Unposted, "2")], answers.Select(a => (a.Outcome, a.ErpId!)));
        Assert.Equal(new DateOnly(2026, 7, 31), answers[0].PostedOn);
        Assert.Equal($"{Resources}/journalBatches?q=BatchName LIKE '{One.DocumentKey}%' or BatchName LIKE '{Two.DocumentKey}%'&expand=journalHeaders&onlyData=true&limit=500", Uri.UnescapeDataString(script.Sent[1].PathAndQuery));
    }

    [Fact]
    public async Task A_batch_of_another_amount_or_currency_or_without_one_is_not_taken_for_ours()
    {
        Assert.Equal(ErpOutcome.Different, await Outcome(Batch(1, Two, "P", "7.01")));
        Assert.Equal(ErpOutcome.Different, await Outcome(Batch(1, Two, "P", "7", "EUR")));
        Assert.Equal(ErpOutcome.Unknown, await Outcome($$"""{"JeBatchId":1,"BatchName":"{{Two.DocumentKey}} Usage","Status":"P","RunningTotalDr":7}"""));

        async Task<ErpOutcome> Outcome(string batch)
        {
            using var connector = Connector(new WireScript(Page(batch)));
            return (await connector.LookUpAsync([new ErpItem(Two)], CancellationToken.None))[0].Outcome;
        }
    }

    [Fact]
    public async Task A_refused_group_is_a_refusal_of_all_with_the_lines_statuses()
    {
        var report = $"Journal import\n{One.DocumentKey} P\n{Two.DocumentKey} EF04,EC03 FLEX-VALUE DOES NOT EXIST (SEGMENT=Account)\n";
        using var connector = Connector(new WireScript(JobStatus("WARNING"), Page(), Report(report)));
        var answers = await connector.LookUpAsync([new ErpItem(One, Job: "1234567:5:2"), new ErpItem(Two, Job: "1234567:5:2")], CancellationToken.None);
        Assert.All(answers, a => Assert.Equal((ErpOutcome.Validation, "EC03,EF04", 2), (a.Outcome, a.Code, a.RefusedTogether)));
        Assert.Contains($"{Two.DocumentKey} EF04,EC03 FLEX-VALUE DOES NOT EXIST (SEGMENT=Account)", answers[0].Detail);
        Assert.Contains("group 5", answers[0].Detail);
    }

    [Fact]
    public void A_report_that_unpacks_to_a_great_deal_is_read_in_part()
    {
        var content = (string)JsonNode.Parse(Report(new string('x', 20_000_000) + "\nEF04").Body)!["items"]![0]!["DocumentContent"]!;
        Assert.Empty(Refusals(content).Statuses);
        Assert.Equal(["EF04"], Refusals((string)JsonNode.Parse(Report("EF04" + new string(' ', 20_000_000)).Body)!["items"]![0]!["DocumentContent"]!).Statuses);
        Assert.Empty(Refusals("no zip").Statuses);

        static (IReadOnlyList<string> Lines, IReadOnlyList<string> Statuses) Refusals(string content) => ImportJob.Refusals(ImportReport.Lines(content));
    }

    [Theory]
    [InlineData("EP01 no open period", 1, ErpOutcome.PeriodClosed)]
    [InlineData("EP01 no open period", 2, ErpOutcome.Validation)]
    [InlineData("EP01,EF04", 1, ErpOutcome.Validation)]
    [InlineData("EU02 unbalanced", 1, ErpOutcome.Validation)]
    [InlineData("WU01 unbalanced, suspense", 2, ErpOutcome.Unknown)]
    public async Task A_closed_period_holds_a_document_that_was_alone(string line, int documents, ErpOutcome expected)
    {
        using var connector = Connector(new WireScript(JobStatus("WARNING"), Page(), Report(line)));
        Assert.Equal(expected, (await connector.LookUpAsync([new ErpItem(One, Job: $"1:5:{documents}")], CancellationToken.None))[0].Outcome);
    }

    [Theory]
    [InlineData("SUCCEEDED", ErpOutcome.Unknown)]
    [InlineData("WARNING", ErpOutcome.Unknown)]
    [InlineData("ERROR", ErpOutcome.Absent)]
    [InlineData("CANCELLED", ErpOutcome.Absent)]
    public async Task A_load_that_succeeded_without_journals_may_still_be_importing(string status, ErpOutcome expected)
    {
        using var connector = Connector(new WireScript(JobStatus(status), Page(), new Reply(404)));
        Assert.Equal(expected, (await connector.LookUpAsync([new ErpItem(One, Job: "1:5:1")], CancellationToken.None))[0].Outcome);
    }

    [Theory]
    [InlineData(200, "{\"items\":[{\"Reque", ErpOutcome.Unknown)]
    [InlineData(200, "{\"items\":[]}", ErpOutcome.Unknown)]
    [InlineData(503, "", ErpOutcome.Throttled)]
    [InlineData(404, "", ErpOutcome.Unknown)]
    public async Task A_status_that_cannot_be_read_leaves_it_open(int status, string body, ErpOutcome expected)
    {
        using var connector = Connector(new WireScript(new Reply(status, body)));
        Assert.Equal(expected, (await connector.LookUpAsync([new ErpItem(One, Job: "1:5:1")], CancellationToken.None))[0].Outcome);
    }

    [Fact]
    public async Task Posting_is_a_job_of_its_own_asked_for_once()
    {
        var script = new WireScript(Json("""{"ReqstId":"777"}""", 201));
        using var connector = Connector(script, Options(",\"autoPostParameters\":\"1001\""));
        var answers = await connector.FinishAsync([new ErpItem(One, "1"), new ErpItem(Two, "2")], CancellationToken.None);
        Assert.Equal([(ErpOutcome.Created, "1"), (ErpOutcome.Created, "2")], answers.Select(a => (a.Outcome, a.ErpId!)));
        Assert.Equal("""{"OperationName":"submitESSJobRequest","JobPackageName":"/oracle/apps/ess/financials/generalLedger/programs/common","JobDefName":"AutomaticPosting","ESSParameters":"1001"}""", script.Sent[0].Body);

        using var manual = Connector(new WireScript());
        Assert.Equal((ErpOutcome.Created, "AUTOPOST_NOT_CONFIGURED"), (await manual.FinishAsync([new ErpItem(One)], CancellationToken.None)).Select(a => (a.Outcome, a.Code!)).Single());
        Assert.Equal(ErpOutcome.Created, (await manual.FinishAsync([new ErpItem(Kinds.Of(DocumentKind.ArInvoice, 1, "1"), "1")], CancellationToken.None))[0].Outcome);
    }

    [Fact]
    public void What_would_be_imported_can_be_read()
    {
        using var connector = Connector(new WireScript());
        var text = connector.Describe(Two);
        Assert.Contains("\"JobName\"", text);
        Assert.Contains($"\nNEW,1,2026/07/31,Usage,Billing,USD,2026/07/31,A,01,000,1220,0000,000,", text);
    }

    static string Batch(int id, ErpDocument document, string status, string debits, string currency = "USD") =>
        $$"""{"JeBatchId":{{id}},"BatchName":"{{document.DocumentKey}} Usage 1234568","Status":"{{status}}","RunningTotalDr":{{debits}},"PostedDate":"2026-08-02T01:00:00+00:00","journalHeaders":[{"CurrencyCode":"{{currency}}","DefaultEffectiveDate":"2026-07-31"}]}""";

    static ExactDecimal Sum(IEnumerable<string[]> rows, int column) => rows.Where(r => r[column].Length > 0).Aggregate(ExactDecimal.Zero, (sum, r) => sum + ExactDecimal.Parse(r[column]));
}
