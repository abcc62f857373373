using System.IO.Compression;
using System.Text;

namespace Streams.Simulators.Tests;

public sealed class OracleTests
{
    const string Rest = OracleSimulator.RestPath;

    static async Task<Host> StartAsync(Func<SimulatorOptions, SimulatorOptions>? change = null, OracleSetup? account = null)
    {
        var host = Host.New();
        host.Erp = await OracleSimulator.StartAsync(change?.Invoke(host.Options) ?? host.Options, account);
        host.Authorization = Host.Basic;
        return host;
    }

    static string Invoice(string key, string? number = null, string customer = "1005", string date = "2026-07-31", string price = "1204.55") => $$$"""
        {"TransactionNumber":"{{{number ?? key}}}","TransactionSource":"USAGE","TransactionType":"Invoice","BusinessUnit":"Vision Operations","TransactionDate":"{{{date}}}","AccountingDate":"{{{date}}}","DueDate":"2026-08-30","PaymentTerms":"30 Net",
         "BillToCustomerNumber":"{{{customer}}}","InvoiceCurrencyCode":"EUR","CrossReference":"acme/2026-07","receivablesInvoiceLines":[{"LineNumber":1,"Description":"API calls","Quantity":1,"UnitSellingPrice":{{{price}}},
         "receivablesInvoiceLineTransactionDFF":[{"__FLEX_Context":"USAGE_PIPE","runKey":"{{{key}}}"}]}]}
        """;

