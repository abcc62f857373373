using Microsoft.Extensions.Logging;

namespace Streams.Cli.Observability;

static partial class Log
{
    [LoggerMessage(6001, LogLevel.Warning, "Consumer group lag cannot be read: {Reason}")]
    public static partial void LagUnreadable(ILogger logger, string reason);
}")]
    public static partial void LagClientError(ILogger logger, string reason);
}
