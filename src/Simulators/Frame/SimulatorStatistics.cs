namespace Streams.Simulators;

/// <summary>What the simulated ERP has seen since it was started. Calls for tokens and of this interface are not among the calls.</summary>
/// <param name="LargestCallsInWindow">The most calls in any position of the window, those throttled among them.</param>
/// <param name="Records">Records that it holds.</param>
public sealed record SimulatorFigures(
    long Calls, long Posts, long LookUps, long Tokens, int LargestConcurrency, int LargestCallsPerSecond, int LargestCallsInWindow, TimeSpan Window,
    long Throttled, long DuplicatesRefused, long FaultsInjected, long Records);

/// <summary>Counts the calls, as seen from the ERP's side: the caller's own figures can be checked against these.</summary>
sealed class SimulatorStatistics(TimeSpan window, TimeProvider time)
{
    readonly Lock _lock = new();
    readonly SlidingWindow _lastSecond = new(TimeSpan.FromSeconds(1), time), _lastWindow = new(window, time);
    long _calls, _posts, _lookUps, _tokens, _throttled, _duplicates, _faults;
    int _inFlight, _largestConcurrency, _largestRate, _largestInWindow;

    /// <summary>A call comes in.</summary>
    public void Enter(bool lookUp)
    {
        lock (_lock)
        {
            _calls++;
            if (lookUp) _lookUps++;
            else _posts++;
            _largestRate = Math.Max(_largestRate, _lastSecond.Add());
            _largestInWindow = Math.Max(_largestInWindow, _lastWindow.Add());
            _largestConcurrency = Math.Max(_largestConcurrency, ++_inFlight);
        }
    }

    public void Leave()
    {
        lock (_lock) _inFlight--;
    }

    public void CountToken() => Interlocked.Increment(ref _tokens);

    public void CountThrottled() => Interlocked.Increment(ref _throttled);

    public void CountDuplicate() => Interlocked.Increment(ref _duplicates);

    public void CountFault() => Interlocked.Increment(ref _faults);

    public SimulatorFigures Figures(long records)
    {
        lock (_lock)
            return new SimulatorFigures(_calls, _posts, _lookUps, _tokens, _largestConcurrency, _largestRate, _largestInWindow, window,
                Interlocked.Read(ref _throttled), Interlocked.Read(ref _duplicates), Interlocked.Read(ref _faults), records);
    }
}
