using System.Text.Json;
using System.Text.Json.Nodes;

namespace Streams.ErpSink.BusinessCentral;

/// <summary>One operation of a batch. <paramref name="Url"/> lies below the service's address.</summary>
sealed record JsonRequest(string Method, string Url, JsonObject? Body);

/// <summary>One operation's answer; the body is empty where there is none.</summary>
sealed record JsonPart(int Status, string? RetryAfter, string Body);

/// <summary>OData's $batch as JSON. Operations are numbered; answers are told apart by these numbers, not by their order.</summary>
static class JsonBatch
{
    /// <summary>Business Central takes no more operations.</summary>
    public const int MaxOperations = 100;

    public static string Write(IReadOnlyList<JsonRequest> requests) => new JsonObject
    {
        ["requests"] = new JsonArray([.. requests.Select((request, i) => Operation(request, i))]),
    }.ToJsonString();

    /// <summary>The answers in the order of the operations; null where one is missing, twice there, or cannot be read.</summary>
    public static IReadOnlyList<JsonPart?> Read(string body, int operations)
    {
        var parts = new JsonPart?[operations];
        var seen = new int[operations];
        try
        {
            using var json = JsonDocument.Parse(body);
            foreach (var response in json.RootElement.GetProperty("responses").EnumerateArray())
            {
                if (response.ValueKind != JsonValueKind.Object || !response.TryGetProperty("id", out var id) || id.ValueKind != JsonValueKind.String ||
                    !int.TryParse(id.GetString(), out var number) || number < 1 || number > operations) continue;
                parts[number - 1] = ++seen[number - 1] == 1 ? Part(response) : null;
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return new JsonPart?[operations];
        }
        return parts;
    }

    static JsonObject Operation(JsonRequest request, int index)
    {
        var operation = new JsonObject { ["id"] = $"{index + 1}", ["method"] = request.Method, ["url"] = request.Url };
        if (request.Body is not null)
        {
            operation["headers"] = new JsonObject { ["Content-Type"] = "application/json" };
            operation["body"] = request.Body;
        }
        return operation;
    }

    static JsonPart? Part(JsonElement response)
    {
        if (!response.TryGetProperty("status", out var status) || status.ValueKind != JsonValueKind.Number || !status.TryGetInt32(out var code)) return null;
        var body = response.TryGetProperty("body", out var value) && value.ValueKind is not JsonValueKind.Null ? value.GetRawText() : "";
        return new JsonPart(code, RetryAfter(response), body);
    }

    static string? RetryAfter(JsonElement response)
    {
        if (!response.TryGetProperty("headers", out var headers) || headers.ValueKind != JsonValueKind.Object) return null;
        foreach (var header in headers.EnumerateObject())
        {
            if (header.Name.Equals("Retry-After", StringComparison.OrdinalIgnoreCase))
                return header.Value.ValueKind == JsonValueKind.String ? header.Value.GetString() : header.Value.GetRawText();
        }
        return null;
    }
}
