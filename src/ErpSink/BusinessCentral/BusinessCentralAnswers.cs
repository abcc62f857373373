using Streams.ErpSink.OData;
using Streams.ErpSink.Posting;

namespace Streams.ErpSink.BusinessCentral;

/// <summary>What Business Central's answers mean: its error code decides, the status where there is none. The CorrelationId stays in the detail.</summary>
sealed class BusinessCentralAnswers(BusinessCentralOptions options, TimeProvider time)
{
    readonly TextPatterns _closedPeriod = new(nameof(options.ClosedPeriodPatterns), options.ClosedPeriodPatterns);
    readonly TextPatterns _duplicate = new(nameof(options.DuplicatePatterns), options.DuplicatePatterns);

    public ErpAnswer OfError(ErpResponse response) => OfError(response.Status, response.RetryAfter(time.GetUtcNow()), response.Body);

    /// <summary>Null when the operation succeeded.</summary>
    public ErpAnswer? OfPart(JsonPart? part)
    {
        if (part is null) return new(ErpOutcome.Unknown, 200, "ANSWER_MISSING", "the batch's answer says nothing of this document");
        if (part.Status is < 200 or >= 300) return OfError(part.Status, RetryAfterText.Parse(part.RetryAfter, time.GetUtcNow()), part.Body);
        return part.Body.Length > 0 && JsonReading.Success(part.Body) is null ? new(ErpOutcome.Unknown, part.Status, "ANSWER_UNREADABLE", "a success whose body is none") : null;
    }

    ErpAnswer OfError(int status, TimeSpan? retryAfter, string body)
    {
        var error = ODataError.Parse(body);
        var (code, text) = (string.IsNullOrEmpty(error?.Code) ? null : error.Code, error?.Message);
        // 503: it waited in the queue for too long, and was never begun; or the service is down for maintenance.
        if (status is 429 or 503) return new(ErpOutcome.Throttled, status, code ?? (status == 429 ? "TOO_MANY_REQUESTS" : "UNAVAILABLE"), text) { RetryAfter = retryAfter };
        if (status is 401 or 403 || Starts(code, "Authentication_", "Authorization_")) return new(ErpOutcome.Unauthorized, status, code ?? "UNAUTHORIZED", text);
        if (status == 413) return new(ErpOutcome.Validation, status, code ?? "REQUEST_TOO_LARGE", text ?? "the request is too large");
        if (code is null || status is < 400 or 408 or 409 or 412 or >= 500 || code == "Request_EntityChanged") return new(ErpOutcome.Unknown, status, code ?? $"HTTP_{status}", text);
        if (code == "Internal_EntityWithSameKeyExists" || _duplicate.Match(text ?? "")) return new(ErpOutcome.Duplicate, status, code, text);
        if (_closedPeriod.Match(text ?? "")) return new(ErpOutcome.PeriodClosed, status, code, text);
        return Starts(code, "Application_", "BadRequest", "Internal_RecordNotFound", "Internal_InvalidTableRelation", "Internal_DataNotFoundFilter")
            ? new(ErpOutcome.Validation, status, code, text) : new(ErpOutcome.Unknown, status, code, text);
    }

    static bool Starts(string? code, params ReadOnlySpan<string> prefixes)
    {
        foreach (var prefix in prefixes)
        {
            if (code?.StartsWith(prefix, StringComparison.Ordinal) == true) return true;
        }
        return false;
    }
}
