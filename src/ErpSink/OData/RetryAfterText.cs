using System.Net.Http.Headers;

namespace Streams.ErpSink.OData;

/// <summary>The Retry-After of one part of a batch's answer, which is no header of HTTP's own.</summary>
static class RetryAfterText
{
    /// <summary>Seconds or a date; between zero and a day, whatever it says. Null when it says nothing.</summary>
    public static TimeSpan? Parse(string? text, DateTimeOffset now)
    {
        if (!RetryConditionHeaderValue.TryParse(text, out var retry)) return null;
        var asked = retry.Delta ?? retry.Date - now;
        return asked is { } wait ? TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, TimeSpan.TicksPerDay)) : null;
    }
}
