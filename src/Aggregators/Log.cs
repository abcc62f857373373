using Microsoft.Extensions.Logging;

namespace Streams.Aggregators;

static partial class Log
{
    [LoggerMessage(2900, LogLevel.Error, "A record of the contracts topic was refused, what it would replace stays in force: {Reason}")]
    public static partial void ContractRefused(this ILogger logger, string reason);

    [LoggerMessage(2901, LogLevel.Warning, "Waiting for the schema registry: {Reason}")]
    public static partial void RegistryAwaited(this ILogger logger, string reason);
}
