using System.Text.Json;
using Streams.ErpSink.Posting;
using Streams.Schemas;
using static Streams.ErpSink.Tests.Dynamics.DynamicsHarness;

namespace Streams.ErpSink.Tests.Dynamics;

/// <summary>What F&amp;O's answers to a posting mean.</summary>
public sealed class DynamicsAnswerTests
{
    const string Throttled = """{"error":{"code":"TooManyRequests","message":"This request could not be processed at this time due to system experiencing high resource utilization."}}""";

    [Theory]
    [InlineData(400, "Error: Field 'Main account' must be filled in.; Error: Update has been canceled..", ErpOutcome.Validation)]
    [InlineData(500, "Error: The value 'X' is not found in the map.; Error: Update has been canceled..", ErpOutcome.Validation)]
    [InlineData(400, "Error: Period for 07/31/2026 is not open.", ErpOutcome.PeriodClosed)]
    [InlineData(500, "Error: The period 2026-07 is on hold.", ErpOutcome.PeriodClosed)]
    [InlineData(400, "Error: Cannot create a record in Journal lines (LedgerJournalTrans). The record already exists.", ErpOutcome.Duplicate)]
    [InlineData(400, "Error: Cannot edit a record in Ledger journal table (LedgerJournalTable). An update conflict occurred due to another user process deleting the record or changing one or more fields", ErpOutcome.Unknown)]
    [InlineData(500, "Error: deadlock, one or more users have simultaneously locked the whole table", ErpOutcome.Unknown)]
    [InlineData(412, "Error: anything", ErpOutcome.Unknown)]
    [InlineData(409, "Error: anything", ErpOutcome.Unknown)]
    [InlineData(408, "Error: anything", ErpOutcome.Unknown)]
    [InlineData(504, "Error: anything", ErpOutcome.Unknown)]
    [InlineData(401, "Error: anything", ErpOutcome.Unauthorized)]
    [InlineData(403, "Error: anything", ErpOutcome.Unauthorized)]
    public async Task The_Infolog_decides(int status, string infolog, ErpOutcome expected) => Assert.Equal(expected, (await OfHeader(Failure(status, Infolog(infolog)))).Outcome);

    [Theory]
    [InlineData(400, "<html>proxy</html>", ErpOutcome.Unknown)]
    [InlineData(404, "", ErpOutcome.Unknown)]
    [InlineData(404, """{"error":{"code":"","message":"No HTTP resource was found."}}""", ErpOutcome.Validation)]
    [InlineData(500, """{"error":{"code":"","message":"An error has occurred."}}""", ErpOutcome.Unknown)]
    [InlineData(502, "<html>", ErpOutcome.Unknown)]
    [InlineData(302, "", ErpOutcome.Unknown)]
    [InlineData(503, "", ErpOutcome.Throttled)]
    [InlineData(429, Throttled, ErpOutcome.Throttled)]
    [InlineData(201, "", ErpOutcome.Unknown)]
    [InlineData(201, """{"dataAreaId":"dat"}""", ErpOutcome.Unknown)]
    [InlineData(201, """{"JournalBatchNumber":"DAT-000029","Description":"Usage 2026-01 ANOTHERDOCUMENT1"}""", ErpOutcome.Unknown)]
    [InlineData(201, """{"error":{"code":"","message":"Infolog: Error: no"}}""", ErpOutcome.Unknown)]
    [InlineData(201, """{"JournalBatchNumber":"DAT-""", ErpOutcome.Unknown)]
    public async Task Anything_else_is_certain_or_unknown(int status, string body, ErpOutcome expected) => Assert.Equal(expected, (await OfHeader(Failure(status, body, 1))).Outcome);

    [Theory]
    [InlineData(429, Throttled, ErpOutcome.Throttled)]
    [InlineData(503, "", ErpOutcome.Throttled)]
    [InlineData(403, "", ErpOutcome.Unauthorized)]
    [InlineData(500, "", ErpOutcome.Unknown)]
    [InlineData(504, "", ErpOutcome.Unknown)]
    [InlineData(400, """{"error":{"code":"","message":"The batch request is malformed."}}""", ErpOutcome.Validation)]
    [InlineData(200, "<html>sign in</html>", ErpOutcome.Unknown)]
    [InlineData(200, """{"error":{"code":"","message":"Infolog: Error: x"}}""", ErpOutcome.Unknown)]
    [InlineData(200, "", ErpOutcome.Unknown)]
    public async Task The_batch_as_a_whole_speaks_for_all(int status, string body, ErpOutcome expected)
    {
        using var connector = Connector(new ScriptedHandler().Answer(status, body, ("Retry-After", "17")));

        var answers = await connector.PostAsync([Document(DocumentKind.GlJournal, "1"), Document(DocumentKind.GlJournal, "2")], Call, CancellationToken.None);

        Assert.All(answers, a => Assert.Equal((expected, expected == ErpOutcome.Throttled ? TimeSpan.FromSeconds(17) : null), (a.Outcome, a.RetryAfter)));
    }

