using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Planted;

/// <summary>A small history told by hand, for one partition unless another is named. Every reader begins at 0.</summary>
internal sealed class Story
{
    private readonly Journal _journal = new();
    private readonly Dictionary<string, Session> _sessions = [];

    /// <summary>A send of one record. Its value is told back; <paramref name="offset"/> is what the broker answered.</summary>
    public Value Send(long? offset, Outcome outcome = Outcome.Ok, int partition = 0, int producer = 1)
    {
        var operation = _journal.Invoke(producer, OperationKind.Send, producer);
        operation.Writes.Add(new Write(new Value(operation.Id, 0), partition) { Outcome = outcome, Offset = offset });
        _journal.Complete(operation, outcome);
        return operation.Writes[0].Value;
    }

    public Operation Begin(int client) => _journal.Invoke(client, OperationKind.Transaction, client);

    public Value Write(Operation transaction, long? offset, int partition = 0)
    {
        transaction.Writes.Add(new Write(new Value(transaction.Id, transaction.Writes.Count), partition) { Offset = offset });
        return transaction.Writes[^1].Value;
    }

    public void Read(Operation transaction, Value value, long offset, int partition = 0) => transaction.Reads.Add(Seen("in a transaction", true, false, value, offset, partition));

    public void End(Operation transaction, Outcome outcome)
    {
        if (outcome != Outcome.Fail) transaction.CommitInvoked ??= _journal.Tick();
        _journal.Complete(transaction, outcome);
    }

    /// <summary>A whole transaction of records at these offsets.</summary>
    public Value[] Transaction(Outcome outcome, params long[] offsets)
    {
        var transaction = Begin(2);
        var values = offsets.Select(o => Write(transaction, o)).ToArray();
        End(transaction, outcome);
        return values;
    }

    public void Poll(string reader, bool readCommitted, params (long Offset, Value Value)[] records)
    {
        var operation = _journal.Invoke(3, OperationKind.Poll);
        foreach (var (offset, value) in records) operation.Reads.Add(Seen(reader, readCommitted, false, value, offset, 0));
        _journal.Complete(operation, Outcome.Ok);
    }

    public void Offsets(OperationKind kind, string group, long from, long to)
    {
        var operation = _journal.Invoke(4, kind);
        operation.Offsets.Add(new GroupOffset(group, 0, from, to));
        _journal.Complete(operation, Outcome.Ok);
    }

    /// <summary>Everything read to the end by both kinds of readers, which may see different things.</summary>
    public Events Finally(long stable, long high, (long Offset, Value Value, int Partition)[] committed, (long Offset, Value Value, int Partition)[] all)
    {
        foreach (var (readCommitted, records) in new[] { (true, committed), (false, all) })
        {
            var operation = _journal.Invoke(5, OperationKind.Poll);
            foreach (var (offset, value, partition) in records) operation.Reads.Add(Seen($"final {readCommitted}", readCommitted, true, value, offset, partition));
            _journal.Complete(operation, Outcome.Ok);
        }
        _journal.End(0, readCommitted: true, stable);
        _journal.End(0, readCommitted: false, high);
        return _journal.Close();
    }

    public Events Finally(long end, params (long Offset, Value Value)[] records)
    {
        var same = records.Select(r => (r.Offset, r.Value, 0)).ToArray();
        return Finally(end, end, same, same);
    }

    private Read Seen(string reader, bool readCommitted, bool final, Value value, long offset, int partition)
    {
        if (!_sessions.TryGetValue(reader, out var session))
            _sessions[reader] = session = _journal.Open(3, readCommitted, new Dictionary<int, long> { [0] = 0, [1] = 0 }, final);
        return new Read(session.Id, partition, offset, value, _journal.Tick());
    }
}
