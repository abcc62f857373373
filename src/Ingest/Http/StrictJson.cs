using System.Text.Json;
using System.Text.Unicode;

namespace Streams.Ingest.Http;

/// <summary>JSON from outside: valid UTF-8, bounded depth, no property twice, no comments, no trailing commas, no half surrogate pairs in names.</summary>
static class StrictJson
{
    const int MaxDepth = 32;

    static readonly JsonDocumentOptions Options = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    /// <exception cref="JsonException">Says which of these rules the text breaks.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8)
    {
        if (!Utf8.IsValid(utf8.Span)) throw new JsonException("The text is not valid UTF-8");
        try
        {
            return JsonDocument.Parse(utf8, Options);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("A property's name holds half a surrogate pair", e);
        }
    }
}