    [Theory]
    [InlineData("Retry-After: 42\r\n", 42)]
    [InlineData("Retry-After: Sun, 01 Feb 2026 08:01:00 GMT\r\n", 60)]
    [InlineData("Retry-After: -5\r\n", null)]
    [InlineData("Retry-After: 9999999\r\n", 86400)]
    [InlineData("", null)]
    public async Task An_inner_429_says_how_long_to_wait(string header, int? seconds)
    {
        var answer = await OfHeader(Failure(429, Throttled, 1, header));

        Assert.Equal((ErpOutcome.Throttled, seconds is { } s ? TimeSpan.FromSeconds(s) : null), (answer.Outcome, answer.RetryAfter));
    }

    [Fact]
    public async Task Documents_succeed_and_fail_apart()
    {
        var documents = Enumerable.Range(1, 4).Select(n => Document(DocumentKind.GlJournal, $"{n}")).ToArray();
        var handler = new ScriptedHandler()
            .Answer(r => ScriptedHandler.Response(200, Batch(Ok(r, 1), Failure(400, Infolog("Error: no such journal name")), Ok(r, 3), Failure(429, Throttled, 4, "Retry-After: 9\r\n"))))
            .Answer(r => ScriptedHandler.Response(200, Batch(Set([.. Operations(r).Where(o => o.Set == 1).Select(o => (o.Id, 201, "{}"))]), Failure(400, Infolog("Error: Period for 01/31/2026 is not open.")))))
            .Answer(Deleted);
        using var connector = Connector(handler);

        var answers = await connector.PostAsync(documents, Call, CancellationToken.None);

        Assert.Equal([ErpOutcome.Created, ErpOutcome.Validation, ErpOutcome.PeriodClosed, ErpOutcome.Throttled], answers.Select(a => a.Outcome));
        Assert.Equal(["DAT-000021", null, null, null], answers.Select(a => a.ErpId));
        var deleted = Operations(handler.Requests[2]).Single();
        Assert.Equal(("DELETE", "https://contoso.operations.dynamics.com/data/LedgerJournalHeaders(dataAreaId='dat',JournalBatchNumber='DAT-000023')?cross-company=true"), (deleted.Method, deleted.Url));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(403)]
    public async Task A_header_whose_lines_have_to_wait_is_used_by_the_next_attempt_without_another_call(int status)
    {
        var handler = new ScriptedHandler().Answer(Headers).Answer(status, "").Answer(Lines);
        using var connector = Connector(handler);
        var document = Document(DocumentKind.ArInvoice, "1");

        var waiting = (await connector.PostAsync([document], Call, CancellationToken.None)).Single();
        var made = (await connector.PostAsync([document], "another", CancellationToken.None)).Single();

        Assert.Equal((status == 429 ? ErpOutcome.Throttled : ErpOutcome.Unauthorized, null), (waiting.Outcome, waiting.ErpId));
        Assert.Equal((ErpOutcome.Created, "5637145331"), (made.Outcome, made.ErpId));
        Assert.Equal(5637145331, Operations(handler.Requests[2]).Single().Body!["ParentRecId"]!.GetValue<long>());
    }

    [Fact]
    public async Task A_header_that_waited_and_is_gone_begins_anew_with_a_look_up()
    {
        var handler = new ScriptedHandler().Answer(Headers).Answer(429, "").Answer(200, Batch(Failure(400, Infolog("Error: The value is not found in the related table.")))).Answer(200, """{"value":[]}""").Answer(Headers).Answer(Lines);
        using var connector = Connector(handler);
        var document = Document(DocumentKind.ArInvoice, "1");

        await connector.PostAsync([document], Call, CancellationToken.None);

        Assert.Equal(ErpOutcome.Unknown, (await connector.PostAsync([document], "two", CancellationToken.None)).Single().Outcome);
        Assert.Equal(ErpOutcome.Absent, (await connector.LookUpAsync(Items(document), CancellationToken.None)).Single().Outcome);
        Assert.Equal(ErpOutcome.Created, (await connector.PostAsync([document], "three", CancellationToken.None)).Single().Outcome);
    }