    static string Row(string group, string key, string account, string debit, string credit, string date = "2026/07/31")
    {
        var row = Enumerable.Repeat("", 149).ToArray();
        (row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7]) = ("NEW", "300000046975971", date, "Usage", "Usage", "USD", "2026/08/01", "A");
        (row[8], row[9], row[10], row[11], row[12], row[13]) = ("101", "10", account, "000", "000", "000");
        (row[38], row[39], row[42], row[45], row[51], row[66], row[94]) = (debit, credit, $"Usage {key}", key, "API calls", group, "Jul-26");
        return string.Join(',', row);
    }

    static string Import(string group, params string[] rows)
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var writer = new StreamWriter(zip.CreateEntry("GlInterface.csv").Open(), new UTF8Encoding(false));
            foreach (var row in rows) writer.Write(row + "\n");
        }
        return $$$"""
            {"OperationName":"importBulkData","DocumentContent":"{{{Convert.ToBase64String(buffer.ToArray())}}}","ContentType":"zip","FileName":"GlInterface_{{{group}}}.zip","DocumentAccount":"fin$/generalLedger$/import$",
             "JobName":"/oracle/apps/ess/financials/generalLedger/programs/common,JournalImportLauncher","ParameterList":"300,Usage,300000046975971,{{{group}}},N,N,N","CallbackURL":"#NULL","NotificationCode":"10","JobOptions":"InterfaceDetails=15,ImportOption=Y,PurgeOption=Y,ExtractFileType=ALL"}
            """;
    }

    static async Task<string> StatusAsync(Host host, string request) =>
        (await host.PostAsync(Rest + "erpintegrations", $$$"""{"OperationName":"getESSJobStatus","ReqstId":"{{{request}}}"}""")).Json.GetProperty("RequestStatus").GetString()!;

    static async Task<string> LoadAsync(Host host, string body)
    {
        var reply = await host.PostAsync(Rest + "erpintegrations", body);
        Assert.True(reply.Status == 201, reply.Body);
        return reply.Json.GetProperty("ReqstId").GetString()!;
    }

    [Fact]
    public async Task Receivables_are_made_and_found_by_number()
    {
        await using var host = await StartAsync();
        var made = await host.PostAsync(Rest + "receivablesInvoices", Invoice(Host.Key));
        Assert.Equal(201, made.Status);
        Assert.True(made.Json.GetProperty("CustomerTransactionId").GetInt64() > 300_000_000_000_000);
        Assert.Equal(201, (await host.PostAsync(Rest + "receivablesCreditMemos", Invoice(Host.OtherKey, price: "-20").Replace("receivablesInvoiceLine", "receivablesCreditMemoLine").Replace("InvoiceCurrencyCode", "CreditMemoCurrency"))).Status);
        Assert.Equal(201, (await host.PostAsync(Rest + "standardReceipts", $$$"""{"ReceiptNumber":"{{{Host.ThirdKey}}}","ReceiptMethod":"Wire","BusinessUnit":"Vision Operations","Amount":1184.55,"Currency":"EUR","ReceiptDate":"2026-08-05","CustomerAccountNumber":"1005","remittanceReferences":[{"ReferenceNumber":"{{{Host.Key}}}","ReferenceAmount":1184.55}]}""")).Status);

        var found = (await host.GetAsync($"{Rest}receivablesInvoices?q=TransactionNumber='{Host.Key}'&onlyData=true")).Json;
        Assert.Equal((1, false), (found.GetProperty("count").GetInt32(), found.GetProperty("hasMore").GetBoolean()));
        Assert.Equal("1204.55", found.GetProperty("items")[0].GetProperty("EnteredAmount").GetRawText());
        Assert.Equal(0, (await host.GetAsync($"{Rest}receivablesInvoices?q=TransactionNumber=NOBODY")).Json.GetProperty("count").GetInt32());
        Assert.Equal("-20", (await host.GetAsync($"{Rest}receivablesCreditMemos?q=TransactionNumber={Host.OtherKey}")).Json.GetProperty("items")[0].GetProperty("EnteredAmount").GetRawText());
        Assert.Equal("1184.55", (await host.GetAsync($"{Rest}standardReceipts?q=ReceiptNumber={Host.ThirdKey}")).Json.GetProperty("items")[0].GetProperty("Amount").GetRawText());
        Assert.Equal([("AR_INVOICE", "1204.55"), ("CREDIT_MEMO", "20"), ("RECEIPT", "1184.55")], host.Erp.Journal.Records.Select(r => (r.Kind, r.Amount)));
        host.AssertBalanced();
    }

    [Fact]
    public async Task Numbers_and_line_flexfields_are_unique_and_errors_have_their_shape()
    {
        await using var host = await StartAsync(o => o with { MasterData = new Dictionary<string, KnownValues> { ["customers"] = new(new HashSet<string> { "1005" }) } });
        await host.PostAsync(Rest + "receivablesInvoices", Invoice(Host.Key));
        foreach (var duplicate in new[] { Invoice(Host.OtherKey, number: Host.Key), Invoice(Host.Key, number: "OTHER") })
        {
            var reply = await host.PostAsync(Rest + "receivablesInvoices", duplicate);
            Assert.Equal((400, "application/vnd.oracle.adf.error+json"), (reply.Status, reply.ContentType));
            Assert.True(reply.Json.GetProperty("o:errorDetails").GetArrayLength() == 1);
        }
        Assert.Equal(2, host.Erp.Figures.DuplicatesRefused);
        Assert.Equal(400, (await host.PostAsync(Rest + "receivablesInvoices", Invoice(Host.OtherKey, customer: "9"))).Status);
        var terse = await host.PostAsync(Rest + "erpintegrations", """{"OperationName":"nonsense"}""");
        Assert.Equal((400, "Invalid operation create for the specified resource."), (terse.Status, terse.Body));
    }

    [Fact]
    public async Task A_closed_period_is_refused_or_silently_adjusted()
    {
        foreach (var adjust in new[] { false, true })
        {
            await using var host = await StartAsync(o => o with { ClosedPeriods = new HashSet<string> { "2026-07" } }, new OracleSetup { AdjustClosedPeriods = adjust });
            var reply = await host.PostAsync(Rest + "receivablesInvoices", Invoice(Host.Key));
            Assert.Equal(adjust ? 201 : 400, reply.Status);
            if (adjust) Assert.Equal("2026-08-01", reply.Json.GetProperty("AccountingDate").GetString());
        }
    }

    [Fact]
    public async Task A_group_comes_in_and_is_posted_as_a_whole()
    {
        await using var host = await StartAsync();
        var request = await LoadAsync(host, Import("77", Row("77", Host.Key, "12100", "300.10", ""), Row("77", Host.Key, "41000", "", "300.10"), Row("77", Host.OtherKey, "12100", "5", ""), Row("77", Host.OtherKey, "41000", "", "5")));

        Assert.Equal("SUCCEEDED", await StatusAsync(host, request));
        Assert.Equal("SUCCEEDED", await StatusAsync(host, (int.Parse(request) + 3).ToString()));
        var batch = (await host.GetAsync($"{Rest}journalBatches?q=BatchName='Usage {Host.Key}'")).Json.GetProperty("items")[0];
        Assert.Equal(("P", "300.1"), (batch.GetProperty("Status").GetString(), batch.GetProperty("RunningTotalDr").GetRawText()));
        Assert.Equal([Host.Key, Host.OtherKey], host.Erp.Journal.Records.Select(r => r.Key));
        Assert.All(host.Erp.Journal.Records, r => Assert.True(r.Posted));
        host.AssertBalanced();
    }

    [Theory]
    [InlineData("account", "P,", "EF04")]
    [InlineData("period", "EP01", "EP01")]
    [InlineData("unbalanced", "EU02", "EU02")]
    public async Task One_bad_line_rejects_the_group(string fault, string first, string second)
    {
        await using var host = await StartAsync(o => o with { MasterData = new Dictionary<string, KnownValues> { ["accounts"] = new(Pattern: "^[14]") }, ClosedPeriods = new HashSet<string> { "2026-06" } });
        var date = fault == "period" ? "2026/06/30" : "2026/07/31";
        var request = await LoadAsync(host, Import("78", Row("78", Host.Key, "12100", fault == "unbalanced" ? "301" : "300", "", date), Row("78", Host.Key, fault == "account" ? "99999" : "41000", "", "300", date)));

        Assert.Equal("WARNING", await StatusAsync(host, request));
        Assert.Equal("ERROR", await StatusAsync(host, (int.Parse(request) + 2).ToString()));
        var details = (await host.PostAsync(Rest + "erpintegrations", $$$"""{"OperationName":"downloadESSJobExecutionDetails","ReqstId":"{{{request}}}"}""")).Json;
        using var zip = new ZipArchive(new MemoryStream(Convert.FromBase64String(details.GetProperty("DocumentContent").GetString()!)));
        var report = new StreamReader(zip.Entries[0].Open()).ReadToEnd().Split('\n');
        Assert.Contains(first, report[0]);
        Assert.Contains(second, report[1]);
        Assert.Empty(host.Erp.Journal.Records);
    }

    [Fact]
    public async Task An_unbalanced_group_may_come_in_unposted_without_a_word()
    {
        await using var host = await StartAsync(account: new OracleSetup { Unbalanced = UnbalancedJournals.ImportUnposted });
        var request = await LoadAsync(host, Import("79", Row("79", Host.Key, "12100", "301", ""), Row("79", Host.Key, "41000", "", "300")));
        Assert.Equal("SUCCEEDED", await StatusAsync(host, request));
        Assert.False(Assert.Single(host.Erp.Journal.Records).Posted);
        Assert.Equal(0, await host.Erp.RunPostingAsync());
    }

    [Fact]
    public async Task A_job_may_never_end_and_maintenance_answers_503()
    {
        await using var host = await StartAsync();
        await host.ArmAsync("""{"kind":"pending-forever","next":1}""");
        var request = await LoadAsync(host, Import("80", Row("80", Host.Key, "12100", "1", ""), Row("80", Host.Key, "41000", "", "1")));
        Assert.Equal("RUNNING", await StatusAsync(host, request));
        Assert.Empty(host.Erp.Journal.Records);

        await host.ArmAsync("""{"kind":"maintenance","on":"any"}""");
        Assert.Equal(503, (await host.GetAsync(Rest + "receivablesInvoices?q=TransactionNumber=1")).Status);
    }
}
