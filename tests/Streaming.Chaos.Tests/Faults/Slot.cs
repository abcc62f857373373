using Streams.Streaming.Chaos.Tests.Processes;

namespace Streams.Streaming.Chaos.Tests.Faults;

/// <summary>A place in which there is always a worker: one that ends is followed by another.</summary>
internal sealed class Slot(Func<string?, WorkerProcess> launch, Func<string?> nextTrap, Tally tally, bool mayNotStart)
{
    private readonly CancellationTokenSource closing = new();
    private Task keeping = Task.CompletedTask;

    public WorkerProcess? Current { get; private set; }

    public void Open() => keeping = Task.Run(KeepAsync);

    /// <summary>Leaves the worker, a zombie, to itself, and starts another.</summary>
    public WorkerProcess Abandon()
    {
        var left = Current!;
        left.Abandon();
        return left;
    }

    /// <summary>Stops the worker in good order.</summary>
    public async Task CloseAsync()
    {
        if (closing.IsCancellationRequested) return;
        await closing.CancelAsync();
        Current?.Dismiss();
        await keeping;
    }

    private async Task KeepAsync()
    {
        while (!closing.IsCancellationRequested)
        {
            var trap = nextTrap();
            var worker = Current = launch(trap);
            if (closing.IsCancellationRequested) worker.Dismiss();
            if (await Task.WhenAny(worker.Ended, worker.Abandoned) == worker.Abandoned) continue;
            await Explain(worker, trap);
            worker.Dispose();
        }
    }

    private async Task Explain(WorkerProcess worker, string? trap)
    {
        var limit = Task.Delay(TimeSpan.FromSeconds(180));
        if (await Task.WhenAny(worker.Ended, closing.IsCancellationRequested || worker.IsDismissed ? limit : worker.Ended) == limit)
        {
            tally.Fail(worker.Id, "did not stop within 180 s");
            return;
        }
        switch (await worker.Ended)
        {
            case 128 + Trap.SigKill:
                tally.Add(worker.WasKilled ? "kill at any time" : $"kill at {trap?.Split(' ')[1]}", worker.Id);
                break;
            case Worker.Done when worker.IsDismissed:
                break;
            case Worker.NotStarted when mayNotStart:
                tally.Add("start without a broker", worker.Id);
                await Task.Delay(300);
                break;
            case Worker.Fenced when worker.Job.Instance is not null:
                // A zombie that has risen has joined once more under its old name; the next worker shuts it out in turn.
                tally.Add(Tally.Fenced, worker.Id);
                break;
            case var code:
                tally.Fail(worker.Id, $"ended with {code}");
                await Task.Delay(300);
                break;
        }
    }
}
