namespace Streams.Broker.Groups;

/// <summary>
/// The coordinator's time, in milliseconds that never go back, and one timer that is set to the earliest deadline anybody waits for: where nothing
/// can expire nothing runs. Calls come under the coordinator's lock.
/// </summary>
internal sealed class GroupClock : IDisposable
{
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ITimer _timer;
    private long _next = long.MaxValue;

    public GroupClock(TimeProvider time, Action due)
    {
        _time = time;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(_ => due(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public long Now => (long)_time.GetElapsedTime(_start).TotalMilliseconds;

    /// <summary>The deadline that lies so many milliseconds ahead; the timer will not miss it.</summary>
    public long After(long milliseconds)
    {
        var at = Now + milliseconds;
        Schedule(at);
        return at;
    }

    /// <summary>The timer has fired: <paramref name="next"/> is the earliest deadline left, long.MaxValue where there is none.</summary>
    public void Restart(long next)
    {
        _next = long.MaxValue;
        Schedule(next);
    }

    public void Dispose() => _timer.Dispose();

    private void Schedule(long at)
    {
        if (at >= _next) return;
        _next = at;
        _timer.Change(TimeSpan.FromMilliseconds(Math.Clamp(at - Now, 0, int.MaxValue)), Timeout.InfiniteTimeSpan);
    }
}
