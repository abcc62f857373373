using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.Simulators;

/// <summary>An answer on its way to the caller.</summary>
sealed record Answer(int Status, ReadOnlyMemory<byte> Body = default, string? ContentType = null)
{
    static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public IReadOnlyList<(string Name, string Value)> Headers { get; init; } = [];

    public string Text => Encoding.UTF8.GetString(Body.Span);

    public Answer With(string name, string? value) => value is null ? this : this with { Headers = [.. Headers.Where(h => h.Name != name), (name, value)] };

    public string? Header(string name) => Headers.FirstOrDefault(h => h.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    public static Answer Of(int status, JsonNode body, string type = "application/json") => new(status, JsonSerializer.SerializeToUtf8Bytes(body, Json), type);

    public static Answer Of(int status, string text, string type) => new(status, Encoding.UTF8.GetBytes(text), type);

    /// <summary>A decimal as a JSON number, digit for digit.</summary>
    public static JsonNode Number(string amount) => JsonNode.Parse(amount)!;

    public static JsonNode Number(ExactDecimal amount) => Number(amount.ToString());
}

/// <summary>Reading of JSON that callers send.</summary>
static class JsonReading
{
    /// <summary>A string property, or null when it is missing or of another type.</summary>
    public static string? Str(this JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A string or number as text.</summary>
    public static string? Scalar(this JsonElement body, string name) =>
        body.ValueKind != JsonValueKind.Object || !body.TryGetProperty(name, out var value) ? null
        : value.ValueKind == JsonValueKind.String ? value.GetString()
        : value.ValueKind is JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False ? value.GetRawText() : null;

    /// <summary>A number, or null when it is missing.</summary>
    /// <exception cref="FormatException">It is there and is not a plain decimal number.</exception>
    public static ExactDecimal? Number(this JsonElement body, string name)
    {
        if (body.ValueKind != JsonValueKind.Object || !body.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        return ExactDecimal.TryParse(value.ValueKind == JsonValueKind.String ? value.GetString() : value.GetRawText(), out var number, out var error)
            ? number : throw new FormatException($"{name} {error}");
    }

    /// <summary>The elements of an array property; none when it is missing.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : [];

    /// <summary>A property, or an undefined element.</summary>
    public static JsonElement Member(this JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out var value) ? value : default;
}
