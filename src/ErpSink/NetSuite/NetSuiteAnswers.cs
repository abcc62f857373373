using System.Text.Json;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.NetSuite;

/// <summary>
/// What NetSuite's answers mean. The status alone says little: permission, lock, duplicate and validation troubles all come as 400 USER_ERROR, so
/// the body decides. Whatever is not certain is unknown.
/// </summary>
public sealed class NetSuiteAnswers(NetSuiteOptions options, TimeProvider time)
{
    /// <summary>The outcome of a POST of one record.</summary>
    public ErpAnswer OfPost(ErpResponse response) => Waited(response, OfPost(response.Status, response.Headers.Location?.ToString(), response.Body));

    /// <summary>The outcomes of a POST of many.</summary>
    public IReadOnlyList<ErpAnswer> OfAsyncPost(ErpResponse response, int count) =>
        [.. OfAsyncPost(response.Status, response.Headers.Location?.ToString(), response.Body, count).Select(a => Waited(response, a))];

    /// <summary>What an answer to a question says when it is no 200.</summary>
    public ErpAnswer OfQuestion(ErpResponse response, bool absence) => Waited(response, OfQuestion(response.Status, response.Body, absence));

    /// <summary>The outcome of a POST of one record. <paramref name="location"/> is the header that names the new record.</summary>
    public ErpAnswer OfPost(int status, string? location, string body)
    {
        if (status is >= 200 and < 300)
            return LastSegment(location) is { } id ? new(ErpOutcome.Created, status, ErpId: id) : Unknown(status, "NO_LOCATION", "a success without the new record's address");
        return OfError(status, body, error => OfRefusal(status, error));
    }

    /// <summary>
    /// The outcome of the request for many records: the job that makes them, with the place of each. A key that was used before
    /// is answered with the earlier job.
    /// </summary>
    public IReadOnlyList<ErpAnswer> OfAsyncPost(int status, string? location, string body, int count)
    {
        var repeated = status == 400 && NetSuiteError.Parse(body)?.Code == "IDEMPOTENCY_ERROR";
        if (status != 202 && !repeated) return All(status is >= 200 and < 300 ? Unknown(status, "NOT_ASYNCHRONOUS", "a success that names no job") : OfError(status, body, e => OfRefusal(status, e)));
        if (LastSegment(location) is not { } job) return All(Unknown(status, "NO_LOCATION", "taken for later without the job's address"));
        return [.. Enumerable.Range(1, count).Select(place => new ErpAnswer(ErpOutcome.Accepted, status) { Job = new NetSuiteJob(job, place).ToString() })];

        IReadOnlyList<ErpAnswer> All(ErpAnswer answer) => [.. Enumerable.Repeat(answer, count)];
    }

    /// <summary>What an answer to a question says when it is no 200: an absence where <paramref name="absence"/> allows it, never a refusal of the document.</summary>
    public ErpAnswer OfQuestion(int status, string body, bool absence) => OfError(status, body, error =>
        absence && status == 404 ? new(ErpOutcome.Absent, status, error.Code, error.Detail)
        : Holds(error.Detail, options.PermissionTexts) ? new(ErpOutcome.Unauthorized, status, error.Code, error.Detail)
        : Unknown(status, error.Code ?? "LOOKUP_REFUSED", error.Detail));

    /// <summary>What NetSuite's word about one record means.</summary>
    public ErpAnswer OfRefusal(int status, NetSuiteError error)
    {
        var text = error.Detail ?? "";
        if (error.Code == "RCRD_HAS_BEEN_CHANGED") return Unknown(status, error.Code, text);
        if (error.Code == "IDEMPOTENCY_ERROR" || Holds(text, options.DuplicateTexts)) return new(ErpOutcome.Duplicate, status, "DUPLICATE", text);
        if (error.Path is "postingPeriod" || Holds(text, options.ClosedPeriodTexts)) return new(ErpOutcome.PeriodClosed, status, "PERIOD_CLOSED", text);
        if (Holds(text, options.PermissionTexts)) return new(ErpOutcome.Unauthorized, status, error.Code ?? "PERMISSION", text);
        return new(ErpOutcome.Validation, status, error.Code ?? "VALIDATION", error.Path is null ? text : $"{error.Path}: {text}");
    }

    public static ErpAnswer Unknown(int status, string code, string? detail) => new(ErpOutcome.Unknown, status, code, detail);

    static ErpAnswer OfError(int status, string body, Func<NetSuiteError, ErpAnswer> ofClientError)
    {
        var error = NetSuiteError.Parse(body);
        if (status is 429 or 503) return new(ErpOutcome.Throttled, status, error?.Code ?? (status == 429 ? "TOO_MANY_REQUESTS" : "MAINTENANCE"), error?.Detail);
        if (status is 401 or 403) return new(ErpOutcome.Unauthorized, status, error?.Code ?? "UNAUTHORIZED", error?.Detail);
        if (error?.Code == "RCRD_HAS_BEEN_CHANGED") return Unknown(status, error.Code, error.Detail);
        // A proxy's page is not NetSuite's word; a redirect is never followed.
        if (status is < 400 or 408 or >= 500 || error is null) return Unknown(status, error?.Code ?? $"HTTP_{status}", error?.Detail);
        return ofClientError(error);
    }

    // NetSuite has not been seen to say how long; a proxy before it may.
    ErpAnswer Waited(ErpResponse response, ErpAnswer answer) => answer.Outcome == ErpOutcome.Throttled ? answer with { RetryAfter = response.RetryAfter(time.GetUtcNow()) } : answer;

    static bool Holds(string? text, IReadOnlyList<string> patterns) => text is not null && patterns.Any(p => text.Contains(p, StringComparison.OrdinalIgnoreCase));

    static string? LastSegment(string? location)
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
            return Read(json.RootElement);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Null when the element is not such a body.</summary>
    public static NetSuiteError? Read(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty("o:errorDetails", out var details) ||
            details.ValueKind != JsonValueKind.Array || details.GetArrayLength() == 0 || details[0].ValueKind != JsonValueKind.Object) return null;
        return new NetSuiteError(Text(details[0], "o:errorCode"), Text(details[0], "detail"), Text(details[0], "o:errorPath"));
    }

    static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString()!.Replace('\0', ' ') : null;
}
