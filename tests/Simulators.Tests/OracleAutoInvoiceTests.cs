using System.IO.Compression;
using System.Text;

namespace Streams.Simulators.Tests;

/// <summary>AutoInvoice: what it takes, what it refuses and why, what stays in its way.</summary>
public sealed class OracleAutoInvoiceTests
{
    const string Rest = OracleSimulator.RestPath, Purge = "InterfaceDetails=2,ImportOption=Y,PurgeOption=Y,ExtractFileType=ALL", Keep = "InterfaceDetails=2,ImportOption=Y,PurgeOption=N,ExtractFileType=ALL";

    [Fact]
    public async Task Lines_of_a_number_become_one_transaction_and_a_bad_line_refuses_all_of_it()
    {
        await using var host = await StartAsync(o => o with { MasterData = new Dictionary<string, KnownValues> { ["customers"] = new(new HashSet<string> { "1005" }) } });
        var request = await LoadAsync(host, Purge,
            Row(Host.Key, 1, "300.10"), Row(Host.Key, 2, "-0.10"), Row(Host.OtherKey, 1, "5"), Row(Host.OtherKey, 2, "5", r => r[18] = "9"), Row(Host.ThirdKey, 1, "-20", r => (r[2], r[3]) = ("Credit Memo", "")));

        Assert.Equal(["SUCCEEDED", "SUCCEEDED"], [await StatusAsync(host, request), await StatusAsync(host, (int.Parse(request) + 2).ToString())]);
        Assert.Equal([("AR_INVOICE", Host.Key, "300", true), ("CREDIT_MEMO", Host.ThirdKey, "20", true)], host.Erp.Journal.Records.Select(r => (r.Kind, r.Key!, r.Amount, r.Posted)));
        host.AssertBalanced();
        Assert.Equal(["5 line(s) selected", $"USAGE_PIPE,{Host.OtherKey}-2,{Host.OtherKey},You must enter a valid bill-to customer account number. [invalid value 9]"], await ReportAsync(host, request));
        var found = (await host.GetAsync($"{Rest}receivablesInvoices?q=TransactionNumber='{Host.Key}'")).Json.GetProperty("items")[0];
        Assert.Equal(("300", "Complete"), (found.GetProperty("EnteredAmount").GetRawText(), found.GetProperty("InvoiceStatus").GetString()));
    }

    [Theory]
    [InlineData(2, "", "CUST_TRX_TYPE_NAME")]
    [InlineData(26, "", "DESCRIPTION")]
    [InlineData(28, "", "CONVERSION_TYPE")]
    [InlineData(30, "", "conversion rate")]
    [InlineData(31, "6", "quantity times")]
    [InlineData(31, "six", "valid amount")]
    [InlineData(37, "", "transaction flexfield")]
    [InlineData(5, "2026-07-31", "accounting date")]
    [InlineData(5, "2026/06/30", "not in an open")]
    [InlineData(25, "TAX", "line type")]
    public async Task A_line_is_refused_for_what_is_wrong_with_it(int column, string value, string reason)
    {
        await using var host = await StartAsync(o => o with { ClosedPeriods = new HashSet<string> { "2026-06" } });
        var request = await LoadAsync(host, Purge, Row(Host.Key, 1, "5", r => r[column] = value));
        Assert.Contains(reason, (await ReportAsync(host, request))[1]);
        Assert.Empty(host.Erp.Journal.Records);
    }

    [Theory]
    [InlineData(Purge, "1 line(s) selected", 1)]
    [InlineData(Keep, "2 line(s) selected", 0)]
    public async Task A_refused_line_that_is_not_purged_is_in_the_way_of_the_right_one(string options, string selected, int made)
    {
        await using var host = await StartAsync();
        await LoadAsync(host, options, Row(Host.Key, 1, "5", r => r[31] = "6"));
        var again = await LoadAsync(host, options, Row(Host.Key, 1, "5"));
        Assert.Equal(selected, (await ReportAsync(host, again))[0]);
        Assert.Equal(made, host.Erp.Journal.Records.Count);
        var third = await LoadAsync(host, options, Row(Host.OtherKey, 1, "5", r => r[37] = $"{Host.Key}-1"));
        Assert.Contains("unique combination", (await ReportAsync(host, third))[^1]);
    }

