using System.IO.Compression;
using System.Text;
using System.Text.RegularExpressions;

namespace Streams.Simulators.Tests;

public sealed class FinanceTests
{
    static readonly FinanceSetup ByHand = new() { PostingInterval = null };

    static async Task<Host> StartAsync(Func<SimulatorOptions, SimulatorOptions>? change = null, FinanceSetup? account = null, TimeProvider? time = null)
    {
        var host = Host.New();
        host.Erp = await FinanceSimulator.StartAsync(change?.Invoke(host.Options) ?? host.Options, account ?? ByHand, time);
        Assert.Equal(200, (await host.TokenAsync("/tenant/oauth2/v2.0/token", scope: $"{host.Erp.Address}.default")).Status);
        return host;
    }

    static string Header(string key, string company = "dat") => $$$"""{"dataAreaId":"{{{company}}}","JournalName":"EXPJRN","Description":"Usage summary 2026-07 {{{key}}}"}""";

    static string Line(string batch, int line, string account, string debit, string credit, string date = "2026-07-31") =>
        $$$"""{"dataAreaId":"dat","JournalBatchNumber":"{{{batch}}}","LineNumber":{{{line}}},"AccountType":"Ledger","AccountDisplayValue":"{{{account}}}","DebitAmount":{{{debit}}},"CreditAmount":{{{credit}}},"CurrencyCode":"USD","TransDate":"{{{date}}}T12:00:00Z","Text":"API calls"}""";

    static async Task<string> JournalAsync(Host host, string key, string account = "401100-001", string date = "2026-07-31")
    {
        var header = await host.PostAsync("/data/LedgerJournalHeaders", Header(key));
        Assert.True(header.Status == 201, header.Body);
        var batch = header.Json.GetProperty("JournalBatchNumber").GetString()!;
        Assert.Equal(201, (await host.PostAsync("/data/LedgerJournalLines", Line(batch, 1, "130100-", "300.10", "0", date))).Status);
        Assert.Equal(201, (await host.PostAsync("/data/LedgerJournalLines", Line(batch, 2, account, "0", "300.10", date))).Status);
        return batch;
    }

    static string Find(string set, string filter, bool cross = true) => $"/data/{set}?{(cross ? "cross-company=true&" : "")}$filter={Uri.EscapeDataString(filter)}";

    [Fact]
    public async Task A_journal_gets_its_number_from_the_server_and_is_posted_by_a_job()
    {
        await using var host = await StartAsync();
        var batch = await JournalAsync(host, Host.Key);
        Assert.Matches("^DAT-[0-9]{6}$", batch);
        var find = Find("LedgerJournalHeaders", $"dataAreaId eq 'dat' and contains(Description,'{Host.Key}')");
        var before = (await host.GetAsync(find)).Json.GetProperty("value")[0];
        Assert.Equal(("No", "300.1", "300.1"), (before.GetProperty("IsPosted").GetString(), before.GetProperty("JournalTotalDebit").GetRawText(), before.GetProperty("JournalTotalCredit").GetRawText()));
        Assert.Matches(@"^'[0-9]+,[0-9]+'$", Encoding.ASCII.GetString(Convert.FromBase64String(before.GetProperty("@odata.etag").GetString()![3..^1])));

        Assert.Equal(1, (await host.PostAsync("/simulator/posting", "{}")).Json.GetProperty("posted").GetInt32());
        Assert.Equal("Yes", (await host.GetAsync(find)).Json.GetProperty("value")[0].GetProperty("IsPosted").GetString());
        var lines = (await host.GetAsync(Find("LedgerJournalLines", $"dataAreaId eq 'dat' and (JournalBatchNumber eq '{batch}')"))).Json.GetProperty("value");
        Assert.Equal("130100-", lines[0].GetProperty("AccountDisplayValue").GetString());
        Assert.Equal(("posted", "batch", "GL_JOURNAL", "300.1"), host.Erp.Journal.Records.Select(r => (r.Event, r.By, r.Kind, r.Amount)).Single());
    }

