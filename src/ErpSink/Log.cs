using Microsoft.Extensions.Logging;

namespace Streams.ErpSink;

static partial class Log
{
    [LoggerMessage(3001, LogLevel.Information, "Recovered {Planned} claims and {Unknown} calls without outcome")]
    public static partial void Recovered(ILogger log, int planned, int unknown);

    [LoggerMessage(3002, LogLevel.Warning, "Claim on {DocumentKey} was lost to another instance: {Reason}")]
    public static partial void ClaimLost(ILogger log, string documentKey, string reason);

    [LoggerMessage(3003, LogLevel.Warning, "Outcome of posting {DocumentKey} is unknown ({Code}): {Detail}")]
    public static partial void OutcomeUnknown(ILogger log, string documentKey, string? code, string? detail);

    [LoggerMessage(3004, LogLevel.Warning, "Document {DocumentKey} is {State} ({Code}): {Detail}")]
    public static partial void Refused(ILogger log, string documentKey, string state, string? code, string? detail);

    [LoggerMessage(3005, LogLevel.Critical, "Account {Account} refuses the credentials, posting stops until the configuration is put right: {Reason}")]
    public static partial void Blocked(ILogger log, string account, string reason);

    [LoggerMessage(3006, LogLevel.Error, "The ledger does not answer; trying again")]
    public static partial void LedgerUnavailable(ILogger log, Exception error);

    [LoggerMessage(3010, LogLevel.Information, "Took in {Planned} new documents, {Duplicates} duplicates, {Conflicts} conflicts, {Rejected} rejected")]
    public static partial void Taken(ILogger log, int planned, int duplicates, int conflicts, int rejected);

    [LoggerMessage(3011, LogLevel.Error, "Consuming pauses, technical trouble: {Reason}")]
    public static partial void ConsumingPauses(ILogger log, string reason, Exception error);

    [LoggerMessage(3012, LogLevel.Warning, "Kafka client: {Reason}")]
    public static partial void KafkaTrouble(ILogger log, string reason);

    [LoggerMessage(3013, LogLevel.Error, "Publishing pauses, technical trouble: {Reason}")]
    public static partial void PublishingPauses(ILogger log, string reason, Exception error);

    [LoggerMessage(4001, LogLevel.Information, "Replayed {Records} records: {Planned} planned, {Compared} compared")]
    public static partial void Replayed(ILogger log, long records, int planned, int compared);
}
