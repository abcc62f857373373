using System.Diagnostics;

namespace Streams.ErpSink.Simulator;

/// <summary>What the simulated ERP has seen since it was started.</summary>
public sealed record SimulatorFigures(
    long Calls, long Posts, long LookUps, long Tokens, int LargestConcurrency, int LargestCallsPerSecond, long Throttled, long DuplicatesRefused, long FaultsInjected, long Records);

/// <summary>Counts the calls, as seen from the ERP's side: the sink's own figures can be checked against these.</summary>
sealed class SimulatorStatistics
{
    readonly Lock _lock = new();
    readonly Queue<long> _lastSecond = new();
    long _calls, _posts, _lookUps, _tokens, _throttled, _duplicates, _faults;
    int _inFlight, _largestConcurrency, _largestRate;

    /// <summary>A record call comes in; returns how many are being worked on, this one included.</summary>
    public int Enter(bool post)
    {
        lock (_lock)
        {
            _calls++;
            if (post) _posts++;
            else _lookUps++;
            var now = Stopwatch.GetTimestamp();
            _lastSecond.Enqueue(now);
            while (now - _lastSecond.Peek() >= Stopwatch.Frequency) _lastSecond.Dequeue();
            _largestRate = Math.Max(_largestRate, _lastSecond.Count);
            _largestConcurrency = Math.Max(_largestConcurrency, ++_inFlight);
            return _inFlight;
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
            return new SimulatorFigures(_calls, _posts, _lookUps, _tokens, _largestConcurrency, _largestRate,
                Interlocked.Read(ref _throttled), Interlocked.Read(ref _duplicates), Interlocked.Read(ref _faults), records);
    }
}
