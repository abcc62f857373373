using System.IO.Compression;
using System.Text.Json.Nodes;
using Streams.ErpSink.Dynamics;
using Streams.ErpSink.Posting;
using Streams.Schemas;
using static Streams.ErpSink.Tests.Dynamics.DynamicsHarness;

namespace Streams.ErpSink.Tests.Dynamics;

/// <summary>Data packages: what is imported, and how its outcome is found out.</summary>
public sealed class DynamicsImportTests
{
    const string Actions = "https://contoso.operations.dynamics.com/data/DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities.";
    const string Blob = "https://storage.example/imports/x.zip?sig=abc";

    static readonly ErpDocument First = Document(DocumentKind.GlJournal, "10.5");
    static readonly ErpDocument Second = Document(DocumentKind.GlJournal, "7");
    static readonly DynamicsOptions Small = Options() with { PackageAbove = 1 };

    [Fact]
    public async Task Many_journals_go_as_one_package_under_an_execution_id_of_ours()
    {
        var handler = Accepting(new ScriptedHandler());
        using var connector = Connector(handler, Small);

        var answers = await connector.PostAsync([First, Second], Call, CancellationToken.None);

        Assert.All(answers, a => Assert.Equal((ErpOutcome.Accepted, Call), (a.Outcome, a.Job)));
        Assert.Equal([$"POST {Actions}GetAzureWriteUrl", $"PUT {Blob}", $"POST {Actions}ImportFromPackage"], handler.Requests.Select(r => $"{r.Method} {r.Address}"));
        Assert.Equal($"{Call}.zip", handler.Requests[0].Json["uniqueFileName"]!.GetValue<string>());
        Assert.Equal("BlockBlob", handler.Requests[1].Headers["x-ms-blob-type"]);
        Assert.False(handler.Requests[1].Headers.ContainsKey("Authorization"), "the token must not leave for another host");
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse($$"""
            {"packageUrl":"{{Blob}}","definitionGroupId":"StreamsUsage","executionId":"{{Call}}","execute":true,"overwrite":true,"legalEntityId":"dat"}
            """), handler.Requests[2].Json));
    }

    [Fact]
    public async Task The_package_holds_manifest_header_and_a_row_for_each_entry()
    {
        var handler = Accepting(new ScriptedHandler());
        using var connector = Connector(handler, Small);

        await connector.PostAsync([First, Second], Call, CancellationToken.None);

        using var zip = new ZipArchive(new MemoryStream(handler.Requests[1].Bytes));
        Assert.Equal(["Manifest.xml", "PackageHeader.xml", "General journal.csv"], zip.Entries.Select(e => e.FullName));
        var manifest = Read(zip, "Manifest.xml");
        Assert.All(["<DefinitionGroupName>StreamsUsage<", "<EntityName>General journal<", "<InputFilePath>General journal.csv<", "<EntityField>JOURNALBATCHNUMBER<"], part => Assert.Contains(part, manifest));
        Assert.Contains("<PackageType>DefinitionGroup<", Read(zip, "PackageHeader.xml"));
        var key = First.DocumentKey;
        Assert.Equal(
            [
                "JOURNALBATCHNUMBER,LINENUMBER,JOURNALNAME,DESCRIPTION,ACCOUNTTYPE,ACCOUNTDISPLAYVALUE,DEBITAMOUNT,CREDITAMOUNT,CURRENCYCODE,EXCHRATE,TRANSDATE,VOUCHER,TEXT,DOCUMENT,DOCUMENTDATE",
                $"{key},1,GenJrn,Usage 2026-01 {key},Ledger,130100-001,10.5,0,USD,108.345,2026-01-31T12:00:00Z,{key},US01 2026-01,{key},2026-01-31T12:00:00Z",
                $@"{key},2,GenJrn,Usage 2026-01 {key},Ledger,401100-A\-1,0,10.5,USD,108.345,2026-01-31T12:00:00Z,{key},api requests1 2026-01: 1000,{key},2026-01-31T12:00:00Z",
            ], Read(zip, "General journal.csv").Split("\r\n").Take(3));
    }

    [Fact]
    public async Task Few_journals_and_other_kinds_go_by_OData()
    {
        var handler = new ScriptedHandler().Answer(Headers).Answer(Lines).Answer(Headers).Answer(Lines);
        using var connector = Connector(handler, Small);

        await connector.PostAsync([First], Call, CancellationToken.None);
        await connector.PostAsync([Document(DocumentKind.ArInvoice, "1"), Document(DocumentKind.ArInvoice, "2")], Call, CancellationToken.None);

        Assert.All(handler.Requests, r => Assert.EndsWith("/data/$batch", r.Address.ToString(), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(429, "", ErpOutcome.Throttled)]
    [InlineData(500, "", ErpOutcome.NotSent)]
    [InlineData(200, "<html>", ErpOutcome.NotSent)]
    [InlineData(200, """{"value":"{\"BlobUrl\":\"http://elsewhere.example/\"}"}""", ErpOutcome.NotSent)]
    [InlineData(401, "", ErpOutcome.Unauthorized)]
    public async Task Before_the_import_begins_nothing_can_have_been_made(int status, string body, ErpOutcome expected)
    {
        var handler = new ScriptedHandler().Answer(status, body);
        if (status == 401) handler.Answer(status, body);
        using var connector = Connector(handler, Small);

        Assert.All(await connector.PostAsync([First, Second], Call, CancellationToken.None), a => Assert.Equal((expected, null), (a.Outcome, a.Job)));
    }

    [Fact]
    public async Task A_package_that_the_storage_refuses_is_not_sent()
    {
        using var connector = Connector(new ScriptedHandler().Answer(200, WriteUrl()).Answer(403, "<Error/>"), Small);

        Assert.All(await connector.PostAsync([First, Second], Call, CancellationToken.None), a => Assert.Equal((ErpOutcome.NotSent, "UPLOAD_FAILED"), (a.Outcome, a.Code)));
    }

    [Theory]
    [InlineData(504, "", ErpOutcome.Unknown, Call)]
    [InlineData(200, "<html>", ErpOutcome.Unknown, Call)]
    [InlineData(429, "", ErpOutcome.Throttled, null)]
    [InlineData(400, """{"error":{"code":"","message":"x","innererror":{"message":"The execution id already exists."}}}""", ErpOutcome.Unknown, Call)]
    [InlineData(400, """{"error":{"code":"","message":"x","innererror":{"message":"An import of the definition group is in progress."}}}""", ErpOutcome.Throttled, null)]
    [InlineData(400, """{"error":{"code":"","message":"x","innererror":{"message":"Infolog: Error: The group StreamsUsage does not exist."}}}""", ErpOutcome.Validation, null)]
    [InlineData(500, """{"error":{"code":"","message":"x","innererror":{"message":"Infolog: Error: Another execution of the group is already running."}}}""", ErpOutcome.Throttled, null)]
    public async Task An_import_cut_off_can_be_asked_for_by_our_id(int status, string body, ErpOutcome expected, string? job)
    {
        using var connector = Connector(new ScriptedHandler().Answer(200, WriteUrl()).Answer(201, "").Answer(status, body), Small);

        Assert.All(await connector.PostAsync([First, Second], Call, CancellationToken.None), a => Assert.Equal((expected, job), (a.Outcome, a.Job)));
    }

    [Fact]
    public async Task The_next_import_waits_for_the_one_at_work()
    {
        var handler = Accepting(Accepting(new ScriptedHandler()).Answer(200, Value("Executing")).Answer(200, Value("Succeeded")));
        using var connector = Connector(handler, Small);

        await connector.PostAsync([First, Second], Call, CancellationToken.None);
        var busy = await connector.PostAsync([First, Second], "second", CancellationToken.None);
        var free = await connector.PostAsync([First, Second], "second", CancellationToken.None);

        Assert.All(busy, a => Assert.Equal((ErpOutcome.Throttled, "IMPORT_RUNNING", TimeSpan.FromSeconds(30)), (a.Outcome, a.Code, a.RetryAfter)));
        Assert.All(free, a => Assert.Equal(ErpOutcome.Accepted, a.Outcome));
        Assert.Equal(0, handler.Left);
    }

    [Theory]
    [InlineData("Executing", ErpOutcome.Accepted)]
    [InlineData("NotRun", ErpOutcome.Accepted)]
    [InlineData("Frozen", ErpOutcome.Unknown)]
    public async Task While_it_is_at_work_nothing_else_is_asked(string status, ErpOutcome expected)
    {
        var handler = new ScriptedHandler().Answer(200, Value(status));
        using var connector = Connector(handler, Small);

        var answer = (await connector.LookUpAsync([new ErpItem(First, Job: Call)], CancellationToken.None)).Single();

        Assert.Equal((expected, Call), (answer.Outcome, answer.Job));
        Assert.Equal(($"{Actions}GetExecutionSummaryStatus", Call), (handler.Requests.Single().Address.ToString(), handler.Requests.Single().Json["executionId"]!.GetValue<string>()));
    }

    [Fact]
    public async Task What_an_import_left_out_is_told_by_its_errors_document_by_document()
    {
        var (third, fourth) = (Document(DocumentKind.GlJournal, "3"), Document(DocumentKind.GlJournal, "4"));
        var handler = new ScriptedHandler().Answer(200, Value("PartiallySucceeded"))
            .Answer(200, Found(First)).Answer(200, LinesOf(First))
            .Answer(200, Value("https://storage.example/staging.csv")).Answer(200, $"JOURNALBATCHNUMBER,LINENUMBER,ERROR\r\n{Second.DocumentKey},2,\"The value 'X' is not found\"\r\n")
            .Answer(200, """{"value":true}""").Answer(200, Value("https://storage.example/keys.csv")).Answer(200, $"JOURNALBATCHNUMBER,LINENUMBER\r\n{third.DocumentKey},1\r\n")
            .Answer(200, Value($$"""[{"RecordId":"{{third.DocumentKey}}","ErrorMessage":"Period for 01/31/2026 is not open."}]"""));
        using var connector = Connector(handler, Small);

        var answers = await connector.LookUpAsync([.. new[] { First, Second, third, fourth }.Select(d => new ErpItem(d, Job: Call))], CancellationToken.None);

        Assert.Equal([ErpOutcome.Unposted, ErpOutcome.Validation, ErpOutcome.PeriodClosed, ErpOutcome.Absent], answers.Select(a => a.Outcome));
        Assert.Contains("The value 'X' is not found", answers[1].Detail);
        Assert.Equal(["GetImportStagingErrorFileUrl", "GenerateImportTargetErrorKeysFile", "GetImportTargetErrorKeysFileUrl", "GetExecutionErrors"],
            handler.Requests.Skip(3).Where(r => r.Address.ToString().StartsWith(Actions, StringComparison.Ordinal)).Select(r => r.Address.ToString()[Actions.Length..]));
        Assert.Equal("General journal", handler.Requests[3].Json["entityName"]!.GetValue<string>());
        Assert.False(handler.Requests[4].Headers.ContainsKey("Authorization"));
    }

    [Fact]
    public async Task Errors_that_are_not_written_yet_are_waited_for()
    {
        using var connector = Connector(new ScriptedHandler().Answer(200, Value("Failed")).Answer(200, """{"value":[]}""").Answer(200, Value("")).Answer(200, """{"value":true}""").Answer(200, Value("")), Small);

        var answer = (await connector.LookUpAsync([new ErpItem(First, Job: Call)], CancellationToken.None)).Single();

        Assert.Equal((ErpOutcome.Accepted, Call), (answer.Outcome, answer.Job));
    }

    [Fact]
    public async Task Errors_that_cannot_be_read_leave_the_absent_unknown()
    {
        using var connector = Connector(new ScriptedHandler().Answer(200, Value("Failed")).Answer(200, """{"value":[]}""").Answer(500, ""), Small);

        Assert.Equal(ErpOutcome.Unknown, (await connector.LookUpAsync([new ErpItem(First, Job: Call)], CancellationToken.None)).Single().Outcome);
    }

    [Fact]
    public async Task An_execution_that_FO_does_not_know_is_looked_up_by_key()
    {
        using var connector = Connector(new ScriptedHandler().Answer(200, Value("Unknown")).Answer(200, """{"value":[]}"""), Small);

        Assert.Equal(ErpOutcome.Absent, (await connector.LookUpAsync([new ErpItem(First, Job: Call)], CancellationToken.None)).Single().Outcome);
    }

    static ScriptedHandler Accepting(ScriptedHandler handler) => handler.Answer(200, WriteUrl()).Answer(201, "").Answer(r => ScriptedHandler.Response(200, Value(r.Json["executionId"]!.GetValue<string>())));

    static string WriteUrl() => Value($$"""{"BlobId":"{1}","BlobUrl":"{{Blob}}"}""");

    static string Value(string value) => new JsonObject { ["@odata.context"] = "x", ["value"] = value }.ToJsonString();

    static string Found(ErpDocument document) => $$"""{"value":[{"dataAreaId":"dat","JournalBatchNumber":"DAT-000029","Description":"Usage 2026-01 {{document.DocumentKey}}","IsPosted":"No"}]}""";

    static string LinesOf(ErpDocument document) => $$"""
        {"value":[{"JournalBatchNumber":"DAT-000029","CurrencyCode":"USD","DebitAmount":{{document.Total}},"CreditAmount":0},{"JournalBatchNumber":"DAT-000029","CurrencyCode":"USD","DebitAmount":0,"CreditAmount":{{document.Total}}}]}
        """;

    static string Read(ZipArchive zip, string name)
    {
        using var reader = new StreamReader(zip.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }
}
