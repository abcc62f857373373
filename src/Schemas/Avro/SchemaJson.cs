using System.Text;
using System.Text.Json;

namespace Streams.Schemas.Avro;

/// <summary>Loads the JSON of a schema within limits: size, depth, no property twice, only valid Unicode.</summary>
static class SchemaJson
{
    /// <summary>The largest schema in bytes of UTF-8.</summary>
    public const int MaxBytes = 1024 * 1024;

    /// <summary>The deepest nesting of its JSON.</summary>
    public const int MaxDepth = 64;

    static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    public static JsonElement Load(string json)
    {
        if (json.Length > MaxBytes) throw TooLarge();
        try
        {
            var utf8 = StrictUtf8.GetBytes(json);
            if (utf8.Length > MaxBytes) throw TooLarge();
            using var document = JsonDocument.Parse(utf8, Options);
            var root = document.RootElement.Clone();
            ReadEveryString(root);
            return root;
        }
        catch (JsonException e)
        {
            throw new AvroException($"$: the schema is not valid JSON: {e.Message}", e);
        }
        catch (Exception e) when (e is EncoderFallbackException or InvalidOperationException)
        {
            throw new AvroException("$: the schema holds half a surrogate pair", e);
        }
    }

    /// <summary>An escaped half of a surrogate pair is found only when its string is read, so all are read here.</summary>
    static void ReadEveryString(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.String:
                _ = json.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in json.EnumerateArray()) ReadEveryString(item);
                break;
            case JsonValueKind.Object:
                foreach (var property in json.EnumerateObject())
                {
                    _ = property.Name;
                    ReadEveryString(property.Value);
                }
                break;
        }
    }

    static AvroException TooLarge() => new($"$: the schema is larger than {MaxBytes} bytes");
}
