using Microsoft.Net.Http.Headers;

namespace Streams.Ingest.Http;

/// <summary>The content types of CloudEvents over HTTP.</summary>
static class MediaTypes
{
    public const string Structured = "application/cloudevents+json";
    public const string Batch = "application/cloudevents-batch+json";
    public const string Json = "application/json";

    /// <summary>The media type in lower case without parameters; null when there is none, it is malformed, or its charset is not UTF-8.</summary>
    public static string? Normalize(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type) || type.MediaType.Value is not { } media) return null;
        return type.Charset.HasValue && !type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase) ? null : media.ToLowerInvariant();
    }

    public static bool IsJson(string contentType) =>
        Normalize(contentType) is { } type && (type == Json || type.EndsWith("+json", StringComparison.Ordinal));
}