    [Fact]
    public async Task Invoices_credits_and_receipts_are_made_and_posted()
    {
        await using var host = await StartAsync();
        foreach (var (key, price) in new[] { (Host.Key, "1204.55"), (Host.OtherKey, "-20") })
        {
            var header = await host.PostAsync("/data/FreeTextInvoiceHeaders", $$$"""{"dataAreaId":"dat","CustomerAccount":"US-001","InvoiceDate":"2026-07-31T12:00:00Z","CurrencyCode":"USD","ExternalInvoiceId":"{{{key}}}"}""");
            Assert.Equal(("Not posted", "No"), (header.Json.GetProperty("FreeTextNumber").GetString(), header.Json.GetProperty("IsPosted").GetString()));
            Assert.Equal(201, (await host.PostAsync("/data/FreeTextInvoiceLines", $$$"""{"dataAreaId":"dat","ParentRecId":{{{header.Json.GetProperty("InvoiceIdentifier").GetRawText()}}},"Description":"API calls","MainAccountDisplayValue":"401100-","Quantity":1,"UnitPrice":{{{price}}}}""")).Status);
        }
        var payment = (await host.PostAsync("/data/CustomerPaymentJournalHeaders", $$$"""{"dataAreaId":"dat","JournalName":"ARPay","Description":"{{{Host.ThirdKey}}}"}""")).Json.GetProperty("JournalBatchNumber").GetString();
        Assert.Equal(201, (await host.PostAsync("/data/CustomerPaymentJournalLines", $$$"""{"dataAreaId":"dat","JournalBatchNumber":"{{{payment}}}","LineNumber":1,"AccountType":"Cust","AccountDisplayValue":"US\\-001","CreditAmount":1184.55,"CurrencyCode":"USD","TransactionDate":"2026-08-05T12:00:00Z","OffsetAccountType":"Bank","OffsetAccountDisplayValue":"USMF OPER"}""")).Status);
        Assert.Equal(3, await host.Erp.RunPostingAsync());

        Assert.Equal([("AR_INVOICE", "1204.55", "US-001"), ("CREDIT_MEMO", "20", "US-001"), ("RECEIPT", "1184.55", "US-001")], host.Erp.Journal.Records.Select(r => (r.Kind, r.Amount, r.Party!)));
        var invoice = (await host.GetAsync(Find("FreeTextInvoiceHeaders", $"dataAreaId eq 'dat' and (ExternalInvoiceId eq '{Host.Key}' or ExternalInvoiceId eq 'X')"))).Json.GetProperty("value")[0];
        Assert.StartsWith("FTI-", invoice.GetProperty("FreeTextNumber").GetString());
        host.AssertBalanced();
    }

    [Fact]
    public async Task A_period_that_is_not_open_leaves_the_journal_unposted_and_a_stuck_job_too()
    {
        await using var host = await StartAsync(o => o with { ClosedPeriods = new HashSet<string> { "2026-06" } });
        await JournalAsync(host, Host.Key, date: "2026-06-30");
        await JournalAsync(host, Host.OtherKey);
        var rule = await host.ArmAsync($$$"""{"kind":"posting-stuck","keys":"{{{Host.OtherKey}}}"}""");
        Assert.Equal(0, await host.Erp.RunPostingAsync());
        await host.SendAsync("DELETE", $"/simulator/faults/{rule}");
        await host.PostAsync("/simulator/periods", """{"period":"2026-06","state":"open"}""");
        Assert.Equal(2, await host.Erp.RunPostingAsync());
    }

