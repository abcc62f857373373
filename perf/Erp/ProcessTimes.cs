using System.Diagnostics;
using System.Globalization;

namespace Streams.Perf.Erp;

/// <summary>CPU time so far of this process, of PostgreSQL's processes that serve a database, of those that write for all of them, and of another process, from /proc (Linux).</summary>
sealed record ProcessTimes(TimeSpan Sink, TimeSpan Sessions, TimeSpan Writers, TimeSpan Erp)
{
    const int ParentField = 1, UserTime = 11, SystemTime = 12, TicksPerSecond = 100;

    public static ProcessTimes operator -(ProcessTimes a, ProcessTimes b) => new(a.Sink - b.Sink, a.Sessions - b.Sessions, a.Writers - b.Writers, a.Erp - b.Erp);

    public TimeSpan All => Sink + Sessions + Writers + Erp;

    /// <param name="database">Its name stands in the title of each process that serves it. There must be one at least.</param>
    /// <param name="erp">The ERP's process, where it is one.</param>
    public static ProcessTimes Now(string database, int? erp)
    {
        var all = new List<(int Id, int Parent, string Title, long Ticks)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(d => char.IsAsciiDigit(Path.GetFileName(d)[0])))
        {
            try
            {
                var stat = File.ReadAllText(Path.Combine(folder, "stat"));
                var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
                all.Add((Number(Path.GetFileName(folder)), Number(fields[ParentField]), File.ReadAllText(Path.Combine(folder, "cmdline")), Number(fields[UserTime]) + Number(fields[SystemTime])));
            }
            catch (IOException)
            {
                // The process has ended meanwhile.
            }
        }
        var sessions = all.Where(p => p.Title.StartsWith("postgres:", StringComparison.Ordinal) && p.Title.Contains(database, StringComparison.Ordinal)).ToList();
        var server = sessions.Count > 0 ? sessions[0].Parent : throw new InvalidOperationException($"no process of PostgreSQL serves {database}: the server has to run on this machine");
        var writers = all.Where(p => p.Parent == server && (p.Title.Contains("writer", StringComparison.Ordinal) || p.Title.Contains("checkpointer", StringComparison.Ordinal) || p.Title.Contains("autovacuum", StringComparison.Ordinal)));
        return new(Process.GetCurrentProcess().TotalProcessorTime, Sum(sessions.Select(p => p.Ticks)), Sum(writers.Select(p => p.Ticks)), Sum(all.Where(p => p.Id == erp).Select(p => p.Ticks)));
    }

    static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    static TimeSpan Sum(IEnumerable<long> ticks) => TimeSpan.FromSeconds((double)ticks.Sum() / TicksPerSecond);
}
