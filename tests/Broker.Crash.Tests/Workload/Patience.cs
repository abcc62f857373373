using System.Diagnostics;

namespace Streams.Broker.Crash.Tests.Workload;

/// <summary>Asks again, as clients do, while the last transaction of the same id is still being ended.</summary>
internal static class Patience
{
    private const int ConcurrentTransactions = 51;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    public static int With(Func<int> ask) => With(ask, error => error);

    public static T With<T>(Func<T> ask, Func<T, int> error)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var answer = ask();
            if (error(answer) != ConcurrentTransactions || watch.Elapsed > Longest) return answer;
            Thread.Yield();
        }
    }
}
