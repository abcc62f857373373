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

    /// <summary>
    /// Closes the log, of which everything committed is kept. Loading that still goes on is cancelled and waited for, so that nobody touches the stores
    /// afterwards.
    /// </summary>
    public void Dispose()
    {
        if (closed)
            return;
        closed = true;
        cancellation.Cancel();
        // A failed load has closed its log itself, and its error concerns a task that is no more: looked at, so that nobody else reports it.
        Task.WaitAny(loading);
        if (loading.Exception is null)
            Log?.Dispose();
        left();
    }
}