    [Fact]
    public async Task A_header_that_cannot_be_deleted_is_named()
    {
        using var connector = Connector(new ScriptedHandler().Answer(Headers).Answer(200, Batch(Failure(400, Infolog("Error: no account")))).Answer(500, ""));

        var answer = (await connector.PostAsync([Document(DocumentKind.ArInvoice, "1")], Call, CancellationToken.None)).Single();

        Assert.Equal(ErpOutcome.Validation, answer.Outcome);
        Assert.Contains("5637145331", answer.Detail);
    }

    [Fact]
    public async Task Lines_without_an_answer_leave_their_own_document_unknown_and_its_header_alone()
    {
        var handler = new ScriptedHandler().Answer(Headers).Answer(r => ScriptedHandler.Response(200, Batch(Set([.. Operations(r).Where(o => o.Set == 2).Select(o => (o.Id, 201, "{}"))]))));
        using var connector = Connector(handler);

        var answers = await connector.PostAsync([Document(DocumentKind.ArInvoice, "1"), Document(DocumentKind.ArInvoice, "2")], Call, CancellationToken.None);

        Assert.Equal([(ErpOutcome.Unknown, "5637145331"), (ErpOutcome.Created, "5637145332")], answers.Select(a => (a.Outcome, a.ErpId!)));
        Assert.Equal(2, handler.Requests.Count);
    }

    [Fact]
    public async Task A_set_that_lacks_one_of_its_answers_is_unknown()
    {
        using var connector = Connector(new ScriptedHandler().Answer(Headers).Answer(200, Batch(Set((1, 201, "{}")))));

        Assert.Equal(ErpOutcome.Unknown, (await connector.PostAsync([Document(DocumentKind.ArInvoice, "1", "2")], Call, CancellationToken.None)).Single().Outcome);
    }

    [Fact]
    public async Task Answers_in_another_order_find_their_documents()
    {
        using var connector = Connector(new ScriptedHandler().Answer(r => ScriptedHandler.Response(200, Batch(Failure(400, Infolog("Error: two"), 2), Ok(r, 1)))).Answer(Lines));

        var answers = await connector.PostAsync([Document(DocumentKind.GlJournal, "1"), Document(DocumentKind.GlJournal, "2")], Call, CancellationToken.None);

        Assert.Equal([ErpOutcome.Created, ErpOutcome.Validation], answers.Select(a => a.Outcome));
    }

    [Fact]
    public async Task An_error_without_a_number_in_an_answer_out_of_order_belongs_to_nobody()
    {
        using var connector = Connector(new ScriptedHandler().Answer(r => ScriptedHandler.Response(200, Batch(Failure(400, Infolog("Error: whose?")), Ok(r, 1)))).Answer(Lines));

        var answers = await connector.PostAsync([Document(DocumentKind.GlJournal, "1"), Document(DocumentKind.GlJournal, "2")], Call, CancellationToken.None);

        Assert.Equal([ErpOutcome.Created, ErpOutcome.Unknown], answers.Select(a => a.Outcome));
    }

    [Theory]
    [MemberData(nameof(Cuts))]
    public async Task Cut_off_anywhere_the_answer_says_no_more_than_stands_there(int percent)
    {
        var documents = Enumerable.Range(1, 3).Select(n => Document(DocumentKind.GlJournal, $"{n}")).ToArray();
        var complete = 0;
        using var connector = Connector(new ScriptedHandler()
            .Answer(r =>
            {
                var whole = Batch(Ok(r, 1), Ok(r, 2), Ok(r, 3));
                var cut = whole[..(whole.Length * percent / 100)];
                complete = Math.Max(0, cut.Split("--batchresponse_1\r\n").Length - 2);
                return ScriptedHandler.Response(200, cut);
            })
            .Answer(Lines));

        var answers = await connector.PostAsync(documents, Call, CancellationToken.None);

        Assert.Equal(complete, answers.Count(a => a.Outcome == ErpOutcome.Created));
        Assert.Equal(3 - complete, answers.Count(a => a.Outcome == ErpOutcome.Unknown));
    }

    public static TheoryData<int> Cuts => [.. Enumerable.Range(1, 49).Select(n => n * 2)];

