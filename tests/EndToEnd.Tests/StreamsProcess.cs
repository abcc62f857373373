using System.Diagnostics;
using System.Text;

namespace Streams.EndToEnd.Tests;

/// <summary>One <c>streams</c> command as a process of its own, as an operator would start it: killed, paused and started again by the tests.</summary>
sealed class StreamsProcess : IDisposable
{
    readonly Process _process;
    readonly StringBuilder _log = new();
    readonly TaskCompletionSource<string> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

    StreamsProcess(Process process) => _process = process;

    /// <summary>Starts a command; <paramref name="readyPrefix"/> is what its line on stdout begins with when it is ready.</summary>
    public static StreamsProcess Start(string readyPrefix, IReadOnlyDictionary<string, string>? environment, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "streams.dll"));
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var running = new StreamsProcess(process);
        process.OutputDataReceived += (_, e) => running.Heard(e.Data, readyPrefix);
        process.ErrorDataReceived += (_, e) => running.Heard(e.Data, null);
        process.Exited += (_, _) => running._ready.TrySetException(new InvalidOperationException($"'{string.Join(' ', arguments)}' ended with {process.ExitCode}\n{running.Log}"));
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return running;
    }

    /// <summary>The rest of the line that says it is ready.</summary>
    public Task<string> ReadyAsync() => _ready.Task.WaitAsync(TimeSpan.FromSeconds(180));

    public bool IsReady => _ready.Task.IsCompletedSuccessfully;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public string Log
    {
        get
        {
            lock (_log) return _log.ToString();
        }
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public void Kill()
    {
        _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
    }

    /// <summary>Waits for its end and for all that it said.</summary>
    public Task EndAsync() => _process.WaitForExitAsync();

    public async Task<int> WaitAsync(TimeSpan patience)
    {
        using var deadline = new CancellationTokenSource(patience);
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.Dispose();
    }

    void Heard(string? line, string? readyPrefix)
    {
        if (line is null) return;
        lock (_log) _log.AppendLine(line);
        if (readyPrefix is not null && line.StartsWith(readyPrefix, StringComparison.Ordinal)) _ready.TrySetResult(line[readyPrefix.Length..]);
    }
}
