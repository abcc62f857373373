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

    [LoggerMessage(2006, LogLevel.Information, "{Task}: restored {Records} changelog records; input goes on at {Offset} on {Thread}")]
    public static partial void Restored(this ILogger logger, string task, long records, long offset, string thread);

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
}
