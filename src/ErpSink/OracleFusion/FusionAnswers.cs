using System.Globalization;
using System.Text.Json;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.OracleFusion;

/// <summary>What Oracle's answers mean. Errors come as JSON with details, or as a line of plain text.</summary>
public sealed class FusionAnswers(FusionOptions options, TimeProvider time)
{
    /// <summary>The outcome of a POST that creates a transaction with an id.</summary>
    /// <param name="idField">The new record's id.</param>
    public ErpAnswer OfPost(ErpResponse response, string idField)
    {
        if (response.Status is not (200 or 201)) return OfError(response);
        if (Object(response.Body) is not { } made || Text(made, idField) is not { Length: > 0 } id)
            return Unknown(response.Status, "ANSWER_UNREADABLE", $"a success without {idField}");
        return new(ErpOutcome.Created, response.Status, ErpId: id) { PostedOn = Date(Text(made, "AccountingDate")) };
    }

    /// <summary>What an error says of the content that was sent.</summary>
    public ErpAnswer OfError(ErpResponse response)
    {
        if (OfAccount(response) is { } account) return account;
        var text = ErrorText(response.Body);
        // 412: another request was faster; a page is a proxy's word, not Oracle's.
        if (response.Status is not (400 or 409 or 422) || text is null) return Unknown(response.Status, $"HTTP_{response.Status}", text);
        if (Holds(options.DuplicateTexts)) return new(ErpOutcome.Duplicate, response.Status, "DUPLICATE", text);
        if (Holds(options.ClosedPeriodTexts)) return new(ErpOutcome.PeriodClosed, response.Status, "PERIOD_CLOSED", text);
        return new(ErpOutcome.Validation, response.Status, ErrorCode(response.Body) ?? "VALIDATION", text);

        bool Holds(IReadOnlyList<string> patterns) => patterns.Any(p => text.Contains(p, StringComparison.OrdinalIgnoreCase));
    }

    /// <summary>What an answer to a question says when it is no 200: never a refusal of the document.</summary>
    public ErpAnswer OfQuestion(ErpResponse response) => OfAccount(response) ?? Unknown(response.Status, $"HTTP_{response.Status}", ErrorText(response.Body));

    public static ErpAnswer Unknown(int status, string code, string? detail) => new(ErpOutcome.Unknown, status, code, detail);

    /// <summary>The JSON object that the text is, or null.</summary>
    public static JsonElement? Object(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A text or a number as text, or null.</summary>
    public static string? Text(JsonElement element, string name) => !element.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        _ => null,
    };

    public static DateOnly? Date(string? text) =>
        text?.Length >= 10 && DateOnly.TryParseExact(text[..10], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    // Maintenance answers 503 for hours.
    ErpAnswer? OfAccount(ErpResponse response) => response.Status switch
    {
        401 or 403 => new(ErpOutcome.Unauthorized, response.Status, $"HTTP_{response.Status}", ErrorText(response.Body)),
        429 or 503 => new(ErpOutcome.Throttled, response.Status, response.Status == 503 ? "MAINTENANCE" : "TOO_MANY_REQUESTS", ErrorText(response.Body))
            { RetryAfter = response.RetryAfter(time.GetUtcNow()) },
        _ => null,
    };

    /// <summary>The error's text: of the details, of the title, or the plain text; null for nothing and for pages.</summary>
    static string? ErrorText(string body)
    {
        if (Object(body) is { } error)
        {
            var details = error.TryGetProperty("o:errorDetails", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray().Where(d => d.ValueKind == JsonValueKind.Object).ToList() : [];
            var texts = details.Select(d => Text(d, "o:errorPath") is { } path ? $"{path}: {Text(d, "detail")}" : Text(d, "detail")).Append(Text(error, "detail") ?? Text(error, "title"));
            return string.Join("; ", texts.Where(t => !string.IsNullOrWhiteSpace(t)).Take(5)).Replace('\0', ' ') is { Length: > 0 } text ? text : null;
        }
        var plain = body.Trim().Replace('\0', ' ');
        return plain.Length == 0 || plain[0] is '<' or '{' or '[' ? null : plain[..Math.Min(plain.Length, 500)];
    }

    static string? ErrorCode(string body) => Object(body) is { } error && error.TryGetProperty("o:errorDetails", out var list) && list.ValueKind == JsonValueKind.Array &&
        list.EnumerateArray().FirstOrDefault() is { ValueKind: JsonValueKind.Object } first ? Text(first, "o:errorCode") : null;
}
