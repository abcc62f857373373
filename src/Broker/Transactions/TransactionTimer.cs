using Microsoft.Extensions.Logging;
using Streams.Broker.Metadata;

namespace Streams.Broker.Transactions;

/// <summary>Wakes the coordinator when the earliest open transaction may have timed out; with none open it sleeps.</summary>
internal sealed class TransactionTimer : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Node _node;
    private readonly Action _expire;
    private readonly ITimer _timer;
    private long _due = long.MaxValue;

    public TransactionTimer(Node node, Action expire)
    {
        _node = node;
        _expire = expire;
        _timer = node.Options.TimeProvider.CreateTimer(_ => Fire(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Wakes the coordinator just after the time, in milliseconds, or earlier.</summary>
    public void WakeAfter(long time)
    {
        lock (_gate)
        {
            if (time >= _due) return;
            _due = time;
            _timer.Change(TimeSpan.FromMilliseconds(Math.Max(1, time + 1 - _node.Now)), Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Fire()
    {
        lock (_gate) _due = long.MaxValue;
        try
        {
            _expire();
        }
        catch (Exception e)
        {
            _node.Options.Logger.TransactionTimeOutFailed(e);
            WakeAfter(_node.Now + 1000);
        }
    }
}
