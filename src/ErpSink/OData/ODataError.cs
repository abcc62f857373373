using System.Text.Json;

namespace Streams.ErpSink.OData;

/// <summary>OData's error body: {"error":{"code","message","innererror":{"message"}}}.</summary>
public sealed record ODataError(string? Code, string? Message, string? Inner)
{
    /// <summary>The innermost message: where F&amp;O puts its Infolog.</summary>
    public string Text => Inner ?? Message ?? "";

    /// <summary>Null when the text is not such a body.</summary>
    public static ODataError? Parse(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (!json.RootElement.TryObject("error", out var error)) return null;
            return new ODataError(error.Text("code"), error.Text("message"), error.TryObject("innererror", out var inner) ? inner.Text("message") : null);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
