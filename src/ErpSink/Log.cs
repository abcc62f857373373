using Microsoft.Extensions.Logging;

namespace Streams.ErpSink;

static partial class Log
{
    [LoggerMessage(3001, LogLevel.Information, "Recovered {Planned} claims and {Unknown} calls without outcome")]
    public static partial void Recovered(ILogger log, int planned, int unknown);

    [LoggerMessage(3002, LogLevel.Warning, "Claim on {DocumentKey} was lost to another instance: {Reason}")]
    public static partial void ClaimLost(ILogger log, string documentKey, string reason);

    [LoggerMessage(3007, LogLevel.Error, "What became of the call with {DocumentKey} is not what the ledger allows, and is not recorded: {Reason}")]
    public static partial void AgainstTheLedger(ILogger log, string documentKey, string reason);

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

    [LoggerMessage(3020, LogLevel.Error, "What is done for people pauses, technical trouble: {Reason}")]
    public static partial void PeoplePause(ILogger log, string reason, Exception error);

    [LoggerMessage(3021, LogLevel.Warning, "The last head of the audit trail was not published: {Reason}")]
    public static partial void NotAnchored(ILogger log, string reason);

    [LoggerMessage(3022, LogLevel.Information, "Refused {Route}: {Status} {Code}")]
    public static partial void PeopleRefused(ILogger log, string route, int status, string code);

    [LoggerMessage(4001, LogLevel.Information, "Replayed {Records} records: {Planned} planned, {Compared} compared")]
    public static partial void Replayed(ILogger log, long records, long planned, long compared);

    [LoggerMessage(4010, LogLevel.Critical, "The ledger was restored from a backup: {Evidence}. What may have been posted is looked up before anything is sent")]
    public static partial void Restored(ILogger log, string evidence);

    [LoggerMessage(4011, LogLevel.Information, "What happened before the restore {Restore} of the ledger is accounted for")]
    public static partial void RestoreExplained(ILogger log, long restore);

    [LoggerMessage(4020, LogLevel.Warning, "Difference {Class} of {Subject} in {Account}: {Cause}")]
    public static partial void Difference(ILogger log, string @class, string subject, string account, string cause);

    [LoggerMessage(4021, LogLevel.Warning, "Reconciliation pauses: {Reason}")]
    public static partial void ReconciliationPauses(ILogger log, string reason, Exception error);
}
