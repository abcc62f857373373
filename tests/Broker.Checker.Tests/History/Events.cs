namespace Streams.Broker.Checker.Tests.History;

/// <summary>Where a partition ends for readers of committed records and for all readers.</summary>
public sealed record PartitionEnd(long Stable, long High);

/// <summary>A record at its place.</summary>
public readonly record struct Placed(long Offset, Value Value);

/// <summary>
/// A complete history, indexed for the analyses. <paramref name="repeatedMarkers"/> is how many control records more than one for each transaction
/// a partition may hold: none, but for a broker that is known to repeat them when it starts.
/// </summary>
public sealed class Events(
    IReadOnlyList<Operation> operations, IReadOnlyList<Session> sessions, IReadOnlyDictionary<int, PartitionEnd> ends,
    IReadOnlyList<(string Name, long Time)> faults, int repeatedMarkers = 0)
{
    public IReadOnlyList<Operation> Operations { get; } = [.. operations.OrderBy(o => o.Id)];

    public IReadOnlyDictionary<int, Session> Sessions { get; } = sessions.ToDictionary(s => s.Id);

    public IReadOnlyDictionary<int, PartitionEnd> Ends { get; } = ends;

    public IReadOnlyList<(string Name, long Time)> Faults { get; } = faults;

    public int RepeatedMarkers { get; } = repeatedMarkers;

    public IReadOnlyDictionary<Value, (Operation Operation, Write Write)> Writes { get; } =
        operations.SelectMany(o => o.Writes.Select(w => (Operation: o, Write: w))).ToDictionary(w => w.Write.Value);

    /// <summary>Every read that any client made.</summary>
    public IEnumerable<Read> Reads => Operations.SelectMany(o => o.Reads);

    /// <summary>What the final readers of committed records saw, by partition, in order of offsets.</summary>
    public IReadOnlyDictionary<int, Placed[]> Committed { get; } = Final(operations, sessions, readCommitted: true);

    /// <summary>What the final readers of all records saw.</summary>
    public IReadOnlyDictionary<int, Placed[]> All { get; } = Final(operations, sessions, readCommitted: false);

    /// <summary>Transactions that took effect: those acknowledged, and those of unknown outcome of which a record was seen.</summary>
    public IEnumerable<Operation> Effective()
    {
        var seen = Committed.Values.SelectMany(p => p).Select(p => p.Value.Operation).ToHashSet();
        return Operations.Where(o => o.Kind == OperationKind.Transaction && (o.Outcome == Outcome.Ok || (o.Outcome == Outcome.Info && seen.Contains(o.Id))));
    }

    private static Dictionary<int, Placed[]> Final(IReadOnlyList<Operation> operations, IReadOnlyList<Session> sessions, bool readCommitted)
    {
        var final = sessions.Where(s => s.Final && s.ReadCommitted == readCommitted).Select(s => s.Id).ToHashSet();
        return operations.SelectMany(o => o.Reads).Where(r => final.Contains(r.Session)).GroupBy(r => r.Partition)
            .ToDictionary(g => g.Key, g => g.Select(r => new Placed(r.Offset, r.Value)).OrderBy(r => r.Offset).ToArray());
    }
}
