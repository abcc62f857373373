using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Planted;

/// <summary>A client of the model that reads for a group, writes, and commits both; one step at a time, so that clients interleave.</summary>
internal sealed class ModelTransactor(ModelRun run, int client)
{
    private readonly ModelReader _reader = new(run.Journal, run.Partitions, client, readCommitted: true);
    private readonly Dictionary<int, long> _starts = [];
    private Operation? _open;

    public int Client { get; } = client;

    public void Assign(IReadOnlyDictionary<int, long> starts)
    {
        Abandon();
        _starts.Clear();
        foreach (var (partition, offset) in starts) _starts[partition] = offset;
        _reader.Start(starts);
    }

    public void Step()
    {
        var random = run.Random;
        if (_open is null) _open = run.Journal.Invoke(Client, OperationKind.Transaction, Client);
        else if (random.Next(4) > 0) Work(_open);
        else if (_open.Writes.Count > 0) End(_open);
    }

    /// <summary>What is still open is aborted, as InitTransactions would.</summary>
    public void Abandon()
    {
        if (_open is null) return;
        Decide(_open, commit: false);
        Finish(Outcome.Fail);
    }

    private void Work(Operation open)
    {
        if (run.Random.Next(3) == 0 && _starts.Count > 0) _reader.Read(open, _starts.Keys.ElementAt(run.Random.Next(_starts.Count)));
        else
        {
            var write = new Write(new Value(open.Id, open.Writes.Count), run.Random.Next(run.Partitions.Length)) { Outcome = Outcome.Info };
            write.Offset = run.Partitions[write.Partition].Append(write.Value, open.Id);
            open.Writes.Add(write);
        }
    }

    private void End(Operation open)
    {
        var choice = run.Random.Next(10);
        if (choice < 2)
        {
            Abandon();
            Assign(run.CommittedOf(_starts.Keys));
            return;
        }
        open.Offsets.AddRange(_starts.Where(s => _reader.Positions[s.Key] > s.Value).Select(s => new GroupOffset(ModelRun.Group, s.Key, s.Value, _reader.Positions[s.Key])));
        open.CommitInvoked = run.Journal.Tick();
        var commit = choice < 8 || run.Random.Next(2) == 0;
        Decide(open, commit);
        Finish(choice < 8 ? Outcome.Ok : Outcome.Info);
        if (choice >= 8) Assign(run.CommittedOf(_starts.Keys));
        else foreach (var partition in _starts.Keys.ToList()) _starts[partition] = _reader.Positions[partition];
    }

    private void Decide(Operation open, bool commit)
    {
        foreach (var partition in run.Partitions) partition.End(open.Id, commit);
        if (commit) run.Commit(open.Offsets);
    }

    private void Finish(Outcome outcome)
    {
        run.Journal.Complete(_open!, outcome);
        _open = null;
    }
}
