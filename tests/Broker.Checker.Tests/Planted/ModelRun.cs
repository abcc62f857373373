using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Planted;

/// <summary>A history of a correct broker in memory and clients that do what the workload does, interleaved at random.</summary>
internal sealed class ModelRun
{
    public const string Group = "exactly-once";
    private const int Steps = 300;
    private readonly Dictionary<int, long> _committed = new() { [0] = 0, [1] = 0, [2] = 0 };
    private readonly List<ModelTransactor> _transactors;
    private readonly ModelReader[] _readers;

    private ModelRun(int seed)
    {
        Random = new Random(seed);
        _transactors = [.. Enumerable.Range(1, 3).Select(c => new ModelTransactor(this, c))];
        _readers = [new ModelReader(Journal, Partitions, 4, readCommitted: true), new ModelReader(Journal, Partitions, 5, readCommitted: false)];
    }

    public Journal Journal { get; } = new();

    public Random Random { get; }

    public ModelPartition[] Partitions { get; } = [new(), new(), new()];

    public static Events Generate(int seed)
    {
        var run = new ModelRun(seed);
        foreach (var reader in run._readers) reader.Start(run._committed);
        run.Rebalance();
        for (var step = 0; step < Steps; step++) run.Step();
        return run.Finish();
    }

    public Dictionary<int, long> CommittedOf(IEnumerable<int> partitions) => partitions.ToDictionary(p => p, p => _committed[p]);

    public void Commit(IEnumerable<GroupOffset> offsets)
    {
        foreach (var offset in offsets) _committed[offset.Partition] = offset.To;
    }

    private void Step()
    {
        switch (Random.Next(20))
        {
            case < 3: Send(); break;
            case < 8: Poll(_readers[Random.Next(2)]); break;
            case 8 when Random.Next(5) == 0: Rebalance(); break;
            case 9: AskCommitted(); break;
            default: _transactors[Random.Next(3)].Step(); break;
        }
    }

    private void Send()
    {
        var operation = Journal.Invoke(6, OperationKind.Send, 6);
        for (var i = Random.Next(1, 4); i > 0; i--)
        {
            var write = new Write(new Value(operation.Id, operation.Writes.Count), Random.Next(3)) { Outcome = (Outcome)Math.Max(0, Random.Next(8) - 5) };
            if (write.Outcome == Outcome.Ok || (write.Outcome == Outcome.Info && Random.Next(2) == 0))
            {
                var offset = Partitions[write.Partition].Append(write.Value);
                if (write.Outcome == Outcome.Ok) write.Offset = offset;
            }
            operation.Writes.Add(write);
        }
        Journal.Complete(operation, operation.Writes.Max(w => w.Outcome));
    }

    private void Poll(ModelReader reader)
    {
        if (Random.Next(10) == 0) reader.Start(reader.Positions.ToDictionary(p => p.Key, p => Random.NextInt64(p.Value + 1)));
        var operation = Journal.Invoke(4, OperationKind.Poll);
        for (var i = Random.Next(1, 6); i > 0; i--) reader.Read(operation, Random.Next(3));
        Journal.Complete(operation, Outcome.Ok);
    }

    private void Rebalance()
    {
        foreach (var transactor in _transactors) transactor.Abandon();
        var owners = _committed.Keys.ToDictionary(p => p, _ => Random.Next(3));
        for (var t = 0; t < 3; t++) _transactors[t].Assign(CommittedOf(owners.Where(o => o.Value == t).Select(o => o.Key)));
    }

    private void AskCommitted()
    {
        var operation = Journal.Invoke(7, OperationKind.Committed);
        operation.Offsets.AddRange(_committed.Select(c => new GroupOffset(Group, c.Key, c.Value, c.Value)));
        Journal.Complete(operation, Outcome.Ok);
    }

    private Events Finish()
    {
        foreach (var transactor in _transactors) transactor.Abandon();
        AskCommitted();
        foreach (var readCommitted in new[] { true, false })
        {
            var reader = new ModelReader(Journal, Partitions, 8, readCommitted);
            reader.Start(_committed.ToDictionary(c => c.Key, _ => 0L), final: true);
            var operation = Journal.Invoke(8, OperationKind.Poll);
            for (var p = 0; p < 3; p++)
            {
                while (reader.Read(operation, p))
                {
                }
                Journal.End(p, readCommitted, readCommitted ? Partitions[p].Stable : Partitions[p].High);
            }
            Journal.Complete(operation, Outcome.Ok);
        }
        return Journal.Close();
    }
}
