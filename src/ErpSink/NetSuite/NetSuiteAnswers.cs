using System.Text.Json;
using Streams.ErpSink.Posting;
using Streams.Schemas;

namespace Streams.ErpSink.NetSuite;

/// <summary>
/// What NetSuite's answers mean. The status alone says little: permission, lock, duplicate and validation troubles all come as 400 USER_ERROR, so
/// the body decides. Whatever is not certain is unknown.
/// </summary>
public static class NetSuiteAnswers
{
    static readonly string[] DuplicateTexts = ["already exists", "already been used", "duplicate"];
    static readonly string[] ClosedPeriodTexts = ["period is closed", "closed period", "period closed", "locked period", "period is locked"];

    /// <summary>The outcome of a POST. <paramref name="location"/> is the header that names the new record.</summary>
    public static ErpAnswer OfPost(int status, string? location, string body)
    {
        if (status is >= 200 and < 300)
            return IdOf(location) is { } id ? new(ErpOutcome.Created, status, ErpId: id) : Unknown(status, "NO_LOCATION", "a success without the new record's address");
        return OfError(status, body, error =>
        {
            var text = error.Detail ?? "";
            if (error.Code == "IDEMPOTENCY_ERROR" || Holds(text, DuplicateTexts)) return new(ErpOutcome.Duplicate, status, "DUPLICATE", text);
            if (Holds(text, ClosedPeriodTexts) || error.Path is "postingPeriod") return new(ErpOutcome.PeriodClosed, status, "PERIOD_CLOSED", text);
            return new(ErpOutcome.Validation, status, error.Code ?? "VALIDATION", error.Path is null ? text : $"{error.Path}: {text}");
        });
    }

    /// <summary>The outcome of a look-up of a document by its key.</summary>
    public static ErpAnswer OfLookUp(int status, string body, ErpDocument document, NetSuiteMapping mapping)
    {
        if (status == 200) return Compare(body, document, mapping);
        return OfError(status, body, error => status == 404
            ? new(ErpOutcome.Absent, status, error.Code, error.Detail)
            : Unknown(status, error.Code ?? "LOOKUP_REFUSED", error.Detail));
    }

    static ErpAnswer OfError(int status, string body, Func<NetSuiteError, ErpAnswer> ofClientError)
    {
        var error = NetSuiteError.Parse(body);
        if (status == 429) return new(ErpOutcome.Throttled, status, error?.Code ?? "TOO_MANY_REQUESTS", error?.Detail);
        if (status is 401 or 403) return new(ErpOutcome.Unauthorized, status, error?.Code ?? "UNAUTHORIZED", error?.Detail);
        if (error?.Code == "RCRD_HAS_BEEN_CHANGED") return Unknown(status, error.Code, error.Detail);
        // A proxy's page is not NetSuite's word; a redirect is never followed.
        if (status is < 400 or 408 or >= 500 || error is null) return Unknown(status, error?.Code ?? $"HTTP_{status}", error?.Detail);
        return ofClientError(error);
    }

    static ErpAnswer Compare(string body, ErpDocument document, NetSuiteMapping mapping)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            var record = json.RootElement;
            var id = record.GetProperty("id").GetString();
            var difference = Difference(record, document, mapping);
            return difference is null
                ? new(ErpOutcome.Found, 200, ErpId: id)
                : new(ErpOutcome.Different, 200, "ERP_CONFLICT", $"record {id} in NetSuite differs: {difference}", id);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException or OverflowException)
        {
            return Unknown(200, "ANSWER_UNREADABLE", e.Message);
        }
    }

    static string? Difference(JsonElement record, ErpDocument document, NetSuiteMapping mapping)
    {
        var key = record.GetProperty("externalId").GetString();
        if (key != document.DocumentKey) return $"externalId is {key}";
        var currency = record.GetProperty("currency").GetProperty("id").GetString();
        if (currency != NetSuiteMapping.Find(mapping.Currencies, document.Currency)) return $"currency is {currency}";
        if (document.Kind == DocumentKind.GlJournal)
        {
            var debits = Sum(record, "debit");
            var credits = Sum(record, "credit");
            var expected = document.Lines.Aggregate(Positive(document.Total), (sum, line) => sum + Positive(-line.Amount));
            return debits != expected || credits != expected ? $"debits are {debits} and credits {credits}, expected {expected}" : null;
        }
        var entity = record.GetProperty("entity").GetProperty("id").GetString();
        if (entity != NetSuiteMapping.Find(mapping.Customers, document.CustomerId)) return $"entity is {entity}";
        var total = Number(record.GetProperty("total"));
        return total != document.Total ? $"total is {total}, expected {document.Total}" : null;
    }

    static ExactDecimal Sum(JsonElement record, string side)
    {
        var sum = ExactDecimal.Zero;
        foreach (var entry in record.GetProperty("line").GetProperty("items").EnumerateArray())
        {
            if (entry.TryGetProperty(side, out var amount)) sum += Number(amount);
        }
        return sum;
    }

    static ExactDecimal Positive(ExactDecimal amount) => amount > ExactDecimal.Zero ? amount : ExactDecimal.Zero;

    static ExactDecimal Number(JsonElement element) => ExactDecimal.Parse(element.GetRawText());

    static ErpAnswer Unknown(int status, string code, string? detail) => new(ErpOutcome.Unknown, status, code, detail);

    static bool Holds(string text, string[] patterns) => patterns.Any(p => text.Contains(p, StringComparison.OrdinalIgnoreCase));

    static string? IdOf(string? location)
    {
        var id = location?.TrimEnd('/').Split('/')[^1];
        return string.IsNullOrEmpty(id) ? null : id;
    }
}

/// <summary>NetSuite's error body: o:errorDetails[0] with detail, o:errorCode and o:errorPath.</summary>
public sealed record NetSuiteError(string? Code, string? Detail, string? Path)
{
    /// <summary>Null when the text is not such a body.</summary>
    public static NetSuiteError? Parse(string body)
    {
        try
        {
            using var json = JsonDocument.Parse(body);
            if (json.RootElement.ValueKind != JsonValueKind.Object || !json.RootElement.TryGetProperty("o:errorDetails", out var details) ||
                details.ValueKind != JsonValueKind.Array || details.GetArrayLength() == 0 || details[0].ValueKind != JsonValueKind.Object) return null;
            return new NetSuiteError(Text(details[0], "o:errorCode"), Text(details[0], "detail"), Text(details[0], "o:errorPath"));
        }
        catch (JsonException)
        {
            return null;
        }
    }

    static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()!.Replace('\0', ' ') : null;
}
