using System.Diagnostics;

namespace Streams.Streaming.Chaos.Tests.Processes;

/// <summary>The outside of a worker process.</summary>
internal sealed class WorkerProcess : IDisposable
{
    private readonly Process process;
    private readonly TaskCompletionSource started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource running = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public WorkerProcess(Job job)
    {
        Job = job;
        process = Process.Start(new ProcessStartInfo("dotnet", ["exec", typeof(WorkerProcess).Assembly.Location, job.ToJson()])
        {
            RedirectStandardInput = true, RedirectStandardOutput = true,
            Environment = { ["DOTNET_gcServer"] = "0", ["DOTNET_GCHeapCount"] = "1", ["DOTNET_TieredPGO"] = "0" },
        })!;
        process.OutputDataReceived += (_, e) =>
        {
            if (e.Data == "started") started.TrySetResult();
            if (e.Data == "running") running.TrySetResult();
        };
        process.BeginOutputReadLine();
        Id = process.Id;
        Ended = WaitAsync();
    }

    public Job Job { get; }

    public int Id { get; }

    /// <summary>The driver killed it, rather than its trap.</summary>
    public bool WasKilled { get; private set; }

    /// <summary>The driver asked it to stop, or started another in its place.</summary>
    public bool IsDismissed { get; private set; }

    /// <summary>Its slot has another worker by now.</summary>
    public Task Abandoned => abandoned.Task;

    /// <summary>Its threads are about to join the group; never, where it ends before.</summary>
    public Task Started => started.Task;

    /// <summary>All of its tasks run.</summary>
    public Task Running => running.Task;

    /// <summary>The exit code; 137 after SIGKILL.</summary>
    public Task<int> Ended { get; }

    /// <summary>It is stopped by SIGSTOP.</summary>
    public bool IsPaused
    {
        get
        {
            try
            {
                var stat = File.ReadAllText($"/proc/{Id}/stat");
                return stat[stat.LastIndexOf(')') + 2] == 'T';
            }
            catch (IOException)
            {
                return false; // gone
            }
        }
    }

    /// <summary>False where it had ended already.</summary>
    public bool Kill()
    {
        if (Ended.IsCompleted) return false;
        WasKilled = true;
        return Trap.Send(Id, Trap.SigKill) == 0;
    }

    public void Pause()
    {
        if (!Ended.IsCompleted) Trap.Send(Id, Trap.SigStop);
    }

    public void Continue()
    {
        if (!Ended.IsCompleted) Trap.Send(Id, Trap.SigContinue);
    }

    public void Abandon() => abandoned.TrySetResult();

    /// <summary>Asks it to end in good order.</summary>
    public void Dismiss()
    {
        IsDismissed = true;
        try
        {
            process.StandardInput.Close();
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // It has ended.
        }
    }

    public void Dispose()
    {
        if (!Ended.IsCompleted)
        {
            Trap.Send(Id, Trap.SigKill);
            process.WaitForExit();
        }
        Ended.Wait();
        process.Dispose();
    }

    private async Task<int> WaitAsync()
    {
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
