using System.Diagnostics;
using System.Globalization;

namespace Streams.Cli;

/// <summary>
/// Drills: STREAMS_KILL_AT=POINT:N ends this process by SIGKILL when it reaches the point for the N-th time, as a crash there would.
/// The points are listed at each room's KillPoint. Without the variable nothing is hooked.
/// </summary>
static class KillSwitch
{
    const string Variable = "STREAMS_KILL_AT";

    static int _passed;

    /// <exception cref="CommandException">The variable is set and is not POINT:N.</exception>
    public static void Arm()
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } text) return;
        if (text.Split(':') is not [{ Length: > 0 } wanted, var digits] || !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var nth) || nth < 1)
            throw new CommandException(ExitCodes.WrongUsage, $"{Variable}={text}: expected POINT:N");
        void At(string point)
        {
            if (point == wanted && Interlocked.Increment(ref _passed) == nth) End(text);
        }
        Streaming.KillPoint.Hook = At;
        Streams.Broker.KillPoint.Hook = At;
        Streams.Ingest.KillPoint.Hook = At;
        Aggregators.KillPoint.Hook = At;
        ErpSink.KillPoint.Hook = (point, _) => At(point);
        Simulators.KillPoint.Hook = (point, _) => At(point);
    }

    static void End(string point)
    {
        Console.Error.WriteLine($"streams: killed at {point}");
        Process.GetCurrentProcess().Kill();
        Thread.Sleep(Timeout.Infinite);
    }
}
