namespace Streams.ErpSink.Posting;

/// <summary>
/// How long to wait: exponential with jitter between half and the whole, from a seeded source. NetSuite sends no Retry-After, so the
/// pause has to be guessed, and guessed differently by each instance.
/// </summary>
public sealed class Pauses(PostingOptions options)
{
    readonly Lock _lock = new();
    readonly Random _random = new(options.JitterSeed);
    bool _throttled;

    /// <summary>The pause after the refusal that follows <paramref name="earlier"/> others in a row.</summary>
    public TimeSpan AfterThrottling(int earlier)
    {
        lock (_lock) _throttled = true;
        return Exponential(earlier);
    }

    /// <summary>The wait before a document is sent again that was posted <paramref name="attempts"/> times.</summary>
    public TimeSpan AfterFailure(int attempts) => Exponential(Math.Max(0, attempts - 1));

    /// <summary>Whether this is the first success after throttling.</summary>
    public bool EndOfThrottling()
    {
        lock (_lock) return _throttled && !(_throttled = false);
    }

    TimeSpan Exponential(int step)
    {
        var whole = Math.Min(options.ThrottlePauseMax.Ticks, options.ThrottlePause.Ticks * (1L << Math.Min(step, 16)));
        lock (_lock) return TimeSpan.FromTicks(whole / 2 + _random.NextInt64(whole / 2 + 1));
    }
}
