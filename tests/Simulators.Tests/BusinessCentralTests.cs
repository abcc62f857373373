using System.Text.Json;

namespace Streams.Simulators.Tests;

public sealed class BusinessCentralTests
{
    const string Root = "/v2.0/tenant/production/api/v2.0/", Company = Root + "companies(c1)/";

    static async Task<Host> StartAsync(Func<SimulatorOptions, SimulatorOptions>? change = null, BusinessCentralSetup? account = null)
    {
        var host = Host.New();
        host.Erp = await BusinessCentralSimulator.StartAsync(change?.Invoke(host.Options) ?? host.Options, account);
        Assert.Equal(200, (await host.TokenAsync("/tenant/oauth2/v2.0/token", scope: "https://api.businesscentral.dynamics.com/.default")).Status);
        return host;
    }

    static string Sales(string key, string lines = "salesInvoiceLines", string customer = "10000", string date = "2026-07-31") =>
        $$$"""{"externalDocumentNumber":"{{{key}}}","invoiceDate":"{{{date}}}","postingDate":"{{{date}}}","customerNumber":"{{{customer}}}","currencyCode":"USD","{{{lines}}}":[{"lineType":"Account","lineObjectNumber":"6110","description":"API calls","quantity":1,"unitPrice":1204.55}]}""";

    static string Line(string key, string account, string amount, string extra = "") =>
        $$$"""{"accountNumber":"{{{account}}}","postingDate":"2026-07-31","documentNumber":"{{{key}}}","externalDocumentNumber":"{{{key}}}","amount":{{{amount}}},"description":"API calls"{{{extra}}}}""";

    static async Task<string> MadeAsync(Host host, string path, string body)
    {
        var reply = await host.PostAsync(path, body);
        Assert.True(reply.Status == 201, reply.Body);
        return reply.Json.GetProperty("id").GetString()!;
    }

    static string Code(Reply reply) => reply.Json.GetProperty("error").GetProperty("code").GetString()!;

    [Fact]
    public async Task Sales_documents_are_drafts_until_they_are_posted()
    {
        await using var host = await StartAsync();
        var id = await MadeAsync(host, Company + "salesInvoices", Sales(Host.Key));
        var find = Company + $"salesInvoices?$filter=externalDocumentNumber eq '{Host.Key}'";
        var draft = (await host.GetAsync(find)).Json.GetProperty("value")[0];
        Assert.Equal(("Draft", "1204.55"), (draft.GetProperty("status").GetString(), draft.GetProperty("totalAmountExcludingTax").GetRawText()));
        Assert.False(Assert.Single(host.Erp.Journal.Records).Posted);

        Assert.Equal(204, (await host.PostAsync(Company + $"salesInvoices({id})/Microsoft.NAV.post", "")).Status);
        var posted = (await host.GetAsync(find)).Json.GetProperty("value")[0];
        Assert.Equal("Open", posted.GetProperty("status").GetString());
        Assert.Equal("Application_DialogException", Code(await host.PostAsync(Company + $"salesInvoices({id})/Microsoft.NAV.post", "")));

        var memo = await MadeAsync(host, Company + "salesCreditMemos", Sales(Host.OtherKey, "salesCreditMemoLines"));
        Assert.Equal(204, (await host.PostAsync(Company + $"salesCreditMemos({memo})/Microsoft.NAV.post", "")).Status);
        var journal = await MadeAsync(host, Company + "customerPaymentJournals", """{"code":"PAY","balancingAccountNumber":"2920"}""");
        await MadeAsync(host, Company + $"customerPaymentJournals({journal})/customerPayments", $$$"""{"customerNumber":"10000","postingDate":"2026-08-05","documentNumber":"{{{Host.ThirdKey}}}","externalDocumentNumber":"{{{Host.ThirdKey}}}","amount":-1204.55,"appliesToInvoiceNumber":"{{{posted.GetProperty("number").GetString()}}}"}""");
        Assert.Equal(204, (await host.PostAsync(Company + $"customerPaymentJournals({journal})/Microsoft.NAV.post", "")).Status);
        Assert.Equal(["AR_INVOICE", "CREDIT_MEMO", "RECEIPT"], host.Erp.Journal.Records.Select(r => r.Kind));
        Assert.All(host.Erp.Journal.Records, r => Assert.Equal((true, "1204.55"), (r.Posted, r.Amount)));
        host.AssertBalanced();
    }

    [Fact]
    public async Task A_journal_is_posted_as_a_whole_and_has_no_currency()
    {
        await using var host = await StartAsync();
        var journal = await MadeAsync(host, Company + "journals", """{"code":"DJ6VKWABMY","displayName":"Usage"}""");
        Assert.Equal("Internal_EntityWithSameKeyExists", Code(await host.PostAsync(Company + "journals", """{"code":"DJ6VKWABMY"}""")));
        var lines = Company + $"journals({journal})/journalLines";
        Assert.Contains("currencyCode", (await host.PostAsync(lines, Line(Host.Key, "2310", "5", ",\"currencyCode\":\"EUR\""))).Body);
        await MadeAsync(host, lines, Line(Host.Key, "2310", "300.10"));
        Assert.Contains("out of balance", (await host.PostAsync(Company + $"journals({journal})/Microsoft.NAV.post", "")).Body);
        await MadeAsync(host, lines, Line(Host.Key, "6110", "-300.10"));
        Assert.Equal(2, (await host.GetAsync(lines)).Json.GetProperty("value").GetArrayLength());

        Assert.Equal(204, (await host.PostAsync(Company + $"journals({journal})/Microsoft.NAV.post", "")).Status);
        var entries = (await host.GetAsync(Company + $"generalLedgerEntries?$filter=documentNumber eq '{Host.Key}'")).Json.GetProperty("value").EnumerateArray().ToList();
        Assert.Equal([("300.1", "0"), ("0", "300.1")], entries.Select(e => (e.GetProperty("debitAmount").GetRawText(), e.GetProperty("creditAmount").GetRawText())));
        Assert.Empty((await host.GetAsync(lines)).Json.GetProperty("value").EnumerateArray());
        Assert.Equal(("GL_JOURNAL", "300.1", true), host.Erp.Journal.Records.Select(r => (r.Kind, r.Amount, r.Posted)).Single());
        host.AssertBalanced();
    }

