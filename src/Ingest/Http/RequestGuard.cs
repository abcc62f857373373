using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Streams.Ingest.Http;

/// <summary>What every write goes through before its body is looked at: key, scope, content type, room in memory, size and time; and the answer when it is refused.</summary>
sealed class RequestGuard(IngestOptions options, ApiKeyRing keys, ILogger<RequestGuard> logger)
{
    readonly InFlightGate _bytes = new(options.MaxBytesInFlight, Telemetry.BytesInFlight);

    public async Task RunAsync(HttpContext http, string route, string scope, Func<HttpContext, ApiKey, ReadOnlyMemory<byte>, Task> handle)
    {
        var started = System.Diagnostics.Stopwatch.GetTimestamp();
        try
        {
            var key = Authorize(http.Request, scope);
            CheckContentType(http.Request, route);
            await WithBodyAsync(http, body => handle(http, key, body));
        }
        catch (RequestRefusedException e)
        {
            Log.RequestRefused(logger, route, e.Status, e.Code);
            await e.WriteAsync(http, options.RetryAfter);
        }
        Telemetry.RequestSeconds.Record(System.Diagnostics.Stopwatch.GetElapsedTime(started).TotalSeconds,
            new KeyValuePair<string, object?>("route", route), new("status", http.Response.StatusCode));
    }

    public ApiKey Authorize(HttpRequest request, string scope)
    {
        var key = keys.Find(request.Headers.Authorization) ?? throw new RequestRefusedException(401, "KEY_INVALID", "The API key is missing, unknown or expired");
        return key.Scopes.Contains(scope) ? key : throw new RequestRefusedException(403, "SCOPE_MISSING", $"The API key lacks the scope {scope}");
    }

    static void CheckContentType(HttpRequest request, string route)
    {
        if (route == "events") EventRequest.CheckContentType(request);
        else if (MediaTypes.Normalize(request.ContentType) != MediaTypes.Json) throw new RequestRefusedException(415, "CONTENT_TYPE_UNSUPPORTED", $"Send {MediaTypes.Json} in UTF-8");
    }

    async Task WithBodyAsync(HttpContext http, Func<ReadOnlyMemory<byte>, Task> handle)
    {
        // A body of unknown length may grow to the limit, so that much is reserved.
        var reserved = Math.Min(http.Request.ContentLength ?? options.MaxBodyBytes, options.MaxBodyBytes);
        if (!_bytes.TryEnter(reserved)) throw new RequestRefusedException(429, "TOO_MANY_IN_FLIGHT", "Too many requests wait for the broker");
        try
        {
            await handle(await RequestBody.ReadAsync(http, options.MaxBodyBytes, options.BodyTimeout));
        }
        finally
        {
            _bytes.Leave(reserved);
        }
    }
}
