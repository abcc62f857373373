namespace Streams.Broker.Crash.Tests.Disk;

/// <summary>Time that stands still until it is moved; timers fire on the thread that moves it.</summary>
internal sealed class StillTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Timer> _timers = [];
    private long _milliseconds = 1_800_000_000_000;

    public long Milliseconds => Interlocked.Read(ref _milliseconds);

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.FromUnixTimeMilliseconds(Milliseconds);

    public override long TimestampFrequency => 1000;

    public override long GetTimestamp() => Milliseconds;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state));
        timer.Change(dueTime, period);
        lock (_gate) _timers.Add(timer);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        Interlocked.Add(ref _milliseconds, (long)by.TotalMilliseconds);
        Timer[] timers;
        lock (_gate) timers = [.. _timers];
        foreach (var timer in timers) timer.FireIfDue();
    }

    private sealed class Timer(StillTime time, Action fire) : ITimer
    {
        private long _due = long.MaxValue;
        private TimeSpan _period;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _due = dueTime < TimeSpan.Zero ? long.MaxValue : time.Milliseconds + (long)dueTime.TotalMilliseconds;
            _period = period;
            return true;
        }

        public void FireIfDue()
        {
            if (time.Milliseconds < _due) return;
            _due = _period > TimeSpan.Zero ? time.Milliseconds + (long)_period.TotalMilliseconds : long.MaxValue;
            fire();
        }

        public void Dispose()
        {
            _due = long.MaxValue;
            lock (time._gate) time._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
