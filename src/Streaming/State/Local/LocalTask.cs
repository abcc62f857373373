namespace Streams.Streaming.State.Local;

/// <summary>
/// An active task's hold on its local state: loaded on a thread of its own (nobody else touches the stores meanwhile), then added to after each commit.
/// </summary>
internal sealed class LocalTask : IDisposable
{
    private readonly CancellationTokenSource cancellation = new();
    private readonly Task<(TaskStateLog? Log, long Entries)> loading;
    private readonly Action left;
    private bool closed;

    /// <param name="left">Called once, when the task is closed.</param>
    public LocalTask(Func<CancellationToken, (TaskStateLog? Log, long Entries)> load, Action left)
    {
        this.left = left;
        loading = Task.Factory.StartNew(() => load(cancellation.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    public Task Loading => loading;

    /// <summary>Entries that were loaded, once that has ended. Rethrows what went wrong.</summary>
    public long Entries => loading.GetAwaiter().GetResult().Entries;

    /// <summary>The open log, or null while it is loaded and where there is none to be had.</summary>
    public TaskStateLog? Log => loading.IsCompletedSuccessfully ? loading.Result.Log : null;

    /// <summary>The transaction that holds what the task's stores wrote has been committed.</summary>
    public void Committed(bool transactional) => Log?.Committed(transactional);

    /// <summary>Closes the log, of which everything committed is kept; loading that still goes on is cancelled and its log closed then.</summary>
    public void Dispose()
    {
        if (closed)
            return;
        closed = true;
        cancellation.Cancel();
        loading.ContinueWith(
            done => Close(done), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        left();
    }

    /// <summary>A failed load has closed its log itself; its error concerns a task that is no more.</summary>
    private static bool Close(Task<(TaskStateLog? Log, long Entries)> done)
    {
        if (!done.IsCompletedSuccessfully)
            return done.Exception is null;
        done.Result.Log?.Dispose();
        return true;
    }
}
