using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Streams.Streaming.Runtime;

namespace Streams.Streaming.State.Local;

/// <summary>
/// The local state of one instance: a directory for each task with a lock and a log; one worker for compactions and cleaning, shared by all tasks.
/// </summary>
internal sealed class LocalState : IDisposable
{
    private static readonly TimeSpan LockPatience = TimeSpan.FromSeconds(10);
    private readonly StreamConfig config;
    private readonly ILogger logger;
    private readonly DiskFiles files = new();
    private readonly StateWorker worker;
    private readonly StateCleaner cleaner;
    private readonly ITimer cleaning;
    private readonly SemaphoreSlim loaders = new(Environment.ProcessorCount);
    private readonly ConcurrentDictionary<string, int> active = new(StringComparer.Ordinal);
    private readonly LocalLogOptions options;

    public LocalState(StreamConfig config, ILogger logger)
    {
        (this.config, this.logger) = (config, logger);
        options = new LocalLogOptions { Fsync = config.StateDirFsync };
        Root = RootOf(config)!;
        files.CreateDirectory(Root);
        worker = new StateWorker(logger);
        cleaner = new StateCleaner(files, Root, config.StateCleanupDelay, config.TimeProvider, logger);
        var interval = TimeSpan.FromTicks(Math.Clamp(config.StateCleanupDelay.Ticks / 4, TimeSpan.TicksPerSecond, TimeSpan.TicksPerMinute));
        cleaning = config.TimeProvider.CreateTimer(_ => worker.Post(cleaner.Clean), null, interval, interval);
    }

    public string Root { get; }

    /// <summary>Lets go of a task's directory if this instance is its standby; returns once it is free.</summary>
    public Action<string, CancellationToken>? ReleaseStandby { get; set; }

    /// <summary>Null where no state directory is set.</summary>
    public static string? RootOf(StreamConfig config) => config.StateDir is null ? null : Path.Combine(Path.GetFullPath(config.StateDir), config.ApplicationId);

    /// <summary>Deletes the local state of all tasks.</summary>
    /// <exception cref="StreamsException">A task's directory is in use.</exception>
    public static void CleanUp(StreamConfig config)
    {
        if (RootOf(config) is { } root)
            StateCleaner.DeleteAll(new DiskFiles(), root);
    }

    /// <summary>Whether a thread of this instance has the task, or is about to.</summary>
    public bool IsActive(string task) => active.ContainsKey(task);

    /// <summary>
    /// Opens a task's log and feeds it to the stores, on a thread of its own. A log that the changelogs do not bear out is thrown away first.
    /// </summary>
    public LocalTask Load(StreamTask task, LogIdentity identity, IReadOnlyList<long> starts, IReadOnlyList<long> ends)
    {
        active.AddOrUpdate(task.Name, 1, (_, count) => count + 1);
        IReadOnlyList<IStateStore> stores = [.. task.Stores];
        return new LocalTask(cancellation => LoadInTurn(identity, stores, starts, ends, cancellation), () => Leave(task.Name));
    }

    /// <summary>Opens a task's log without loading it; null while its directory is in use.</summary>
    /// <exception cref="IOException">The directory cannot be used.</exception>
    public TaskStateLog? Open(LogIdentity identity, IReadOnlyList<long> starts, IReadOnlyList<long> ends)
    {
        var directory = Path.Combine(Root, identity.Task);
        files.CreateDirectory(directory);
        return files.TryLock(Path.Combine(directory, TaskStateLog.LockFile)) is { } directoryLock ? Open(directory, directoryLock, identity, starts, ends) : null;
    }

    public void Dispose()
    {
        cleaning.Dispose();
        worker.Dispose();
    }

    private void Leave(string task)
    {
        if (active.AddOrUpdate(task, 0, (_, count) => count - 1) == 0)
            active.TryRemove(new KeyValuePair<string, int>(task, 0));
    }

    /// <summary>As many at a time as there are processors.</summary>
    private (TaskStateLog? Log, long Entries) LoadInTurn(
        LogIdentity identity, IReadOnlyList<IStateStore> stores, IReadOnlyList<long> starts, IReadOnlyList<long> ends, CancellationToken cancellation)
    {
        loaders.Wait(cancellation);
        try
        {
            return Load(identity, stores, starts, ends, cancellation);
        }
        finally
        {
            loaders.Release();
        }
    }

    private (TaskStateLog? Log, long Entries) Load(
        LogIdentity identity, IReadOnlyList<IStateStore> stores, IReadOnlyList<long> starts, IReadOnlyList<long> ends, CancellationToken cancellation)
    {
        TaskStateLog? log = null;
        try
        {
            ReleaseStandby?.Invoke(identity.Task, cancellation);
            log = WaitForLock(identity, starts, ends, cancellation);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            logger.LocalStateNotOpened(identity.Task, e);
        }
        if (log is null)
            return (null, 0);
        try
        {
            var entries = log.Load(stores, cancellation);
            logger.LocalStateLoaded(identity.Task, entries, log.Bytes);
            return (log, entries);
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }

    private TaskStateLog? WaitForLock(LogIdentity identity, IReadOnlyList<long> starts, IReadOnlyList<long> ends, CancellationToken cancellation)
    {
        var since = config.TimeProvider.GetTimestamp();
        while (true)
        {
            if (Open(identity, starts, ends) is { } log)
                return log;
            if (config.TimeProvider.GetElapsedTime(since) > LockPatience)
            {
                logger.LocalStateInUse(identity.Task, Path.Combine(Root, identity.Task), LockPatience.TotalSeconds);
                return null;
            }
            cancellation.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(20));
            cancellation.ThrowIfCancellationRequested();
        }
    }

    private TaskStateLog Open(string directory, IDisposable directoryLock, LogIdentity identity, IReadOnlyList<long> starts, IReadOnlyList<long> ends)
    {
        var log = new TaskStateLog(files, directory, directoryLock, identity, options, config.TimeProvider, logger);
        try
        {
            if (StoredPositions.WhyUnusable(log, starts, ends, config) is { } reason)
            {
                logger.LocalStateWiped(identity.Task, reason);
                log.Wipe();
            }
            log.CompactionDue = due => worker.Post(() => due.Compact(worker.Stopping));
            return log;
        }
        catch
        {
            log.Dispose();
            throw;
        }
    }
}
