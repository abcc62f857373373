using System.Diagnostics.Metrics;

namespace Streams.Ingest.Http;

/// <summary>A bound on what is being worked on. Nothing waits: beyond the bound the sender is told to come again.</summary>
sealed class InFlightGate(long capacity, UpDownCounter<long> gauge)
{
    long _taken;

    public bool TryEnter(long amount)
    {
        if (Interlocked.Add(ref _taken, amount) > capacity)
        {
            Interlocked.Add(ref _taken, -amount);
            return false;
        }
        gauge.Add(amount);
        return true;
    }

    public void Leave(long amount)
    {
        Interlocked.Add(ref _taken, -amount);
        gauge.Add(-amount);
    }
}