    [Fact]
    public async Task Refusals_are_told_by_the_Infolog_and_a_line_number_is_taken_once()
    {
        await using var host = await StartAsync(o => o with { MasterData = new Dictionary<string, KnownValues> { ["accounts"] = new(Pattern: "^[14]") } });
        var batch = await JournalAsync(host, Host.Key);
        foreach (var (body, text) in new[] { (Line(batch, 2, "401100", "1", "0"), "already exists"), (Line(batch, 3, "999999-001", "1", "0"), "Main account 999999 does not exist"), (Line("DAT-999999", 1, "401100", "1", "0"), "is not found in the related table") })
        {
            var reply = await host.PostAsync("/data/LedgerJournalLines", body);
            Assert.Equal((400, "An error has occurred."), (reply.Status, reply.Json.GetProperty("error").GetProperty("message").GetString()));
            Assert.Matches($"^Write failed for table row of type 'LedgerJournalLineEntity'. Infolog: Error: .*{text}.*", reply.Json.GetProperty("error").GetProperty("innererror").GetProperty("message").GetString());
        }
        Assert.Equal(400, (await host.SendAsync("DELETE", $"/data/LedgerJournalHeaders(dataAreaId='dat',JournalBatchNumber='{batch}')")).Status);
    }

    [Fact]
    public async Task Without_cross_company_only_the_own_company_is_seen()
    {
        await using var host = await StartAsync();
        await host.PostAsync("/data/LedgerJournalHeaders?cross-company=true", Header(Host.Key, "usmf"));
        var filter = $"contains(Description,'{Host.Key}')";
        Assert.Equal(0, (await host.GetAsync(Find("LedgerJournalHeaders", filter, cross: false))).Json.GetProperty("value").GetArrayLength());
        Assert.Equal(1, (await host.GetAsync(Find("LedgerJournalHeaders", filter))).Json.GetProperty("value").GetArrayLength());
    }

    static string Batch(Host host, params string[][] sets)
    {
        var text = new StringBuilder();
        var id = 0;
        foreach (var set in sets)
        {
            text.Append("--batch_1\r\nContent-Type: multipart/mixed; boundary=changeset_1\r\n\r\n");
            foreach (var body in set)
                text.Append($"--changeset_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {++id}\r\n\r\nPOST {host.Erp.Address}data/{(body.Contains("LineNumber") ? "LedgerJournalLines" : "LedgerJournalHeaders")}?cross-company=true HTTP/1.1\r\nOData-Version: 4.0\r\nContent-Type: application/json;type=entry\r\n\r\n{body}\r\n");
            text.Append("--changeset_1--\r\n");
        }
        return text.Append("--batch_1--\r\n").ToString();
    }

    [Fact]
    public async Task A_change_set_is_atomic_and_the_outer_status_is_200()
    {
        await using var host = await StartAsync();
        var batch = (await host.PostAsync("/data/LedgerJournalHeaders", Header(Host.Key))).Json.GetProperty("JournalBatchNumber").GetString()!;
        var body = Batch(host, [Line(batch, 1, "1", "5", "0"), Line(batch, 1, "4", "0", "5")], [Line(batch, 7, "1", "5", "0"), Line(batch, 8, "4", "0", "5")], [Header(Host.OtherKey)]);
        var reply = await host.SendAsync("POST", "/data/$batch", body, "multipart/mixed; boundary=batch_1");

        Assert.Equal(200, reply.Status);
        Assert.Equal(["400", "201", "201", "201"], Regex.Matches(reply.Body, @"HTTP/1\.1 ([0-9]{3})").Select(m => m.Groups[1].Value));
        Assert.Equal(2, host.Erp.Journal.Records[0].Lines.Count);

        await host.ArmAsync($$$"""{"kind":"too-many-requests","inner":true,"keys":"{{{Host.ThirdKey}}}","next":1}""");
        var throttled = await host.SendAsync("POST", "/data/$batch", Batch(host, [Header(Host.ThirdKey)]), "multipart/mixed; boundary=batch_1");
        Assert.Contains("HTTP/1.1 429", throttled.Body);
        Assert.Contains("Retry-After: 2", throttled.Body);
    }

    [Fact]
    public async Task Retry_After_grows_for_callers_who_do_not_wait()
    {
        var clock = new TestClock();
        await using var host = await StartAsync(time: clock);
        await host.ArmAsync("""{"kind":"too-many-requests","next":1}""");
        var waits = new List<string>();
        for (var i = 0; i < 3; i++) waits.Add((await host.PostAsync("/data/LedgerJournalHeaders", Header(Host.Key))).Headers.RetryAfter!.Delta!.Value.TotalSeconds.ToString());
        Assert.Equal(["2", "4", "8"], waits);
        clock.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(201, (await host.PostAsync("/data/LedgerJournalHeaders", Header(Host.Key))).Status);
    }