    [Fact]
    public async Task A_token_that_ends_between_header_and_lines_is_renewed_once()
    {
        var handler = new ScriptedHandler().Answer(Headers).Answer(401, "").Answer(Lines);
        using var connector = Connector(handler);

        Assert.Equal(ErpOutcome.Created, (await connector.PostAsync([Document(DocumentKind.ArInvoice, "1")], Call, CancellationToken.None)).Single().Outcome);

        Assert.Equal(["Bearer token-1", "Bearer token-1", "Bearer token-2"], handler.Requests.Select(r => r.Headers["Authorization"]));
    }

    [Fact]
    public async Task A_token_that_is_refused_again_is_a_matter_of_configuration()
    {
        var handler = new ScriptedHandler().Answer(401, "").Answer(401, "");
        using var connector = Connector(handler);

        Assert.Equal(ErpOutcome.Unauthorized, (await connector.PostAsync([Document(DocumentKind.ArInvoice, "1")], Call, CancellationToken.None)).Single().Outcome);
        Assert.Equal(2, handler.Requests.Count);
    }

    [Theory]
    [InlineData(401, ErpOutcome.Unauthorized)]
    [InlineData(500, ErpOutcome.NotSent)]
    public async Task Without_a_token_nothing_is_sent(int status, ErpOutcome expected)
    {
        var handler = new ScriptedHandler { Tokens = () => ScriptedHandler.Response(status, """{"error":"invalid_client"}""") };
        using var connector = Connector(handler);

        Assert.Equal(expected, (await connector.PostAsync([Document(DocumentKind.ArInvoice, "1")], Call, CancellationToken.None)).Single().Outcome);
        Assert.Empty(handler.Requests);
    }

    [Fact]
    public async Task A_connection_lost_under_way_is_unknown_and_one_never_made_is_not_sent()
    {
        using var lost = Connector(new ScriptedHandler().Fail(new HttpRequestException("reset")));
        using var never = Connector(new ScriptedHandler().Fail(new HttpRequestException(HttpRequestError.ConnectionError, "refused")));
        using var slow = Connector(new ScriptedHandler().Answer(Headers).Fail(new TaskCanceledException()));

        Assert.Equal(ErpOutcome.Unknown, (await lost.PostAsync([Document(DocumentKind.ArInvoice, "1")], Call, CancellationToken.None)).Single().Outcome);
        Assert.Equal(ErpOutcome.NotSent, (await never.PostAsync([Document(DocumentKind.ArInvoice, "1")], Call, CancellationToken.None)).Single().Outcome);
        Assert.Equal(ErpOutcome.Unknown, (await slow.PostAsync([Document(DocumentKind.ArInvoice, "1")], Call, CancellationToken.None)).Single().Outcome);
    }

    [Fact]
    public async Task Patterns_of_another_language_can_be_added()
    {
        var options = Options() with { ClosedPeriodPatterns = ["Periode .* nicht offen"] };
        using var connector = Connector(new ScriptedHandler().Answer(200, Batch(Failure(400, Infolog("Error: Die Periode 07 ist nicht offen.")))), options);

        Assert.Equal(ErpOutcome.PeriodClosed, (await connector.PostAsync([Document(DocumentKind.GlJournal, "1")], Call, CancellationToken.None)).Single().Outcome);
        Assert.Throws<ArgumentException>(() => Connector(new ScriptedHandler(), Options() with { DuplicatePatterns = ["("] }));
    }

    [Fact]
    public void Secrets_are_in_no_text()
    {
        var options = Options();

        Assert.DoesNotContain("secret-1", options.ToString() + options.Credentials);
    }

    static async Task<ErpAnswer> OfHeader(string part)
    {
        using var connector = Connector(new ScriptedHandler().Answer(200, Batch(part)));
        return (await connector.PostAsync([Document(DocumentKind.GlJournal, "1")], Call, CancellationToken.None)).Single();
    }

    static string Ok(SentRequest request, int id)
    {
        var body = Operations(request).Single(o => o.Id == id).Body!.DeepClone();
        body["JournalBatchNumber"] = $"DAT-00002{id}";
        return Set((id, 201, body.ToJsonString()));
    }

    static string Infolog(string text) => JsonSerializer.Serialize(new
    {
        error = new
        {
            code = "",
            message = "An error has occurred.",
            innererror = new { message = $"Write failed for table row of type 'LedgerJournalHeaderEntity'. Infolog: Warning: check; {text}", type = "Microsoft.Dynamics.Platform.Integration.Services.OData.ODataRequestException", stacktrace = "" },
        },
    });
}
