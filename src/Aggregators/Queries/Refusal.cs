using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;

namespace Streams.Aggregators.Queries;

/// <summary>A question that is not answered: HTTP status, a code for programs, and what to do about it.</summary>
public sealed record Refusal(int Status, string Code, string Detail)
{
    /// <summary>The partition that the answer lies in, where another instance has it.</summary>
    public int? Partition { get; init; }

    /// <summary>Answers with application/problem+json (RFC 9457).</summary>
    public async Task WriteAsync(HttpContext http)
    {
        if (Status == StatusCodes.Status401Unauthorized) http.Response.Headers.WWWAuthenticate = "Bearer";
        if (Status == StatusCodes.Status503ServiceUnavailable) http.Response.Headers.RetryAfter = "1";
        http.Response.StatusCode = Status;
        http.Response.ContentType = "application/problem+json";
        await using var json = new Utf8JsonWriter(http.Response.BodyWriter);
        json.WriteStartObject();
        json.WriteString("type", "about:blank");
        json.WriteString("title", ReasonPhrases.GetReasonPhrase(Status));
        json.WriteNumber("status", Status);
        json.WriteString("detail", Detail);
        json.WriteString("code", Code);
        if (Partition is { } partition) json.WriteNumber("partition", partition);
        json.WriteEndObject();
        await json.FlushAsync(http.RequestAborted).ConfigureAwait(false);
    }
}

/// <summary>Who may ask.</summary>
/// <param name="Check">Looks at the Authorization header; null: welcome.</param>
public sealed record ReadAccess(Func<string?, Refusal?> Check);
