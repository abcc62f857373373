using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Streams.Perf.Rating;

/// <summary>Waits for moments to a fraction of a millisecond, without keeping a core busy as spinning would, and without the milliseconds that timers are off.</summary>
static class Pace
{
    [StructLayout(LayoutKind.Sequential)]
    struct Span
    {
        public nint Seconds;
        public nint Nanoseconds;
    }

    /// <param name="moment">A time stamp of <see cref="Stopwatch"/>.</param>
    public static void Until(long moment)
    {
        var left = moment - Stopwatch.GetTimestamp();
        if (left <= 0) return;
        var span = new Span { Seconds = (nint)(left / Stopwatch.Frequency), Nanoseconds = (nint)(left % Stopwatch.Frequency * (1_000_000_000 / Stopwatch.Frequency)) };
        // Woken early by a signal, it is early by as much.
        _ = Nanosleep(ref span, 0);
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    static extern int Nanosleep(ref Span wanted, nint left);
}