    [Theory]
    [InlineData("customer", "Internal_RecordNotFound")]
    [InlineData("closed", "Application_DialogException")]
    [InlineData("long", "Application_StringExceededLength")]
    [InlineData("missing", "Application_FieldValidationException")]
    public async Task What_is_refused_names_its_code_and_a_correlation(string fault, string code)
    {
        await using var host = await StartAsync(o => o with { MasterData = new Dictionary<string, KnownValues> { ["customers"] = new(Pattern: "^1") }, ClosedPeriods = new HashSet<string> { "2026-06" } });
        var body = fault switch { "customer" => Sales(Host.Key, customer: "9"), "closed" => Sales(Host.Key, date: "2026-06-30"), "long" => Sales(new string('K', 36)), _ => "{}" };
        var reply = await host.PostAsync(Company + "salesInvoices", body);
        if (fault == "closed") reply = await host.PostAsync(Company + $"salesInvoices({reply.Json.GetProperty("id").GetString()})/Microsoft.NAV.post", "");
        Assert.Equal((400, code), (reply.Status, Code(reply)));
        Assert.Contains("CorrelationId", reply.Body);
    }

    [Fact]
    public async Task A_snapshot_batch_is_undone_while_its_first_parts_say_that_they_succeeded()
    {
        await using var host = await StartAsync(o => o with { MasterData = new Dictionary<string, KnownValues> { ["customers"] = new(Pattern: "^1") } });
        string Batch(string second) => $$$"""{"requests":[{"id":"1","method":"POST","url":"companies(c1)/salesInvoices","headers":{"Content-Type":"application/json"},"body":{{{Sales(Host.Key)}}}},{"id":"2","method":"POST","url":"companies(c1)/salesInvoices","headers":{"Content-Type":"application/json"},"body":{{{Sales(Host.OtherKey, customer: second)}}}}]}""";

        var undone = await host.PostAsync(Root + "$batch", Batch("9"), ("Isolation", "snapshot"));
        Assert.Equal([201, 400], undone.Json.GetProperty("responses").EnumerateArray().Select(r => r.GetProperty("status").GetInt32()));
        Assert.Empty(host.Erp.Journal.Records);

        var apart = await host.PostAsync(Root + "$batch", Batch("9"), ("Prefer", "odata.continue-on-error"));
        Assert.Equal([201, 400], apart.Json.GetProperty("responses").EnumerateArray().Select(r => r.GetProperty("status").GetInt32()));
        Assert.Equal(Host.Key, Assert.Single(host.Erp.Journal.Records).Key);
        Assert.Equal(200, (await host.PostAsync(Root + "$batch", Batch("10000"), ("Isolation", "snapshot"))).Status);
        // No one checks external numbers: the first is there twice now.
        Assert.Equal(2, host.Erp.Journal.Records.Count(r => r.Key == Host.Key));
    }

    [Fact]
    public async Task Five_run_others_wait_and_more_than_the_queue_are_refused()
    {
        await using var host = await StartAsync(o => o with { Latency = TimeSpan.FromSeconds(2) }, new BusinessCentralSetup { Queue = 3 });
        var replies = await Task.WhenAll(Enumerable.Range(0, 30).Select(n => host.PostAsync(Company + "salesInvoices", Sales($"{Host.Key[..14]}{n:00}"))));
        // The first eight at least; a busy machine that does not send all within two seconds finds slots free again.
        Assert.InRange(replies.Count(r => r.Status == 201), 8, 29);
        Assert.All(replies.Where(r => r.Status != 201), r => Assert.Equal(429, r.Status));
        Assert.Equal(replies.Count(r => r.Status == 201), host.Erp.Journal.Count);
    }

    [Fact]
    public async Task Windows_pages_and_batches_have_limits()
    {
        await using var host = await StartAsync(o => o with { Requests = 3, Window = TimeSpan.FromMinutes(5) }, new BusinessCentralSetup { BatchLimit = 1 });
        Assert.Equal(413, (await host.GetAsync(Company + "salesInvoices?$top=20001")).Status);
        Assert.Equal(400, (await host.PostAsync(Root + "$batch", """{"requests":[{"id":"1","method":"GET","url":"companies"},{"id":"2","method":"GET","url":"companies"}]}""")).Status);
        Assert.Equal(200, (await host.GetAsync(Company + "salesInvoices")).Status);
        var refused = await host.GetAsync(Company + "salesInvoices");
        Assert.Equal((429, "Application_TooManyRequests"), (refused.Status, Code(refused)));
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 300);
        Assert.Equal(401, (await host.TokenAsync("/tenant/oauth2/v2.0/token", "wrong", "https://api.businesscentral.dynamics.com/.default")).Status);
    }
}
