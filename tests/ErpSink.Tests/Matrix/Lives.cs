using System.Collections.Concurrent;

namespace Streams.ErpSink.Tests.Matrix;

sealed class KilledException(string point) : Exception($"killed at {point}");

/// <summary>One life of a sink's process. It ends at the named point, and with it every line of it at whatever point that comes to; or something else happens there.</summary>
/// <param name="nth">At which arrival at the point.</param>
/// <param name="instead">What happens instead of the end.</param>
sealed class Life(string instance, string? point = null, int nth = 1, Action<Life>? instead = null)
{
    static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    static readonly ConcurrentDictionary<string, Life> Alive = [];

    readonly TaskCompletionSource _resumed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _reached;
    volatile bool _isDead, _isPaused;

    public string Instance => instance;

    public bool IsDead => _isDead;

    /// <summary>A line of it stands still, as in a process that was stopped.</summary>
    public bool IsPaused => _isPaused;

    /// <summary>The point was reached, and what had to happen has happened.</summary>
    public bool WasHit { get; private set; }

    /// <summary>From now on the points of processes of this name are this life's.</summary>
    public void Begin()
    {
        Alive[instance] = this;
        KillPoint.Hook = static (at, by) =>
        {
            if (Alive.TryGetValue(by, out var life)) life.Reached(at);
        };
    }

    public void Reached(string at)
    {
        if (at == point && Interlocked.Increment(ref _reached) == nth)
        {
            WasHit = true;
            if (instead is not null) instead(this);
            else _isDead = true;
        }
        if (_isDead) throw new KilledException(at);
    }

    /// <summary>Stands still until <see cref="Resume"/>. A task is waited for, of which the thread pool knows: it gives the other lanes a thread for the one that stands.</summary>
    public void Pause()
    {
        _isPaused = true;
        if (!_resumed.Task.Wait(Patience)) throw new TimeoutException($"{instance} was never resumed");
    }

    public void Resume()
    {
        _isPaused = false;
        _resumed.SetResult();
    }

    public void End() => Alive.TryRemove(instance, out _);
}
