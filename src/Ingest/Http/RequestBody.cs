using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Streams.Ingest.Http;

/// <summary>Reads a body within its bounds of size and time.</summary>
static class RequestBody
{
    /// <exception cref="RequestRefusedException">413 or 408.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContext http, int maxBytes, TimeSpan timeout)
    {
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit) limit.MaxRequestBodySize = maxBytes;
        if (http.Request.ContentLength > maxBytes) throw TooLarge(maxBytes);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        stop.CancelAfter(timeout);
        var body = new byte[Math.Min(maxBytes, http.Request.ContentLength ?? 16 * 1024) + 1];
        var length = 0;
        try
        {
            while (true)
            {
                if (length == body.Length) Array.Resize(ref body, Math.Min(maxBytes + 1, body.Length * 2));
                var read = await http.Request.Body.ReadAsync(body.AsMemory(length), stop.Token);
                if (read == 0) return body.AsMemory(0, length);
                length += read;
                if (length > maxBytes) throw TooLarge(maxBytes);
            }
        }
        catch (BadHttpRequestException e)
        {
            throw e.StatusCode == 413 ? TooLarge(maxBytes) : new RequestRefusedException(e.StatusCode, "BODY_UNREADABLE", e.Message);
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw new RequestRefusedException(408, "BODY_TOO_SLOW", $"The body did not arrive within {timeout.TotalSeconds} s");
        }
    }

    static RequestRefusedException TooLarge(int maxBytes) => new(413, "BODY_TOO_LARGE", $"The body has more than {maxBytes} bytes");
}
