using System.Collections.Concurrent;

namespace Streams.Streaming.Chaos.Tests.Faults;

/// <summary>What was done to an application, and what came of it.</summary>
internal sealed class Tally(Action<string> log)
{
    /// <summary>A static member ended because another of its name had joined.</summary>
    public const string Fenced = "fenced";

    private readonly ConcurrentDictionary<string, int> counts = new(StringComparer.Ordinal);

    public int Kills => counts.Where(c => c.Key.StartsWith("kill", StringComparison.Ordinal)).Sum(c => c.Value);

    public int Zombies => counts.Where(c => c.Key.StartsWith("zombie", StringComparison.Ordinal)).Sum(c => c.Value);

    public int Storms => this["storm"];

    public int BrokerFaults => this["broker kill"] + this["connections"];

    /// <summary>
    /// What may have made a second member of a name: a zombie whose place was taken, or an answer that was lost on its way, so that the member asks again
    /// under an id that the group has given up.
    /// </summary>
    public int Namesakes => this["zombie replaced"] + this["connections"];

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
