using System.Diagnostics;

namespace Streams.Broker.Crash.Tests.Workload;

/// <summary>Asks again, as clients do, while the last transaction of the same id is still being ended; time moves meanwhile, since the broker may wait for it.</summary>
internal static class Patience
{
    private const int ConcurrentTransactions = 51;
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(20);

    public static int With(Life life, Func<int> ask) => With(life, ask, error => error);

    public static T With<T>(Life life, Func<T> ask, Func<T, int> error)
    {
        var watch = Stopwatch.StartNew();
        for (var tries = 0; ; tries++)
        {
            var answer = ask();
            if (error(answer) != ConcurrentTransactions || watch.Elapsed > Longest) return answer;
            if (tries > 20) life.Time.Advance(TimeSpan.FromMilliseconds(10));
            Thread.Yield();
        }
    }
}
