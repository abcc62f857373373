using Microsoft.Extensions.Logging;

namespace Streams.Cli.Observability;

static partial class Log
{
    [LoggerMessage(6001, LogLevel.Warning, "Consumer group lag could not be read: {Reason}")]
    public static partial void LagUnreadable(ILogger logger, string reason);
}
