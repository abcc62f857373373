using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Streams.ErpSink.Dynamics;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.OData;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.Tests.Dynamics;

/// <summary>A connector on a script, documents of every kind, and F&amp;O's answers as they were recorded.</summary>
static class DynamicsHarness
{
    public const string Call = "0123456789abcdef0123456789abcdef";

    public static readonly ErpMapping Mapping = ErpMapping.Parse("""
        {
          "erp": "d365fo", "version": "test-1",
          "settings": { "journalName": "GenJrn", "receivableAccount": "130100|001", "paymentJournalName": "ARPay" },
          "tables": {
            "legalEntities": { "US01": "dat" }, "currencies": { "USD": "USD" }, "customers": { "cust-4": "DAT-000004", "cust-5": "DAT-000005", "*": "{key}" },
            "revenueAccounts": { "api": "401100|A-1" }, "dimensions": { "api": "001|CC-7" },
            "paymentAccounts": { "card": "RFI-OPER" }, "paymentMethods": { "card": "CARD" }, "exchangeRates": { "US01/USD": "1.08345" }
          }
        }
        """, DynamicsMappingShape());

    static MappingShape DynamicsMappingShape() => new("d365fo")
    {
        Tables = ["legalEntities", "currencies", "customers", "revenueAccounts"],
        OptionalTables = ["dimensions", "paymentAccounts", "paymentMethods", "exchangeRates"],
        Settings = ["journalName", "receivableAccount", "paymentJournalName"],
    };

    public static DynamicsOptions Options(ErpMapping? mapping = null) => new()
    {
        Account = "contoso",
        Credentials = new EntraCredentials { TenantId = "tenant-1", ClientId = "client-1", ClientSecret = "secret-1" },
        Mapping = mapping ?? Mapping,
    };

    public static DynamicsConnector Connector(ScriptedHandler handler, DynamicsOptions? options = null) => new(options ?? Options(), handler, new FixedTime());

    public static ErpDocument Document(DocumentKind kind, params string[] amounts)
    {
        var document = Documents.Create(4, kind: kind);
        var line = document.Lines[0];
        IReadOnlyList<ErpDocumentLine> lines = [.. amounts.Select((amount, i) => line with
        {
            Line = i + 1,
            Product = kind == DocumentKind.Receipt ? "card" : "api",
            Meter = kind == DocumentKind.Receipt ? $"INVOICEKEY00000{i + 1}" : $"requests{i + 1}",
            Amount = ExactDecimal.Parse(amount),
        })];
        return document with { Lines = lines, Total = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + l.Amount), DocumentKey = Key(kind, amounts) };
    }

    /// <summary>The operations of a $batch with their numbers, in order.</summary>
    public static IReadOnlyList<(int Id, int Set, string Method, string Url, JsonNode? Body)> Operations(SentRequest request)
    {
        Assert.Equal("https://contoso.operations.dynamics.com/data/$batch", request.Address.ToString());
        Assert.StartsWith("multipart/mixed; boundary=batch_", request.Headers["Content-Type"], StringComparison.Ordinal);
        const string Operation = @"--changeset_\S+_(\d+)\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: (\d+)\r\n\r\n(\w+) (\S+) HTTP/1\.1\r\n(?:[\w-]+: [^\r]*\r\n)+\r\n(\{[^\r]*\})?";
        return [.. Regex.Matches(request.Body, Operation).Select(m => (int.Parse(m.Groups[2].Value), int.Parse(m.Groups[1].Value), m.Groups[3].Value, Uri.UnescapeDataString(m.Groups[4].Value),
            m.Groups[5].Success ? JsonNode.Parse(m.Groups[5].Value) : null))];
    }

    /// <summary>A change set's answer of successes.</summary>
    public static string Set(params (int Id, int Status, string Body)[] parts)
    {
        var text = new StringBuilder("Content-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n");
        foreach (var (id, status, body) in parts)
            text.Append($"--changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\nContent-ID: {id}\r\n\r\nHTTP/1.1 {status} Created\r\nContent-Type: application/json; odata.metadata=minimal\r\n\r\n{body}\r\n");
        return text.Append("--changesetresponse_1--\r\n").ToString();
    }

    /// <summary>A change set's answer as one failure.</summary>
    public static string Failure(int status, string body, int? id = null, string headers = "") =>
        $"Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n{(id is null ? "" : $"Content-ID: {id}\r\n")}\r\nHTTP/1.1 {status} Failed\r\n{headers}Content-Type: application/json\r\n\r\n{body}\r\n";

    public static string Batch(params string[] parts) => string.Concat(parts.Select(p => $"--batchresponse_1\r\n{p}\r\n")) + "--batchresponse_1--\r\n";

    /// <summary>Headers made, numbered from 1: as recorded, with the key where it was sent.</summary>
    public static HttpResponseMessage Headers(SentRequest request) => ScriptedHandler.Response(200, Batch([.. Operations(request).Select(o => Set((o.Id, 201, Header(o.Url, o.Body!, o.Id))))]));

    public static HttpResponseMessage Lines(SentRequest request) =>
        ScriptedHandler.Response(200, Batch([.. Operations(request).GroupBy(o => o.Set).Select(g => Set([.. g.Select(o => (o.Id, 201, o.Body!.ToJsonString()))]))]));

    public static HttpResponseMessage Deleted(SentRequest request) => ScriptedHandler.Response(200, Batch([.. Operations(request).Select(o => Set((o.Id, 204, "")))]));

    static string Header(string url, JsonNode sent, int id)
    {
        var body = sent.DeepClone().AsObject();
        if (url.Contains("FreeTextInvoiceHeaders", StringComparison.Ordinal)) body["InvoiceIdentifier"] = 5637145330 + id;
        else body["JournalBatchNumber"] = $"DAT-00002{id}";
        body["IsPosted"] = "No";
        return body.ToJsonString();
    }

    static string Key(DocumentKind kind, string[] amounts) => Schemas.Identity.PostingKey.Create("acme", "US01", kind.ToString(), "2026-01", "USD", string.Join(';', amounts), 1);

    sealed class FixedTime : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => new(2026, 2, 1, 8, 0, 0, TimeSpan.Zero);
    }

    public static IReadOnlyList<ErpItem> Items(params ErpDocument[] documents) => [.. documents.Select(d => new ErpItem(d))];
}
