using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.ErpSink.OData;

/// <summary>Reading answers that may hold anything, and exact numbers both ways.</summary>
static class JsonReading
{
    /// <summary>A property's text, or null when there is none or it is something else.</summary>
    public static string? Text(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()!.Replace('\0', ' ') : null;

    public static bool TryObject(this JsonElement element, string name, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value) && value.ValueKind == JsonValueKind.Object;
    }

    /// <summary>A property's number to the last digit; zero when there is none.</summary>
    /// <exception cref="FormatException">It is no number that money can be.</exception>
    public static ExactDecimal Number(this JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) ? ExactDecimal.Parse(value.GetRawText()) : ExactDecimal.Zero;

    /// <summary>A number or text that names a record.</summary>
    public static string? Identifier(this JsonElement element, string name)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out var value)) return null;
        var text = value.ValueKind switch { JsonValueKind.Number => value.GetRawText(), JsonValueKind.String => value.GetString(), _ => null };
        return string.IsNullOrWhiteSpace(text) ? null : text;
    }

    public static JsonNode Number(ExactDecimal value) => JsonNode.Parse(value.ToString())!;

    /// <summary>The body as an object that reports no error, or null.</summary>
    public static JsonElement? Success(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var root = json.RootElement;
            return root.ValueKind == JsonValueKind.Object && !root.TryGetProperty("error", out _) ? root.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
