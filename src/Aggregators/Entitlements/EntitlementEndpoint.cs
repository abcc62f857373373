using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Streams.Aggregators.Queries;
using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Aggregators.Entitlements;

/// <summary>GET /v1/entitlements/{customer}/{feature} and GET /v1/entitlements/{customer}, with <c>?at=</c> for another time than now.</summary>
sealed class EntitlementEndpoint(EntitlementReader reader, ReadAccess access, Peers peers)
{
    public Task OneAsync(HttpContext http) => RunAsync(http, Route(http, "feature"));

    public Task AllAsync(HttpContext http) => RunAsync(http, null);

    Task RunAsync(HttpContext http, string? feature)
    {
        var started = Stopwatch.GetTimestamp();
        if (access.Check(http.Request.Headers.Authorization) is { } denied) return RefuseAsync(http, denied, "refused", started);
        if (!TryReadTime(http.Request, out var at))
            return RefuseAsync(http, new(StatusCodes.Status400BadRequest, "TIME_INVALID", "at: is no time of the years 1970 to 2199 such as 2026-01-31T12:00:00Z"), "refused", started);
        var customer = Route(http, "customer");
        var result = feature is null ? reader.All(customer, at) : reader.Find(customer, feature, at);
        if (result.Refusal is { } refusal) return RefuseAsync(http, refusal, refusal.Status == StatusCodes.Status404NotFound ? "unknown" : "unavailable", started);
        if (result.Answers is not { } answers) return ElsewhereAsync(http, result, started);
        var json = EntitlementJson.OfThread;
        Send(http.Response, feature is null ? json.Write(customer, answers) : json.Write(answers[0]));
        Telemetry.Lookup(feature is null ? "listed" : answers[0].Answer.HasAccess ? "allowed" : "denied", Stopwatch.GetElapsedTime(started).TotalSeconds);
        return Task.CompletedTask;
    }

    async Task ElsewhereAsync(HttpContext http, EntitlementResult result, long started)
    {
        if (await peers.AskAsync(http, result.Owner, result.Partition).ConfigureAwait(false) is { } refusal) await RefuseAsync(http, refusal, "elsewhere", started).ConfigureAwait(false);
        else Telemetry.Lookup("forwarded", Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    static async Task RefuseAsync(HttpContext http, Refusal refusal, string outcome, long started)
    {
        await refusal.WriteAsync(http).ConfigureAwait(false);
        Telemetry.Lookup(outcome, Stopwatch.GetElapsedTime(started).TotalSeconds);
    }

    static void Send(HttpResponse response, ReadOnlySpan<byte> json)
    {
        response.ContentType = "application/json";
        response.ContentLength = json.Length;
        response.BodyWriter.Write(json);
    }

    static string Route(HttpContext http, string name) => (string)http.Request.RouteValues[name]!;

    static bool TryReadTime(HttpRequest request, out Timestamp? at)
    {
        at = null;
        if (!request.QueryString.HasValue || request.Query["at"] is not [{ } text]) return true;
        if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)) return false;
        at = Timestamp.From(time);
        return ZoneClock.Supported.Contains(at.Value);
    }
}
