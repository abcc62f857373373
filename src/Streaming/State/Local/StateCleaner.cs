using Microsoft.Extensions.Logging;

namespace Streams.Streaming.State.Local;

/// <summary>
/// Deletes the local state of tasks that nobody here has had for the clean-up delay. Whoever has a task, as its owner or standby, holds its
/// lock. The lock file itself stays: a lock on a deleted file would keep nobody out.
/// </summary>
internal sealed class StateCleaner(IStateFiles files, string root, TimeSpan delay, TimeProvider clock, ILogger logger)
{
    private readonly SortedDictionary<string, long> freeSince = new(StringComparer.Ordinal);

    public void Clean()
    {
        foreach (var task in files.List(root))
        {
            using var held = files.TryLock(Path.Combine(root, task, TaskStateLog.LockFile));
            if (held is null || !TaskStateLog.Exists(files, Path.Combine(root, task)))
            {
                freeSince.Remove(task);
                continue;
            }
            freeSince.TryAdd(task, clock.GetTimestamp());
            if (clock.GetElapsedTime(freeSince[task]) < delay)
                continue;
            TaskStateLog.Delete(files, Path.Combine(root, task));
            freeSince.Remove(task);
            logger.LocalStateCleaned(task);
        }
    }

    public static void DeleteAll(IStateFiles files, string root)
    {
        foreach (var task in files.List(root))
        {
            using var held = files.TryLock(Path.Combine(root, task, TaskStateLog.LockFile))
                ?? throw new StreamsException($"local state {Path.Combine(root, task)} is in use by another instance");
            TaskStateLog.Delete(files, Path.Combine(root, task));
        }
    }
}
