using System.Diagnostics;
using System.Globalization;
using System.Runtime.ExceptionServices;

namespace Streams.Broker.Crash.Tests;

/// <summary>Runs seeds on all processors until enough was checked. STREAMS_CRASH_SEED=N runs that seed alone.</summary>
internal static class Crew
{
    private const int FirstSeed = 20261121;

    /// <param name="work">Checks one seed in a folder of its own and tells how many states that were.</param>
    /// <returns>How many were checked, for the test's output.</returns>
    public static string Run(int wanted, Func<int, string, int> work)
    {
        var watch = Stopwatch.StartNew();
        var (total, next) = (0, FirstSeed - 1);
        Exception? failure = null;
        var alone = Environment.GetEnvironmentVariable("STREAMS_CRASH_SEED");
        var threads = Enumerable.Range(0, alone is null ? Environment.ProcessorCount : 1).Select(_ => new Thread(() =>
        {
            using var folder = new TemporaryFolder();
            try
            {
                if (alone is not null) Interlocked.Add(ref total, work(int.Parse(alone, CultureInfo.InvariantCulture), folder.Path));
                else while (Volatile.Read(ref total) < wanted && failure is null) Interlocked.Add(ref total, work(Interlocked.Increment(ref next), folder.Path));
            }
            catch (Exception e)
            {
                failure ??= e;
            }
        })).ToList();
        foreach (var thread in threads) thread.Start();
        foreach (var thread in threads) thread.Join();
        if (failure is not null) ExceptionDispatchInfo.Throw(failure);
        return FormattableString.Invariant($"{total} states from seeds {FirstSeed} to {next} in {watch.Elapsed.TotalSeconds:F1} s, {total / watch.Elapsed.TotalSeconds:F0} a second");
    }
}

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("streams-crash-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
