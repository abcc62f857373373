using System.Text.Json.Nodes;
using Streams.Schemas;

namespace Streams.ErpSink.Dynamics;

/// <summary>
/// Headers that were made while F&amp;O was too busy for their lines. The next attempt uses them: it neither leaves empty headers behind nor calls again only to
/// delete them, which would make F&amp;O ask for a longer pause. Forgotten at a restart; a look-up deletes them then.
/// </summary>
sealed class WaitingHeaders
{
    const int Limit = 10_000;

    readonly Lock _lock = new();
    readonly Dictionary<string, (string Number, string Header)> _numbers = new(StringComparer.Ordinal);

    public void Keep(ErpDocument document, string number, JsonObject header)
    {
        lock (_lock)
        {
            if (_numbers.Count < Limit) _numbers[document.DocumentKey] = (number, header.ToJsonString());
        }
    }

    /// <summary>The number of a header for the document that is still what would be made now, or null. It is given once.</summary>
    public string? Take(ErpDocument document, JsonObject header)
    {
        lock (_lock) return _numbers.Remove(document.DocumentKey, out var kept) && kept.Header == header.ToJsonString() ? kept.Number : null;
    }

    public void Forget(ErpDocument document)
    {
        lock (_lock) _numbers.Remove(document.DocumentKey);
    }
}
