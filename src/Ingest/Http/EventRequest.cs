using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Streams.Ingest.Events;
using Streams.Schemas;

namespace Streams.Ingest.Http;

/// <summary>One event of a request: read, or refused with its id as far as it could be told.</summary>
readonly record struct ReceivedEvent(UsageEvent? Usage, string? Id, EventRefusedException? Refusal);

/// <summary>The events of a request body, by the mode that its content type states.</summary>
sealed record EventRequest(bool IsBatch, IReadOnlyList<ReceivedEvent> Events)
{
    /// <exception cref="RequestRefusedException">415, or the body as a whole is malformed.</exception>
    public static EventRequest Read(HttpRequest request, ReadOnlyMemory<byte> body, int maxBatchEvents)
    {
        using var json = Parse(body);
        var root = json.RootElement;
        if (MediaTypes.Normalize(request.ContentType) == MediaTypes.Structured) return new(false, [Receive(() => CloudEventReader.ReadStructured(root), Id(root))]);
        if (MediaTypes.Normalize(request.ContentType) != MediaTypes.Batch) return new(false, [Receive(() => CloudEventReader.ReadBinary(request.Headers, root), null)]);
        if (root.ValueKind != JsonValueKind.Array) throw new RequestRefusedException(400, "BATCH_MALFORMED", "A batch is a JSON array of events");
        var count = root.GetArrayLength();
        if (count > maxBatchEvents) throw new RequestRefusedException(413, "BATCH_TOO_LARGE", $"The batch has {count} events, {maxBatchEvents} are allowed");
        return new(true, [.. root.EnumerateArray().Select(item => Receive(() => CloudEventReader.ReadStructured(item), Id(item)))]);
    }

    /// <summary>Checked before the body is read.</summary>
    public static void CheckContentType(HttpRequest request)
    {
        var type = MediaTypes.Normalize(request.ContentType);
        var known = type is MediaTypes.Structured or MediaTypes.Batch || (type == MediaTypes.Json && request.Headers.ContainsKey("ce-specversion"));
        if (!known) throw new RequestRefusedException(415, "CONTENT_TYPE_UNSUPPORTED", $"Send {MediaTypes.Structured}, {MediaTypes.Batch}, or {MediaTypes.Json} with ce- headers, in UTF-8");
        if (request.Headers.ContentEncoding.Count > 0) throw new RequestRefusedException(415, "CONTENT_ENCODING_UNSUPPORTED", "Send the body without Content-Encoding");
    }

    static JsonDocument Parse(ReadOnlyMemory<byte> body)
    {
        try
        {
            return StrictJson.Parse(body);
        }
        catch (JsonException e)
        {
            throw new RequestRefusedException(400, "JSON_MALFORMED", e.Message);
        }
    }

    static ReceivedEvent Receive(Func<UsageEvent> read, string? id)
    {
        try
        {
            var usage = read();
            return new(usage, usage.Id, null);
        }
        catch (EventRefusedException e)
        {
            return new(null, id, e);
        }
    }

    /// <summary>The id to name a refused event by, when it is one that can be repeated in an answer.</summary>
    static string? Id(JsonElement json)
    {
        try
        {
            return json.ValueKind == JsonValueKind.Object && json.TryGetProperty("id", out var id) ? EventText.RequireId(JsonText.Get(id, "id"), "id") : null;
        }
        catch (EventRefusedException)
        {
            return null;
        }
    }
}
