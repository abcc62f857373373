using System.IO.Compression;
using System.Text;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.OracleFusion;
using Streams.ErpSink.Posting;
using Streams.ErpSink.Tests.Wire;

namespace Streams.ErpSink.Tests;

/// <summary>An account and the shapes of Oracle's answers.</summary>
static class FusionSamples
{
    public const string Resources = "/fscmRestApi/resources/11.13.18.05";

    public static FusionOptions Options(string extraSettings = "") => new()
    {
        Account = "abcd.us2",
        Login = new ErpLogin.Basic("STREAMS", "pass:word"),
        Mapping = ErpMapping.Parse("""
            {"erp":"fusion","version":"t","settings":{"transactionSource":"USAGE","invoiceType":"Invoice","creditMemoType":"Credit Memo","flexContext":"USAGE_PIPE",
             "dataAccessSet":"3001","journalSource":"Usage","journalCategory":"Billing","journalDebitAccount":"01-000-1220-0000-000","paymentTerms":"30 Net"EXTRA},
             "tables":{"businessUnits":{"US01":"Vision Operations","DE01":"Vision Germany"},"customers":{"cust-1":"1005","cust-2":"1006","cust-3":"1007"},"ledgers":{"US01":"1","DE01":"2"},
             "ledgerCurrencies":{"US01":"USD"},"revenueAccounts":{"api":"01-000-4110-0000-000","api/api.requests2":"01-000-4120-0000-000"},"receiptMethods":{"wire":"Wire"},
             "bankAccounts":{"wire":"10271-17621-619"},"periodNames":{"2026-07":"Jul-26"}}}
            """.Replace("EXTRA", extraSettings, StringComparison.Ordinal), FusionOptions.Shape),
    };

    public static FusionConnector Connector(WireScript script, FusionOptions? options = null) => new(options ?? Options(), script, new FixedTime());

    public static Reply Json(string body, int status = 200) => new(status, body, "application/vnd.oracle.adf.resourceitem+json");

    public static Reply Page(params string[] items) => Json($$"""{"items":[{{string.Join(',', items)}}],"count":{{items.Length}},"hasMore":false,"limit":500,"offset":0}""");

    public static Reply JobStatus(string status) => Page($$"""{"OperationName":"getESSJobStatus","RequestStatus":"{{status}}"}""");

    public static Reply Report(string text)
    {
        using var buffer = new MemoryStream();
        using (var archive = new ZipArchive(buffer, ZipArchiveMode.Create, leaveOpen: true))
        using (var writer = new StreamWriter(archive.CreateEntry("1234568.txt").Open())) writer.Write(text);
        return Page($$"""{"OperationName":"downloadESSJobExecutionDetails","DocumentContent":"{{Convert.ToBase64String(buffer.ToArray())}}"}""");
    }

    /// <summary>The one file of a zip in base64, read by position.</summary>
    public static (string Name, string[][] Rows) Unzip(string base64)
    {
        using var archive = new ZipArchive(new MemoryStream(Convert.FromBase64String(base64)));
        using var reader = new StreamReader(archive.Entries.Single().Open(), Encoding.UTF8);
        return (archive.Entries[0].Name, [.. reader.ReadToEnd().TrimEnd('\n').Split('\n').Select(Fields)]);
    }

    static string[] Fields(string line)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (quoted && line[i] == '"' && i + 1 < line.Length && line[i + 1] == '"') field.Append(line[i++]);
            else if (line[i] == '"') quoted = !quoted;
            else if (line[i] == ',' && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else field.Append(line[i]);
        }
        return [.. fields, field.ToString()];
    }

    sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 8, 1, 0, 10, 0, TimeSpan.Zero);
    }
}