    [Fact]
    public async Task The_older_limits_count_requests_and_an_unmapped_application_is_refused()
    {
        await using var host = await StartAsync(o => o with { Requests = 1 }, ByHand with { Throttling = FinanceThrottling.UserBased });
        await host.PostAsync("/data/LedgerJournalHeaders", Header(Host.Key));
        Assert.Contains("exeeded the limit of 6000", (await host.PostAsync("/data/LedgerJournalHeaders", Header(Host.Key))).Body);
        await using var unmapped = await StartAsync(account: ByHand with { IsMapped = false });
        Assert.Equal(401, (await unmapped.PostAsync("/data/LedgerJournalHeaders", Header(Host.Key))).Status);
    }

    [Fact]
    public async Task A_package_comes_in_under_the_callers_execution_id_and_bad_journals_stay_out()
    {
        await using var host = await StartAsync(o => o with { MasterData = new Dictionary<string, KnownValues> { ["accounts"] = new(Pattern: "^[14]") } });
        const string Actions = "/data/DataManagementDefinitionGroups/Microsoft.Dynamics.DataEntities.";
        var place = System.Text.Json.JsonDocument.Parse((await host.PostAsync(Actions + "GetAzureWriteUrl", """{"uniqueFileName":"u.zip"}""")).Json.GetProperty("value").GetString()!).RootElement.GetProperty("BlobUrl").GetString()!;
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var writer = new StreamWriter(zip.CreateEntry("General journal.csv").Open());
            writer.Write("JOURNALBATCHNUMBER,LINENUMBER,JOURNALNAME,DESCRIPTION,ACCOUNTTYPE,ACCOUNTDISPLAYVALUE,DEBITAMOUNT,CREDITAMOUNT,CURRENCYCODE,TRANSDATE,VOUCHER,TEXT\r\n");
            foreach (var (key, account) in new[] { (Host.Key, "401100-"), (Host.OtherKey, "999"), (Host.ThirdKey, "401100-") })
                writer.Write($"{key},1,EXPJRN,Usage {key},Ledger,130100-,5.25,0,USD,2026-07-31T12:00:00Z,{key},a\r\n{key},2,EXPJRN,Usage {key},Ledger,{account},0,5.25,USD,2026-07-31T12:00:00Z,{key},\"a, b\"\r\n");
        }
        using (var http = new HttpClient())
        {
            using var content = new ByteArrayContent(buffer.ToArray());
            using var put = await http.PutAsync(place, content);
            Assert.Equal(201, (int)put.StatusCode);
        }
        var imported = await host.PostAsync(Actions + "ImportFromPackage", $$$"""{"packageUrl":"{{{place}}}","definitionGroupId":"UsageImport","executionId":"call-1","execute":true,"overwrite":true,"legalEntityId":"dat"}""");
        Assert.Equal("call-1", imported.Json.GetProperty("value").GetString());

        Assert.Equal("PartiallySucceeded", (await host.PostAsync(Actions + "GetExecutionSummaryStatus", """{"executionId":"call-1"}""")).Json.GetProperty("value").GetString());
        Assert.Contains(Host.OtherKey, (await host.PostAsync(Actions + "GetExecutionErrors", """{"executionId":"call-1"}""")).Json.GetProperty("value").GetString());
        Assert.Equal("Unknown", (await host.PostAsync(Actions + "GetExecutionSummaryStatus", """{"executionId":"other"}""")).Json.GetProperty("value").GetString());
        Assert.Equal([Host.Key, Host.ThirdKey], host.Erp.Journal.Records.Select(r => r.Key));
        Assert.Equal(2, await host.Erp.RunPostingAsync());
        host.AssertBalanced();
    }
}
