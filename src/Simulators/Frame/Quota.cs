namespace Streams.Simulators;

/// <summary>What an account allows.</summary>
/// <param name="Concurrency">Requests at a time; null: any.</param>
/// <param name="Queue">Requests that may wait for a free slot; 0: they are refused at once.</param>
/// <param name="QueueTime">How long one waits at most.</param>
/// <param name="Requests">Requests in any window; null: any.</param>
sealed record QuotaLimits(int? Concurrency, int Queue, TimeSpan QueueTime, int? Requests, TimeSpan Window);

enum Admission
{
    Admitted,
    TooManyAtOnce,
    TooManyInWindow,
    WaitedTooLong,
}

/// <summary>Lets requests in, to the account's limits. Slots may be taken by a neighbour.</summary>
sealed class Quota(QuotaLimits limits, int taken, TimeProvider time)
{
    readonly Lock _lock = new();
    readonly LinkedList<TaskCompletionSource> _waiting = [];
    readonly SlidingWindow _window = new(limits.Window, time);
    int _inside, _taken = taken;

    /// <summary>Slots that others hold.</summary>
    public int Taken
    {
        get
        {
            lock (_lock) return _taken;
        }
        set
        {
            lock (_lock)
            {
                _taken = value;
                Call();
            }
        }
    }

    /// <summary>Whole seconds, at least one, until the window has room.</summary>
    public TimeSpan RetryAfter
    {
        get
        {
            lock (_lock) return TimeSpan.FromSeconds(Math.Max(1, (long)Math.Ceiling((decimal)_window.UntilNext.Ticks / TimeSpan.TicksPerSecond)));
        }
    }

    /// <summary>Empties the window.</summary>
    public void Reset()
    {
        lock (_lock) _window.Clear();
    }

    public async ValueTask<Admission> EnterAsync()
    {
        TaskCompletionSource turn;
        lock (_lock)
        {
            if (limits.Requests is { } most && _window.Count >= most) return Admission.TooManyInWindow;
            var free = limits.Concurrency is not { } slots || _inside < slots - _taken;
            if (!free && _waiting.Count >= limits.Queue) return Admission.TooManyAtOnce;
            if (limits.Requests is not null) _window.Add();
            if (free)
            {
                _inside++;
                return Admission.Admitted;
            }
            turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.AddLast(turn);
        }
        try
        {
            await turn.Task.WaitAsync(limits.QueueTime, time);
            return Admission.Admitted;
        }
        catch (TimeoutException)
        {
            // The turn may have come at the very moment; then it is used.
            lock (_lock) return _waiting.Remove(turn) ? Admission.WaitedTooLong : Admission.Admitted;
        }
    }

    public void Leave()
    {
        lock (_lock)
        {
            _inside--;
            Call();
        }
    }

    void Call()
    {
        while (_waiting.First is { } first && (limits.Concurrency is not { } slots || _inside < slots - _taken))
        {
            _waiting.RemoveFirst();
            _inside++;
            first.Value.SetResult();
        }
    }
}
