using Microsoft.Extensions.Logging;

namespace Streams.Streaming;

internal static partial class Log
{
    [LoggerMessage(2001, LogLevel.Information, "{Application}: state {From} -> {To}")]
    public static partial void StateChanged(this ILogger logger, string application, StreamState from, StreamState to);

    [LoggerMessage(2002, LogLevel.Information, "{Thread}: assigned {Partitions}")]
    public static partial void Assigned(this ILogger logger, string thread, string partitions);

    [LoggerMessage(2003, LogLevel.Information, "{Thread}: revoked {Partitions}")]
    public static partial void Revoked(this ILogger logger, string thread, string partitions);

    [LoggerMessage(2004, LogLevel.Warning, "{Thread}: lost {Partitions}; another member has them, nothing of the open transaction is kept")]
    public static partial void Lost(this ILogger logger, string thread, string partitions);

    [LoggerMessage(2005, LogLevel.Warning, "{Thread}: transaction given up, tasks are restored to the committed offsets")]
    public static partial void Recovering(this ILogger logger, string thread, Exception cause);

    [LoggerMessage(2006, LogLevel.Information, "{Task}: restored {Records} changelog records after {Entries} local entries; input goes on at {Offset} on {Thread}")]
    public static partial void Restored(this ILogger logger, string task, long records, long entries, long offset, string thread);

    [LoggerMessage(2007, LogLevel.Warning, "{Changelog}: no data for {Seconds} s although its transactions ended; taken as read at {Position} of {End}")]
    public static partial void RestoreStalled(this ILogger logger, string changelog, double seconds, long position, long end);

    [LoggerMessage(2008, LogLevel.Error, "{Thread}: processing failed at topic {Topic} partition {Partition} offset {Offset}")]
    public static partial void ProcessingFailed(this ILogger logger, string thread, string topic, int partition, long offset, Exception cause);

    [LoggerMessage(2009, LogLevel.Critical, "{Thread}: stopped by an error")]
    public static partial void ThreadDied(this ILogger logger, string thread, Exception cause);

    [LoggerMessage(2010, LogLevel.Warning, "{Thread}: {Step} failed, tried again")]
    public static partial void Retrying(this ILogger logger, string thread, string step, Exception cause);

    [LoggerMessage(2011, LogLevel.Warning, "{Thread}: {Message}")]
    public static partial void ClientMessage(this ILogger logger, string thread, string message);

    [LoggerMessage(2013, LogLevel.Warning, "{Partition}: the consumer lost its place at {Position}, the log is asked: {Message}")]
    public static partial void PlaceLost(this ILogger logger, string partition, long position, string message);

    [LoggerMessage(2014, LogLevel.Warning, "{Thread}: replaced by a new thread after an error")]
    public static partial void ThreadReplaced(this ILogger logger, string thread);

    [LoggerMessage(2012, LogLevel.Information, "created topic {Topic} with {Partitions} partitions")]
    public static partial void TopicCreated(this ILogger logger, string topic, int partitions);

    [LoggerMessage(2101, LogLevel.Warning, "{Task}: local state cannot be written and is no longer added to; the next start reads more of the changelog")]
    public static partial void LocalStateFailed(this ILogger logger, string task, Exception cause);

    [LoggerMessage(2102, LogLevel.Warning, "{Task}: local state ends with an unfinished commit or damage and is taken up to frame {Sequence}; the changelog has the rest")]
    public static partial void LocalStateCut(this ILogger logger, string task, long sequence);

    [LoggerMessage(2103, LogLevel.Information, "{Task}: local state compacted from {Before} to {After} bytes")]
    public static partial void Compacted(this ILogger logger, string task, long before, long after);

    [LoggerMessage(2104, LogLevel.Warning, "{Task}: compaction of local state failed; the log stays as it was")]
    public static partial void CompactionFailed(this ILogger logger, string task, Exception cause);

    [LoggerMessage(2105, LogLevel.Warning, "{Task}: local state is not used ({Reason}); everything comes from the changelog")]
    public static partial void LocalStateWiped(this ILogger logger, string task, string reason);

    [LoggerMessage(2106, LogLevel.Warning, "{Task}: local state {Directory} was in use by another process or thread for {Seconds} s; the task runs without it")]
    public static partial void LocalStateInUse(this ILogger logger, string task, string directory, double seconds);

    [LoggerMessage(2107, LogLevel.Warning, "{Task}: local state cannot be opened; the task runs without it")]
    public static partial void LocalStateNotOpened(this ILogger logger, string task, Exception cause);

    [LoggerMessage(2108, LogLevel.Information, "{Task}: {Entries} entries of local state loaded, {Bytes} bytes")]
    public static partial void LocalStateLoaded(this ILogger logger, string task, long entries, long bytes);

    [LoggerMessage(2109, LogLevel.Information, "{Task}: local state of a task that is not here any more was deleted")]
    public static partial void LocalStateCleaned(this ILogger logger, string task);

    [LoggerMessage(2110, LogLevel.Information, "standby of {Tasks}")]
    public static partial void StandbyOf(this ILogger logger, string tasks);

    [LoggerMessage(2111, LogLevel.Warning, "local state: {Step} failed, tried again later")]
    public static partial void LocalStateRetrying(this ILogger logger, string step, Exception cause);
}
