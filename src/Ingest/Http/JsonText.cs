using System.Text.Json;
using Streams.Ingest.Events;

namespace Streams.Ingest.Http;

static class JsonText
{
    /// <summary>The text of a JSON string; a lone surrogate escape (\ud800) is refused, never replaced.</summary>
    public static string Get(JsonElement value, string field)
    {
        if (value.ValueKind != JsonValueKind.String) throw new EventRefusedException(RefusalCodes.FieldType, field, "must be a string");
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new EventRefusedException(RefusalCodes.TextInvalid, field, "holds half a surrogate pair");
        }
    }
}