    [Fact]
    public async Task What_ends_the_job_says_nothing_of_lines_and_other_accounts_are_not_simulated()
    {
        await using var host = await StartAsync(account: new OracleSetup { TransactionSources = ["USAGE"], LineContexts = ["USAGE_PIPE"], BusinessUnitIds = new Dictionary<string, string> { ["Vision Operations"] = "300100" } });
        var context = await LoadAsync(host, Purge, Row(Host.Key, 1, "5", r => r[36] = "LEGACY"));
        Assert.Equal("ERROR", await StatusAsync(host, (int.Parse(context) + 2).ToString()));
        Assert.Equal(["You must enter a valid context for the LEGACY flexfield."], await ReportAsync(host, context));
        var source = await LoadForAsync(host, Purge, "Vision Operations,OTHER,2026-07-31", Row(Host.Key, 1, "5", r => r[1] = "OTHER"));
        Assert.Contains("transaction source isn't valid", (await ReportAsync(host, source))[0]);
        await LoadForAsync(host, Purge, "300100,USAGE,2026-07-31", Row(Host.OtherKey, 1, "5"));
        Assert.Equal(Host.OtherKey, host.Erp.Journal.Records.Single(r => r.Kind == "AR_INVOICE").Key);
        Assert.Equal(400, (await host.PostAsync(Rest + "erpintegrations", Body(Purge, "x,y,z", Row(Host.Key, 1, "5")).Replace("receivables$", "payables$"))).Status);
    }

    static async Task<Host> StartAsync(Func<SimulatorOptions, SimulatorOptions>? change = null, OracleSetup? account = null)
    {
        var host = Host.New();
        host.Erp = await OracleSimulator.StartAsync(change?.Invoke(host.Options) ?? host.Options, account);
        host.Authorization = Host.Basic;
        return host;
    }

    static string Row(string key, int line, string amount, Action<string[]>? change = null)
    {
        var row = Enumerable.Repeat("", 372).ToArray();
        (row[1], row[2], row[3], row[4], row[5], row[6], row[18]) = ("USAGE", "Invoice", "30 Net", "2026/07/31", "2026/07/31", key, "1005");
        (row[25], row[26], row[27], row[28], row[30], row[31], row[32], row[34]) = ("LINE", "API calls", "USD", "User", "1", amount, "1", amount);
        (row[36], row[37], row[286], row[371]) = ("USAGE_PIPE", $"{key}-{line}", "Vision Operations", "END");
        change?.Invoke(row);
        return string.Join(',', row);
    }

    static string Body(string options, string parameters, params string[] rows)
    {
        using var buffer = new MemoryStream();
        using (var zip = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var writer = new StreamWriter(zip.CreateEntry("RaInterfaceLinesAll.csv").Open(), new UTF8Encoding(false));
            foreach (var row in rows) writer.Write(row + "\r\n");
        }
        return $$$"""
            {"OperationName":"importBulkData","DocumentContent":"{{{Convert.ToBase64String(buffer.ToArray())}}}","ContentType":"zip","FileName":"ArAutoinvoiceImport.zip","DocumentAccount":"fin$/receivables$/import$",
             "JobName":"/oracle/apps/ess/financials/receivables/transactions/autoInvoices,AutoInvoiceImportEss","ParameterList":"{{{parameters}}}","CallbackURL":"#NULL","NotificationCode":"10","JobOptions":"{{{options}}}"}
            """;
    }

    static Task<string> LoadAsync(Host host, string options, params string[] rows) => LoadForAsync(host, options, "Vision Operations,USAGE,2026-07-31,#NULL", rows);

    static async Task<string> LoadForAsync(Host host, string options, string parameters, params string[] rows)
    {
        var reply = await host.PostAsync(Rest + "erpintegrations", Body(options, parameters, rows));
        Assert.True(reply.Status == 201, reply.Body);
        return reply.Json.GetProperty("ReqstId").GetString()!;
    }

    static async Task<string> StatusAsync(Host host, string request) =>
        (await host.PostAsync(Rest + "erpintegrations", $$$"""{"OperationName":"getESSJobStatus","ReqstId":"{{{request}}}"}""")).Json.GetProperty("RequestStatus").GetString()!;

    static async Task<string[]> ReportAsync(Host host, string request)
    {
        var details = (await host.PostAsync(Rest + "erpintegrations", $$$"""{"OperationName":"downloadESSJobExecutionDetails","ReqstId":"{{{request}}}"}""")).Json;
        using var zip = new ZipArchive(new MemoryStream(Convert.FromBase64String(details.GetProperty("DocumentContent").GetString()!)));
        return (await new StreamReader(zip.Entries[0].Open()).ReadToEndAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
