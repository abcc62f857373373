using System.Collections.Concurrent;

namespace Streams.Streaming.Chaos.Tests.Faults;

/// <summary>What was done to an application, and what came of it.</summary>
internal sealed class Tally(Action<string> log)
{
    private readonly ConcurrentDictionary<string, int> counts = new(StringComparer.Ordinal);

    public int Kills => counts.Where(c => c.Key.StartsWith("kill", StringComparison.Ordinal)).Sum(c => c.Value);

    public int Zombies => counts.Where(c => c.Key.StartsWith("zombie", StringComparison.Ordinal)).Sum(c => c.Value);

    public int Storms => this["storm"];

    public int BrokerFaults => this["broker kill"] + this["connections"];

    /// <summary>Ends of workers that no fault explains.</summary>
    public ConcurrentQueue<string> Failures { get; } = new();

    public int this[string what] => counts.GetValueOrDefault(what);

    public IEnumerable<KeyValuePair<string, int>> All => counts.OrderBy(c => c.Key, StringComparer.Ordinal);

    public void Add(string what, int worker = 0)
    {
        counts.AddOrUpdate(what, 1, (_, n) => n + 1);
        log($"{what} {worker}");
    }

    /// <summary>A failure of a worker.</summary>
    public void Fail(int worker, string what)
    {
        Failures.Enqueue($"worker {worker} {what}");
        log($"worker {worker} {what}");
    }
}
