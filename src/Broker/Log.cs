using Microsoft.Extensions.Logging;

namespace Streams.Broker;

internal static partial class BrokerLog
{
    [LoggerMessage(5001, LogLevel.Information, "broker ready on {Address}, {Topics} topics, recovered in {Milliseconds} ms")]
    public static partial void Ready(this ILogger log, string address, int topics, long milliseconds);

    [LoggerMessage(5002, LogLevel.Warning, "{Topic}-{Partition}: torn tail of {Bytes} bytes cut off, the log ends at offset {EndOffset}")]
    public static partial void TailTruncated(this ILogger log, string topic, int partition, long bytes, long endOffset);

    [LoggerMessage(5003, LogLevel.Error, "{Topic}-{Partition}: {File} is damaged at byte {Position}, offset {Offset}; the partition is refused and the file kept")]
    public static partial void LogDamaged(this ILogger log, string topic, int partition, string file, long position, long offset);

    [LoggerMessage(5004, LogLevel.Warning, "journal: torn tail of {Bytes} bytes cut off")]
    public static partial void JournalTruncated(this ILogger log, long bytes);

    [LoggerMessage(5005, LogLevel.Warning, "connection {Connection} closed: {Reason}")]
    public static partial void ConnectionRefused(this ILogger log, long connection, string reason);

    [LoggerMessage(5060, LogLevel.Information, "connection {Connection} closed: {Reason}")]
    public static partial void ConnectionClosed(this ILogger log, long connection, string reason);

    [LoggerMessage(5061, LogLevel.Warning, "a connection could not be accepted")]
    public static partial void AcceptFailed(this ILogger log, Exception error);

    [LoggerMessage(5006, LogLevel.Error, "request {Api} failed, connection {Connection} closed")]
    public static partial void RequestFailed(this ILogger log, string api, long connection, Exception error);

    [LoggerMessage(5007, LogLevel.Warning, "transaction of {TransactionalId} timed out and is aborted")]
    public static partial void TransactionTimedOut(this ILogger log, string transactionalId);

    [LoggerMessage(5040, LogLevel.Error, "transaction of {TransactionalId} is decided but not finished; tried again until it is")]
    public static partial void TransactionUnfinished(this ILogger log, string transactionalId, Exception error);

    [LoggerMessage(5041, LogLevel.Error, "the check for timed-out transactions failed; it is repeated")]
    public static partial void TransactionTimeOutFailed(this ILogger log, Exception error);

    [LoggerMessage(5042, LogLevel.Warning, "{TransactionalId}: a request of connection {Connection} came after a newer connection had taken over and is refused")]
    public static partial void DelayedRequestRefused(this ILogger log, string transactionalId, long connection);

    [LoggerMessage(5020, LogLevel.Warning, "{Topic}-{Partition}: old segments could not be deleted; tried again at the next round")]
    public static partial void RetentionFailed(this ILogger log, string topic, int partition, Exception error);

    [LoggerMessage(5021, LogLevel.Warning, "the journal could not be condensed; tried again at the next round")]
    public static partial void CondensingFailed(this ILogger log, Exception error);

    [LoggerMessage(5022, LogLevel.Information, "journal condensed from {Before} to {After} bytes")]
    public static partial void JournalCondensed(this ILogger log, long before, long after);

    [LoggerMessage(5030, LogLevel.Information, "{Topic}-{Partition}: compacted up to offset {EndOffset}, {Before} bytes to {After}")]
    public static partial void LogCleaned(this ILogger log, string topic, int partition, long endOffset, long before, long after);

    [LoggerMessage(5031, LogLevel.Error, "{Topic}-{Partition}: could not be compacted; tried again at the next round")]
    public static partial void CleaningFailed(this ILogger log, string topic, int partition, Exception error);

    [LoggerMessage(5023, LogLevel.Error, "the journal cannot be written; the change is refused")]
    public static partial void JournalFull(this ILogger log, Exception error);
}
