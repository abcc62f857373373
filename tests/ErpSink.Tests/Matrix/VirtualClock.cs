using System.Diagnostics;

namespace Streams.ErpSink.Tests.Matrix;

/// <summary>
/// Time that goes on by itself and can be moved on: timers fire only when it is moved. It has two sides, the sink's and the ERP's, so that it can be seen who waits.
/// Waits of the spans in <paramref name="unattended"/> (time-outs, jobs of the ERP) hold nobody up.
/// </summary>
sealed class VirtualClock(params TimeSpan[] unattended)
{
    readonly Lock _lock = new();
    readonly List<Timer> _timers = [];
    long _shift;

    public TimeProvider Sink => new Side(this, isSink: true);

    public TimeProvider Erp => new Side(this, isSink: false);

    public DateTimeOffset Now => TimeProvider.System.GetUtcNow() + Shift;

    public TimeSpan Shift => TimeSpan.FromTicks(Interlocked.Read(ref _shift));

    /// <summary>Lines of the sink that wait for time to pass.</summary>
    public int SinkWaits => Count(isSink: true);

    /// <summary>Requests that the ERP holds.</summary>
    public int ErpWaits => Count(isSink: false);

    /// <summary>How long the sink's earliest wait lasts yet.</summary>
    public TimeSpan? UntilSink => Until(t => t is { IsSink: true, IsAttended: true });

    /// <summary>How long until something else happens: a time-out, an answer, a job's end.</summary>
    public TimeSpan? UntilOther => Until(t => !t.IsSink || !t.IsAttended);

    /// <summary>Moves the clock and fires what is due by then, in order. Back, it fires nothing.</summary>
    public void Move(TimeSpan by)
    {
        Interlocked.Add(ref _shift, by.Ticks);
        while (NextDue() is { } timer) timer.Fire();
    }

    /// <summary>Whoever still waits has waited enough.</summary>
    public void Release()
    {
        while (UntilOther is { } other) Move(other > TimeSpan.Zero ? other : TimeSpan.Zero);
    }

    Timer? NextDue()
    {
        lock (_lock)
        {
            if (_timers.Count == 0 || _timers.MinBy(t => t.Due) is not { } first || first.Due > Now) return null;
            _timers.Remove(first);
            return first;
        }
    }

    int Count(bool isSink)
    {
        lock (_lock) return _timers.Count(t => t.IsSink == isSink && t.IsAttended);
    }

    TimeSpan? Until(Func<Timer, bool> which)
    {
        lock (_lock) return _timers.Where(which).Select(t => (TimeSpan?)(t.Due - Now)).Min();
    }

    sealed class Side(VirtualClock clock, bool isSink) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => clock.Now;

        public override long GetTimestamp() => Stopwatch.GetTimestamp() + (long)(clock.Shift.TotalSeconds * Stopwatch.Frequency);

        public override long TimestampFrequency => Stopwatch.Frequency;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = new Timer(clock, isSink, () => callback(state));
            timer.Change(dueTime, period);
            return timer;
        }
    }

    sealed class Timer(VirtualClock clock, bool isSink, Action fire) : ITimer
    {
        public bool IsSink => isSink;

        public bool IsAttended { get; private set; }

        public DateTimeOffset Due { get; private set; }

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._lock)
            {
                clock._timers.Remove(this);
                if (dueTime == Timeout.InfiniteTimeSpan) return true;
                (Due, IsAttended) = (clock.Now + dueTime, !clock.IsUnattended(dueTime));
                clock._timers.Add(this);
                return true;
            }
        }

        public void Dispose()
        {
            lock (clock._lock) clock._timers.Remove(this);
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }

    bool IsUnattended(TimeSpan span) => unattended.Contains(span);
}
