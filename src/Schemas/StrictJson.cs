using System.Text.Json;
using System.Text.Unicode;

namespace Streams.Schemas;

/// <summary>JSON from outside: valid UTF-8, bounded depth, no comments, no trailing commas.</summary>
public static class StrictJson
{
    public const int MaxDepth = 32;

    static readonly JsonDocumentOptions Once = new() { MaxDepth = MaxDepth, AllowDuplicateProperties = false };

    static readonly JsonDocumentOptions Any = new() { MaxDepth = MaxDepth };

    /// <param name="utf8">The text.</param>
    /// <param name="duplicates">Whether a property may come twice, because the reader tells where; else that is refused here, as are names with half a surrogate pair.</param>
    /// <exception cref="JsonException">Says which of these rules the text breaks.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> utf8, bool duplicates = false)
    {
        if (!Utf8.IsValid(utf8.Span)) throw new JsonException("The text is not valid UTF-8");
        try
        {
            return JsonDocument.Parse(utf8, duplicates ? Any : Once);
        }
        catch (InvalidOperationException e)
        {
            throw new JsonException("A property's name holds half a surrogate pair", e);
        }
    }
}
