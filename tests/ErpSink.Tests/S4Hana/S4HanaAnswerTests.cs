using Streams.ErpSink.Posting;
using Streams.ErpSink.Tests.Wire;
using Streams.Schemas;
using static Streams.ErpSink.Tests.S4HanaSamples;

namespace Streams.ErpSink.Tests;

/// <summary>The meaning of SAP's answers.</summary>
public sealed class S4HanaAnswerTests
{
    static readonly ErpDocument[] Batch = [.. Enumerable.Range(1, 3).Select(n => Kinds.Of(DocumentKind.ArInvoice, n, $"{n}.10"))];

    [Theory]
    [InlineData("507(F5)", "G/L account 41000000 is not defined in chart of accounts YCOA", ErpOutcome.Validation, "507(F5)")]
    [InlineData("102(F5)", "Customer 2 is not defined in company code LJJA", ErpOutcome.Validation, "102(F5)")]
    [InlineData("004(FH)", "Account 12100000 cannot be directly posted to", ErpOutcome.Validation, "004(FH)")]
    [InlineData("286(F5)", "Posting period 004 2026 is not open for account type S", ErpOutcome.PeriodClosed, "PERIOD_CLOSED")]
    [InlineData("286(F5)", "Posting period 004 2026 is not open for account type D", ErpOutcome.PeriodClosed, "PERIOD_CLOSED")]
    [InlineData("286(F5)", "Posting period 004 2026 is not open for account type K", ErpOutcome.PeriodClosed, "PERIOD_CLOSED")]
    [InlineData("117(F5)", "Document has already been entered under number 1710 0100000001 2026", ErpOutcome.Duplicate, "DUPLICATE")]
    [InlineData("034(F5)", "Account 17100001 is currently locked by user CB998", ErpOutcome.Unknown, "LOCKED")]
    public async Task An_entrys_refusal_is_read_from_its_log(string type, string note, ErpOutcome outcome, string code)
    {
        var answers = await PostAsync(Xml(Message(Posted(Batch[0].DocumentKey), Failed(Batch[1].DocumentKey, (type, note)), Posted(Batch[2].DocumentKey))));
        Assert.Equal((outcome, code), (answers[1].Outcome, answers[1].Code));
        Assert.Contains(note, answers[1].Detail);
        Assert.Contains("609(RW)", answers[1].Detail);
        Assert.All([answers[0], answers[2]], a => Assert.Equal(ErpOutcome.Created, a.Outcome));
    }

    [Theory]
    [InlineData(401, "<html><body>Anmeldung fehlgeschlagen</body></html>", ErpOutcome.Unauthorized)]
    [InlineData(403, "", ErpOutcome.Unauthorized)]
    [InlineData(429, "", ErpOutcome.Throttled)]
    [InlineData(503, "<html>maintenance</html>", ErpOutcome.Throttled)]
    [InlineData(500, "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><e:Fault><faultcode>e:Server</faultcode><faultstring>Web service processing error</faultstring></e:Fault></e:Body></e:Envelope>", ErpOutcome.Unknown)]
    [InlineData(200, "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body><e:Fault><faultstring>x</faultstring></e:Fault></e:Body></e:Envelope>", ErpOutcome.Unknown)]
    [InlineData(200, "<html><head><title>Logon</title></head><body>", ErpOutcome.Unknown)]
    [InlineData(200, "", ErpOutcome.Unknown)]
    [InlineData(200, "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", ErpOutcome.Unknown)]
    [InlineData(202, "", ErpOutcome.Unknown)]
    [InlineData(302, "", ErpOutcome.Unknown)]
    [InlineData(404, "", ErpOutcome.Unknown)]
    [InlineData(502, "<html>bad gateway</html>", ErpOutcome.Unknown)]
    [InlineData(504, "", ErpOutcome.Unknown)]
    public async Task What_concerns_the_message_concerns_every_entry(int status, string body, ErpOutcome expected) =>
        Assert.All(await PostAsync(Xml(body, status) with { Headers = new Dictionary<string, string> { ["Retry-After"] = "120" } }), a =>
        {
            Assert.Equal(expected, a.Outcome);
            Assert.Equal(expected == ErpOutcome.Throttled ? TimeSpan.FromMinutes(2) : null, a.RetryAfter);
        });

