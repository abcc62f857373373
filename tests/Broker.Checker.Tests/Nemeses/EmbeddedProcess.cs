using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Streams.Broker.Checker.Tests.Nemeses;

/// <summary><c>streams broker</c> as users start it.</summary>
internal sealed partial class EmbeddedProcess(string data, params string[] wrapper) : IServer
{
    private const int SigStop = 19;
    private const int SigContinue = 18;
    private readonly int _port = FreePorts.Take();
    private readonly Queue<string> _log = new();
    private Process? _process;

    public string Name => "embedded";

    public string BootstrapServers => $"127.0.0.1:{_port}";

    public int MarkersRepeatedPerKill => 0;

    public bool HasEnded => _process?.HasExited != false;

    /// <summary>The last lines of its log.</summary>
    public string Log
    {
        get
        {
            lock (_log) return string.Join('\n', _log);
        }
    }

    public Task StartAsync() => ResumeAsync();

    public async Task ResumeAsync()
    {
        var ready = Launch();
        if (await Task.WhenAny(ready, Task.Delay(TimeSpan.FromSeconds(60))) != ready || !await ready)
            throw new InvalidOperationException($"the broker did not become ready:\n{Log}");
    }

    /// <summary>Starts the process; completes with true when it is ready, with false when it has ended before.</summary>
    public Task<bool> Launch()
    {
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;
        string[] command = [.. wrapper, "dotnet", Path.Combine(Checkout.Root, "src", "Cli", "bin", configuration, "net10.0", "streams.dll"), "broker", "--port", $"{_port}", "--data", data];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        var ready = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.OutputDataReceived += (_, e) => { if (e.Data?.StartsWith("bootstrap=", StringComparison.Ordinal) == true) ready.TrySetResult(true); };
        process.ErrorDataReceived += (_, e) => Keep(e.Data);
        process.Exited += (_, _) => ready.TrySetResult(false);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
        return ready.Task;
    }

    public async Task KillAsync()
    {
        if (_process is null) return;
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public void Pause() => Signal(SigStop);

    public void Continue() => Signal(SigContinue);

    /// <summary>The end of the process and of its data.</summary>
    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        if (Directory.Exists(data)) Directory.Delete(data, recursive: true);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Send(int process, int signal);

    private void Signal(int signal)
    {
        if (Send(_process!.Id, signal) != 0) throw new InvalidOperationException($"kill failed with error {Marshal.GetLastPInvokeError()}");
    }

    private void Keep(string? line)
    {
        if (line is null) return;
        lock (_log)
        {
            _log.Enqueue(line[..Math.Min(line.Length, 250)]);
            if (_log.Count > 12) _log.Dequeue();
        }
    }
}
