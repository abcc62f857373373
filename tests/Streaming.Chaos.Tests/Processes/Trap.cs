using System.Globalization;
using System.Runtime.InteropServices;

namespace Streams.Streaming.Chaos.Tests.Processes;

/// <summary>Signals, and the traps at which a worker sends one to itself.</summary>
internal static partial class Trap
{
    public const int SigKill = 9, SigContinue = 18, SigStop = 19;

    private static int passed;

    /// <summary>All points of the runtime, with how often one may be passed before its trap goes off: some are passed once a start, some many times a second.</summary>
    public static readonly (string Point, int Most)[] Points =
    [
        ("stream.before_init_transactions", 1), ("stream.after_init_transactions", 1), ("stream.before_restore", 2), ("stream.during_restore", 3), ("stream.after_restore", 2),
        ("stream.after_poll", 4), ("stream.before_commit", 3), ("stream.after_flush", 3), ("stream.after_send_offsets", 3), ("stream.after_commit", 3),
    ];

    /// <summary>Points of billing, for applications that bill.</summary>
    public static readonly (string Point, int Most)[] Billing = [("billing.between_documents", 8)];

    public static string Choose(Random random, bool stop, (string Point, int Most)[] more)
    {
        if (more.Length > 0 && random.Next(4) == 0)
        {
            var (own, often) = more[random.Next(more.Length)];
            return $"{(stop ? "stop" : "kill")} {own} {random.Next(1, often + 1)}";
        }
        // What lies before the first record is met by every start; what lies behind it only by those that get so far.
        var (point, most) = Points[random.Next(4) == 0 ? random.Next(2) : random.Next(2, Points.Length)];
        return $"{(stop ? "stop" : "kill")} {point} {random.Next(1, most + 1)}";
    }

    public static void Arm(string trap, Action<string> log)
    {
        var parts = trap.Split(' ');
        var (signal, wanted, nth) = (parts[0] == "stop" ? SigStop : SigKill, parts[1], int.Parse(parts[2], CultureInfo.InvariantCulture));
        void At(string point)
        {
            if (point != wanted || Interlocked.Increment(ref passed) != nth) return;
            log($"trap: {trap}");
            Send(Environment.ProcessId, signal);
        }
        KillPoint.Hook += At;
        Aggregators.KillPoint.Hook = At;
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Send(int process, int signal);
}
