using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Streams.Streaming.State.Local;

/// <summary>One thread for what must not hold up stream threads: compactions and cleaning, one after the other.</summary>
internal sealed class StateWorker : IDisposable
{
    private const int MaxQueued = 10_000;
    private readonly BlockingCollection<Action> queue = new(MaxQueued);
    private readonly CancellationTokenSource stopping = new();
    private readonly Task running;

    public StateWorker(ILogger logger) =>
        running = Task.Factory.StartNew(() => Run(logger), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public CancellationToken Stopping => stopping.Token;

    /// <summary>Never waits; work beyond the queue's bound is left out, since what is due is asked for again.</summary>
    public void Post(Action work)
    {
        if (!stopping.IsCancellationRequested)
            queue.TryAdd(work);
    }

    public void Dispose()
    {
        stopping.Cancel();
        running.Wait();
    }

    private void Run(ILogger logger)
    {
        try
        {
            foreach (var work in queue.GetConsumingEnumerable(stopping.Token))
                Do(work, logger);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Stopped: what is queued is due again at the next start.
        }
    }

    private static void Do(Action work, ILogger logger)
    {
        try
        {
            work();
        }
        catch (Exception e)
        {
            logger.LocalStateRetrying("background work", e);
        }
    }
}
