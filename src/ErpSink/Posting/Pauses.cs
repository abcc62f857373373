namespace Streams.ErpSink.Posting;

/// <summary>
/// How long to wait: exponential with jitter between half and the whole, from a seeded source. Where an ERP sends no Retry-After, the
/// pause has to be guessed, and guessed differently by each instance.
/// </summary>
public sealed class Pauses(PostingOptions options)
{
    const int Recoveries = 10;
    static readonly TimeSpan RecoverySpacing = TimeSpan.FromSeconds(1);

    readonly Lock _lock = new();
    readonly Random _random = new(options.JitterSeed);
    int _recoveries;
    DateTimeOffset _recoverAt;

    /// <summary>The pause after the refusal that follows <paramref name="earlier"/> others in a row.</summary>
    public TimeSpan AfterThrottling(int earlier)
    {
        lock (_lock) _recoveries = Recoveries;
        return Exponential(earlier);
    }

    /// <summary>The wait before a document is sent again that was posted <paramref name="attempts"/> times.</summary>
    public TimeSpan AfterFailure(int attempts) => Exponential(Math.Max(0, attempts - 1));

    /// <summary>Whether a success now is to be told to the others: a few times after throttling, a second apart.</summary>
    public bool IsRecovering(DateTimeOffset now)
    {
        lock (_lock)
        {
            if (_recoveries == 0 || now < _recoverAt) return false;
            _recoveries--;
            _recoverAt = now + RecoverySpacing;
            return true;
        }
    }

    TimeSpan Exponential(int step)
    {
        var whole = Math.Min(options.ThrottlePauseMax.Ticks, options.ThrottlePause.Ticks * (1L << Math.Min(step, 16)));
        lock (_lock) return TimeSpan.FromTicks(whole / 2 + _random.NextInt64(whole / 2 + 1));
    }
}
