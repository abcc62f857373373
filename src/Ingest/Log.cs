using Microsoft.Extensions.Logging;

namespace Streams.Ingest;

/// <summary>Log lines of the room: event ids 1000 to 1099. They never hold keys, customers or event contents.</summary>
static partial class Log
{
    [LoggerMessage(1001, LogLevel.Warning, "A record for {Topic} was not acknowledged: {Error} ({Status})")]
    public static partial void NotAcknowledged(ILogger logger, string topic, string error, string status);

    [LoggerMessage(1002, LogLevel.Warning, "Kafka client error {Error}, fatal: {Fatal}")]
    public static partial void KafkaError(ILogger logger, string error, bool fatal);

    [LoggerMessage(1003, LogLevel.Debug, "Kafka client, {Level}: {Line}")]
    public static partial void KafkaClient(ILogger logger, string level, string line);

    [LoggerMessage(1010, LogLevel.Information, "Following the contracts from {Partitions} partitions")]
    public static partial void FollowingContracts(ILogger logger, int partitions);

    [LoggerMessage(1011, LogLevel.Information, "The contracts are read: {Entries} entries")]
    public static partial void ContractsRead(ILogger logger, int entries);

    [LoggerMessage(1012, LogLevel.Error, "A record of the contracts topic cannot be read and is left out: partition {Partition}, offset {Offset}: {Reason}")]
    public static partial void ContractUnreadable(ILogger logger, int partition, long offset, string reason);

    [LoggerMessage(1013, LogLevel.Warning, "The contracts cannot be followed now, trying again: {Reason}")]
    public static partial void ContractsUnavailable(ILogger logger, string reason);


    [LoggerMessage(1020, LogLevel.Information, "Contracts changed by {Key}: {Entries} entries")]
    public static partial void ContractsChanged(ILogger logger, string key, int entries);

    [LoggerMessage(1021, LogLevel.Warning, "A request to {Route} was refused with {Status} {Code}")]
    public static partial void RequestRefused(ILogger logger, string route, int status, string code);

    [LoggerMessage(1030, LogLevel.Information, "Import under mapping {Mapping} ended: {Lines} lines, {Events} events, {Refused} refused")]
    public static partial void Imported(ILogger logger, string mapping, long lines, long events, long refused);
}
