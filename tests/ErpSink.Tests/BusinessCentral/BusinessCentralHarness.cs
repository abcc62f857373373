using System.Text.Json.Nodes;
using Streams.ErpSink.BusinessCentral;
using Streams.ErpSink.Mapping;
using Streams.ErpSink.OData;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.Tests.BusinessCentral;

/// <summary>A connector on a script, documents of every kind, and Business Central's answers.</summary>
static class BusinessCentralHarness
{
    public const string Root = "https://api.businesscentral.dynamics.com/v2.0/tenant-1/Production/api/v2.0/";
    public const string Company = "companies(5c4a8a8e-0001)";

    public static readonly ErpMapping Mapping = ErpMapping.Parse("""
        {
          "erp": "businesscentral", "version": "test-1",
          "settings": { "receivableAccount": "13100" },
          "tables": {
            "companies": { "US01": "5c4a8a8e-0001" }, "localCurrencies": { "US01": "USD" }, "currencies": { "USD": "USD", "EUR": "EUR" }, "customers": { "cust-4": "10400" },
            "revenueAccounts": { "api": "41100" }, "items": { "api/requests3": "ITEM-3" }, "paymentAccounts": { "card": "11100", "cash": "11200" }
          }
        }
        """, new MappingShape("businesscentral")
    {
        Tables = ["companies", "localCurrencies", "currencies", "customers", "revenueAccounts"], OptionalTables = ["items", "paymentAccounts"], Settings = ["receivableAccount"],
    });

    public static BusinessCentralOptions Options(ErpMapping? mapping = null) => new()
    {
        Account = "Production",
        Credentials = new EntraCredentials { TenantId = "tenant-1", ClientId = "client-1", ClientSecret = "secret-1" },
        Mapping = mapping ?? Mapping,
    };

    public static BusinessCentralConnector Connector(ScriptedHandler handler, BusinessCentralOptions? options = null) => new(options ?? Options(), handler, TimeProvider.System);

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
        return document with
        {
            Lines = lines,
            Total = lines.Aggregate(ExactDecimal.Zero, (sum, l) => sum + l.Amount),
            DocumentKey = Schemas.Identity.PostingKey.Create("acme", "US01", kind.ToString(), "2026-01", "USD", string.Join(';', amounts), 1),
        };
    }

    public static IReadOnlyList<JsonNode> Operations(SentRequest request)
    {
        Assert.Equal(("POST", Root + "$batch", "application/json"), (request.Method, request.Address.ToString(), request.Headers["Content-Type"]));
        var operations = request.Json["requests"]!.AsArray().Select(o => o!).ToList();
        Assert.InRange(operations.Count, 1, 100);
        Assert.Equal(Enumerable.Range(1, operations.Count).Select(n => $"{n}"), operations.Select(o => o["id"]!.GetValue<string>()));
        return operations;
    }

    public static string Url(JsonNode operation) => $"{operation["method"]!.GetValue<string>()} {operation["url"]!.GetValue<string>()}";

    public static string Batch(params (int Id, int Status, string? Body)[] responses) => new JsonObject
    {
        ["responses"] = new JsonArray([.. responses.Select(r => new JsonObject { ["id"] = $"{r.Id}", ["status"] = r.Status, ["headers"] = new JsonObject(), ["body"] = r.Body is null ? null : JsonNode.Parse(r.Body) })]),
    }.ToJsonString();

    /// <summary>Every operation succeeds: records are echoed with an id, id-1 for the first.</summary>
    public static HttpResponseMessage Made(SentRequest request) => ScriptedHandler.Response(200, Batch([.. Operations(request).Select((o, i) => (i + 1, 201, (string?)WithId(o, i + 1)))]));

    public static HttpResponseMessage Done(SentRequest request) => ScriptedHandler.Response(200, Batch([.. Operations(request).Select((_, i) => (i + 1, 204, (string?)null))]));

    public static string WithId(JsonNode operation, int id)
    {
        var body = operation["body"]!.DeepClone();
        body["id"] = $"id-{id}";
        return body.ToJsonString();
    }

    public static string Error(string code, string message) => new JsonObject
    {
        ["error"] = new JsonObject { ["code"] = code, ["message"] = $"{message}  CorrelationId:  41403538-77d3-4eed-ac4a-84b730dc6310." },
    }.ToJsonString();

    public static IReadOnlyList<ErpItem> Items(params ErpDocument[] documents) => [.. documents.Select(d => new ErpItem(d))];

    public static string List(params string[] records) => $$"""{"@odata.context":"x","value":[{{string.Join(',', records)}}]}""";

    public static void Same(string expected, JsonNode? actual) => Assert.True(JsonNode.DeepEquals(JsonNode.Parse(expected), actual), $"expected {JsonNode.Parse(expected)!.ToJsonString()}\nsent     {actual?.ToJsonString()}");
}
