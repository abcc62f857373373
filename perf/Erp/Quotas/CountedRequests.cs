namespace Streams.Perf.Erp.Quotas;

/// <summary>What an account allows, as the ERP counts it.</summary>
/// <param name="Concurrency">Requests at a time.</param>
/// <param name="Requests">Requests in any window; null: any number.</param>
/// <param name="Execution">Time that the requests of any window may have taken together; null: any.</param>
public sealed record ErpLimits(int Concurrency, int? Requests = null, TimeSpan? Window = null, TimeSpan? Execution = null);

/// <summary>The ERP's own count: it refuses what is above its limits, and knows its fullest window afterwards, wherever that begins. Times are ticks. Thread-safe.</summary>
public sealed class CountedRequests(ErpLimits limits)
{
    readonly Lock _lock = new();
    readonly Queue<long> _window = new();
    readonly List<long> _arrivals = [];
    readonly List<(long At, long Took)> _executed = [];
    int _inside;

    public ErpLimits Limits => limits;

    public int LargestConcurrency { get; private set; }

    public int Refused { get; private set; }

    /// <summary>The moment of each request that was let in.</summary>
    public IReadOnlyList<long> Arrivals
    {
        get
        {
            lock (_lock) return [.. _arrivals];
        }
    }

    /// <summary>Lets a request in, or says after how long it may come again.</summary>
    public TimeSpan? Enter(long now)
    {
        lock (_lock)
        {
            var length = (limits.Window ?? TimeSpan.FromMinutes(1)).Ticks;
            while (_window.TryPeek(out var oldest) && now - oldest >= length) _window.Dequeue();
            if (_inside >= limits.Concurrency || _window.Count >= limits.Requests)
            {
                Refused++;
                return TimeSpan.FromSeconds(Math.Max(1, Math.Ceiling(_window.Count >= limits.Requests ? TimeSpan.FromTicks(length - (now - _window.Peek())).TotalSeconds : 1)));
            }
            _window.Enqueue(now);
            _arrivals.Add(now);
            LargestConcurrency = Math.Max(LargestConcurrency, ++_inside);
            return null;
        }
    }

    public void Leave(long now, long entered)
    {
        lock (_lock)
        {
            _inside--;
            _executed.Add((now, now - entered));
        }
    }

    /// <summary>Requests of the fullest window.</summary>
    public long LargestWindow => Fullest(Arrivals.Order().Select(a => (a, 1L)));

    /// <summary>The longest time that the requests of a window took together, each counted where it ended.</summary>
    public TimeSpan LargestExecution
    {
        get
        {
            lock (_lock) return TimeSpan.FromTicks(Fullest(_executed.OrderBy(e => e.At)));
        }
    }

    /// <summary>Requests, and the time that they took, between two moments.</summary>
    public (long Requests, TimeSpan Execution) Between(long from, long to)
    {
        lock (_lock) return (_arrivals.Count(a => a >= from && a < to), TimeSpan.FromTicks(_executed.Sum(e => Math.Max(0, Math.Min(e.At, to) - Math.Max(e.At - e.Took, from)))));
    }

    long Fullest(IEnumerable<(long At, long Weight)> counted)
    {
        var length = (limits.Window ?? TimeSpan.FromMinutes(1)).Ticks;
        var (window, sum, most) = (new Queue<(long At, long Weight)>(), 0L, 0L);
        foreach (var (at, weight) in counted)
        {
            while (window.TryPeek(out var oldest) && at - oldest.At >= length) sum -= window.Dequeue().Weight;
            window.Enqueue((at, weight));
            most = Math.Max(most, sum += weight);
        }
        return most;
    }
}
