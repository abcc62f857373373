using System.Diagnostics;

namespace Streams.Aggregators.Metering;

/// <summary>What all tasks of a process did, summed at their commits, for measurements.</summary>
public sealed class MeteringProgress
{
    readonly Lock _gate = new();
    MeteringTotals _totals;
    long _first;
    long _last;

    public MeteringTotals Totals
    {
        get
        {
            lock (_gate) return _totals;
        }
    }

    /// <summary>From the first record processed to the last commit prepared.</summary>
    public TimeSpan Busy
    {
        get
        {
            lock (_gate) return _first == 0 ? TimeSpan.Zero : Stopwatch.GetElapsedTime(_first, _last);
        }
    }

    internal void Begin()
    {
        lock (_gate)
        {
            if (_first == 0) _first = Stopwatch.GetTimestamp();
        }
    }

    internal void Add(MeteringTotals totals)
    {
        lock (_gate)
        {
            _totals += totals;
            _last = Stopwatch.GetTimestamp();
        }
    }
}
