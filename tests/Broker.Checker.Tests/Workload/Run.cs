using System.Collections.Concurrent;
using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Workload;

/// <summary>What the workers of one run share.</summary>
internal sealed class Run(Cluster cluster, int seed, int operations)
{
    private volatile bool _stopped;

    public Cluster Cluster { get; } = cluster;

    public Journal Journal { get; } = new();

    public int Seed { get; } = seed;

    public int Operations { get; } = operations;

    /// <summary>Rare conditions that were met, with their counts.</summary>
    public ConcurrentDictionary<string, int> Sometimes { get; } = new();

    public bool Going => !_stopped;

    public bool Enough => Journal.Count >= Operations;

    public void Stop() => _stopped = true;

    public void Seen(string condition) => Sometimes.AddOrUpdate(condition, 1, (_, count) => count + 1);

    public Random RandomFor(int client) => new(unchecked((Seed * 397) + client));
}