    [Fact]
    public async Task Confirmations_in_another_order_with_one_missing_and_a_foreign_one_leave_only_the_missing_open()
    {
        var answers = await PostAsync(Xml(Message(Posted(Batch[2].DocumentKey, "0100000010", severity: 2), Posted("FOREIGN000000000"), Posted(Batch[0].DocumentKey, "0100000009"))));
        Assert.Equal([(ErpOutcome.Created, "1710/0100000009/2026"), (ErpOutcome.Unknown, null), (ErpOutcome.Created, "1710/0100000010/2026")], answers.Select(a => (a.Outcome, a.ErpId)));
    }

    [Fact]
    public async Task A_body_that_breaks_off_leaves_open_what_was_not_whole()
    {
        var whole = Message(Posted(Batch[1].DocumentKey), Failed(Batch[0].DocumentKey, ("507(F5)", "no")), Posted(Batch[2].DocumentKey));
        var last = whole.IndexOf(Batch[2].DocumentKey, StringComparison.Ordinal);
        var seen = new HashSet<string>();
        for (var length = 0; length < whole.Length; length += 7)
        {
            var answers = await PostAsync(Xml(whole[..length]));
            seen.Add(string.Join(' ', answers.Select(a => a.Outcome)));
            if (length < last) Assert.Equal(ErpOutcome.Unknown, answers[2].Outcome);
        }
        Assert.Equal(["Unknown Created Unknown", "Unknown Unknown Unknown", "Validation Created Created", "Validation Created Unknown"], seen.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task What_contradicts_itself_is_unknown()
    {
        var answers = await PostAsync(Xml(Message(
            Confirmation(Batch[0].DocumentKey, "0100000008", "1710", "2026", 3, ("609(RW)", 3, "Error in document")),
            Confirmation(Batch[1].DocumentKey, "", "", "0000", 1),
            Posted(Batch[2].DocumentKey, "0100000001"), Posted(Batch[2].DocumentKey, "0100000002"))));
        Assert.All(answers, a => Assert.Equal((ErpOutcome.Unknown, "CONTRADICTION"), (a.Outcome, a.Code)));
        var twice = await PostAsync(Xml(Message(Posted(Batch[0].DocumentKey), Posted(Batch[0].DocumentKey))));
        Assert.Equal(ErpOutcome.Created, twice[0].Outcome);
    }

    [Fact]
    public async Task A_connection_that_breaks_leaves_all_open() =>
        Assert.All(await PostAsync(new Reply(0) { Lost = true }), a => Assert.Equal((ErpOutcome.Unknown, "CONNECTION_LOST"), (a.Outcome, a.Code)));

    [Fact]
    public async Task A_token_that_ended_is_renewed_once_and_no_more()
    {
        var tokens = 0;
        var script = new WireScript((request, _) => request.Uri.Host == "login.example" ? new Reply(200, $$"""{"access_token":"t{{++tokens}}","expires_in":600}""")
            : request.Headers["Authorization"] == "Bearer t2" ? Xml(Message(Posted(Batch[0].DocumentKey))) : Xml("<html/>", 401));
        using var connector = Connector(script, Options() with { Login = new ErpLogin.ClientSecret(new Uri("https://login.example/oauth2/token"), "id", "s3cret", "API") });
        Assert.Equal(ErpOutcome.Created, (await connector.PostAsync([Batch[0]], "c", CancellationToken.None))[0].Outcome);
        Assert.Equal("grant_type=client_credentials&client_id=id&client_secret=s3cret&scope=API", script.Sent[0].Body);

        using var refused = Connector(new WireScript((request, _) => request.Uri.Host == "login.example" ? new Reply(200, """{"access_token":"t","expires_in":600}""") : Xml("", 401)),
            Options() with { Login = new ErpLogin.ClientSecret(new Uri("https://login.example/oauth2/token"), "id", "s3cret") });
        Assert.Equal(ErpOutcome.Unauthorized, (await refused.PostAsync([Batch[0]], "c", CancellationToken.None))[0].Outcome);
    }

    [Fact]
    public async Task Nothing_is_called_to_finish()
    {
        using var connector = Connector(new WireScript());
        Assert.Equal((ErpOutcome.Created, "1"), (await connector.FinishAsync([new ErpItem(Batch[0], "1")], CancellationToken.None)).Select(a => (a.Outcome, a.ErpId!)).Single());
    }

    static async Task<IReadOnlyList<ErpAnswer>> PostAsync(Reply reply)
    {
        using var connector = Connector(new WireScript(reply));
        return await connector.PostAsync(Batch, "call-1", CancellationToken.None);
    }
}
