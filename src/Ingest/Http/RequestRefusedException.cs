using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Streams.Ingest.Http;

/// <summary>A whole request is refused: nothing of it was published, unless <paramref name="outcomes"/> says so event by event.</summary>
sealed class RequestRefusedException(int status, string code, string detail, string? field = null, IReadOnlyList<EventOutcome>? outcomes = null) : Exception(detail)
{
    public int Status { get; } = status;

    public string Code { get; } = code;

    /// <summary>Answers with application/problem+json (RFC 9457).</summary>
    public Task WriteAsync(HttpContext http, TimeSpan retryAfter)
    {
        if (Status is 429 or 503) http.Response.Headers.RetryAfter = ((int)Math.Ceiling(retryAfter.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        if (Status == 401) http.Response.Headers.WWWAuthenticate = "Bearer";
        if (!http.Request.Body.CanRead || Status is 408 or 413) http.Response.Headers.Connection = "close";
        http.Response.StatusCode = Status;
        var problem = new Problem("about:blank", Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(Status), Status, Message, Code, field, outcomes);
        return http.Response.WriteAsJsonAsync(problem, ApiJson.Options, "application/problem+json");
    }
}

/// <summary>RFC 9457, with the code and field that programs act on.</summary>
sealed record Problem(string Type, string Title, int Status, string Detail, string Code,
    string? Field,
    IReadOnlyList<EventOutcome>? Events);
