namespace Streams.Broker.Log;

/// <summary>Something that was written and waits to be on disk.</summary>
internal interface IFlushable
{
    /// <summary>Brings to disk everything written before the call, then makes it visible.</summary>
    void Flush();
}

/// <summary>
/// Group commit: one round of fsyncs serves everybody who waits. What is written while a round runs is served by the next.
/// A failed fsync ends the process: the kernel has dropped the pages, so that a second try would lie.
/// </summary>
internal sealed class GroupCommit : IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly AutoResetEvent _wanted = new(false); // not a semaphore, which spins before it waits
    private Thread? _thread; // from the first write on: a start that fails before leaves none behind
    private HashSet<IFlushable> _dirty = [];
    private TaskCompletionSource _round = NewRound();
    private readonly Action<string, Exception> _fatal;
    private bool _stopping;

    /// <param name="fatal">Ends the process. Should it return, nothing is acknowledged any more.</param>
    public GroupCommit(Action<string, Exception> fatal) => _fatal = fatal;

    /// <summary>Completes when what was written so far is on disk.</summary>
    public Task FlushAsync(IFlushable file)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            _thread ??= Begin();
            if (_dirty.Count == 0) _wanted.Set();
            _dirty.Add(file);
            return _round.Task;
        }
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_stopping) return ValueTask.CompletedTask;
            _stopping = true;
            _wanted.Set();
        }
        _thread?.Join();
        _wanted.Dispose();
        return ValueTask.CompletedTask;
    }

    private static TaskCompletionSource NewRound() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private Thread Begin()
    {
        var thread = new Thread(Run) { IsBackground = true, Name = "broker-fsync" };
        thread.Start();
        return thread;
    }

    private void Run()
    {
        while (true)
        {
            HashSet<IFlushable> files;
            TaskCompletionSource round;
            lock (_gate)
            {
                if (_dirty.Count == 0 && _stopping) return;
                (files, _dirty) = (_dirty, []);
                if (files.Count > 0) (round, _round) = (_round, NewRound());
                else round = _round;
            }
            if (files.Count == 0) _wanted.WaitOne();
            else if (FlushAll(files) is not { } error) round.SetResult();
            else Fail(round, error);
        }
    }

    private Exception? FlushAll(HashSet<IFlushable> files)
    {
        try
        {
            foreach (var file in files) file.Flush();
            return null;
        }
        catch (Exception e)
        {
            _fatal("fsync failed; what was acknowledged before is safe, nothing after is", e);
            return e;
        }
    }

    private void Fail(TaskCompletionSource round, Exception error)
    {
        lock (_gate)
        {
            _stopping = true;
            _dirty.Clear();
            _round.TrySetException(error);
        }
        round.SetException(error);
    }
}
