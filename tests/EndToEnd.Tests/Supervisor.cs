namespace Streams.EndToEnd.Tests;

/// <summary>
/// Keeps one long-running command alive, as an operator's supervisor does: whenever the process ends it is started again, with the same arguments and,
/// while there are any left, the next kill point armed.
/// </summary>
sealed class Supervisor : IAsyncDisposable
{
    readonly Lock _gate = new();
    readonly Queue<string> _points = new();
    readonly List<string> _hit = [];
    readonly List<string> _crashes = [];
    readonly string _readyPrefix;
    readonly string[] _arguments;
    readonly string _logFile;
    readonly Task _watching;
    StreamsProcess? _process;
    bool _stopping;
    bool _killed;

    public Supervisor(string name, string readyPrefix, string folder, params string[] arguments)
    {
        (Name, _readyPrefix, _arguments) = (name, readyPrefix, arguments);
        _logFile = Path.Combine(folder, $"{name}.log");
        _watching = Task.Run(WatchAsync);
    }

    public string Name { get; }

    /// <summary>Kill points that were not hit yet.</summary>
    public int Left
    {
        get
        {
            lock (_gate) return _points.Count;
        }
    }

    public IReadOnlyList<string> Hit
    {
        get
        {
            lock (_gate) return [.. _hit];
        }
    }

    /// <summary>Ends that nobody asked for, with what the process had said.</summary>
    public IReadOnlyList<string> Crashes
    {
        get
        {
            lock (_gate) return [.. _crashes];
        }
    }

    /// <summary>Names the points at which the next lives are to end, and ends this one.</summary>
    public void Arm(IEnumerable<string> points)
    {
        lock (_gate)
        {
            foreach (var point in points) _points.Enqueue(point);
        }
        Kill();
    }

    /// <summary>SIGKILL; it is started again.</summary>
    public void Kill()
    {
        lock (_gate)
        {
            _killed = true;
            _process?.Kill();
        }
    }

    /// <summary>Whether a life of it has said that it is ready.</summary>
    public bool IsReady
    {
        get
        {
            lock (_gate) return _process is { IsReady: true };
        }
    }

    /// <summary>Waits until it <see cref="IsReady"/>.</summary>
    public async Task ReadyAsync()
    {
        var deadline = DateTime.UtcNow.AddSeconds(180);
        while (true)
        {
            StreamsProcess? process;
            lock (_gate) process = _process;
            if (process is { IsReady: true }) return;
            if (DateTime.UtcNow > deadline) throw new TimeoutException($"{Name} is not ready\n{process?.Log}");
            await Task.Delay(20);
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            _stopping = true;
            _process?.Kill();
        }
        await _watching;
    }

    async Task WatchAsync()
    {
        while (true)
        {
            string? armed;
            StreamsProcess process;
            lock (_gate)
            {
                if (_stopping) return;
                armed = _points.Count > 0 ? _points.Peek() : null;
                _killed = false;
                process = _process = StreamsProcess.Start(_readyPrefix, Environment(armed), _arguments);
            }
            await process.EndAsync();
            Judge(process, armed);
            lock (_gate) _process = null;
            process.Dispose();
        }
    }

    void Judge(StreamsProcess process, string? armed)
    {
        var log = process.Log;
        File.AppendAllText(_logFile, $"---- {DateTime.UtcNow:HH:mm:ss.fff} ended with {process.ExitCode}, armed: {armed ?? "nothing"}\n{log}\n");
        lock (_gate)
        {
            if (armed is not null && log.Contains($"streams: killed at {armed}", StringComparison.Ordinal)) _hit.Add(_points.Dequeue());
            else if (!_killed && !_stopping) _crashes.Add($"{Name} ended with {process.ExitCode}:\n{(log.Length > 4000 ? log[^4000..] : log)}");
        }
    }

    static Dictionary<string, string> Environment(string? armed) => armed is null ? [] : new() { ["STREAMS_KILL_AT"] = armed };
}
