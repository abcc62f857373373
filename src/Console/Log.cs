using Microsoft.Extensions.Logging;

namespace Streams.ConsolePages;

static partial class Log
{
    [LoggerMessage(7001, LogLevel.Error, "The console cannot read the ledger")]
    public static partial void LedgerUnreadable(ILogger logger, Exception exception);
}
