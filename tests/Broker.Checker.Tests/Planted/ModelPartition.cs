using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Planted;

/// <summary>A partition of the correct broker in memory: records and control records, some of transactions that are still open.</summary>
internal sealed class ModelPartition
{
    private readonly List<(Value? Value, int Transaction)> _entries = [];
    private readonly HashSet<int> _open = [];
    private readonly HashSet<int> _aborted = [];

    public long High => _entries.Count;

    public long Stable
    {
        get
        {
            var first = _entries.FindIndex(e => _open.Contains(e.Transaction));
            return first < 0 ? High : first;
        }
    }

    /// <summary>Appends a record; <paramref name="transaction"/> is 0 outside of transactions.</summary>
    public long Append(Value value, int transaction = 0)
    {
        if (transaction != 0) _open.Add(transaction);
        _entries.Add((value, transaction));
        return _entries.Count - 1;
    }

    public void End(int transaction, bool commit)
    {
        if (!_open.Remove(transaction)) return;
        if (!commit) _aborted.Add(transaction);
        _entries.Add((null, 0));
    }

    /// <summary>The next record at or after the position that a reader may see.</summary>
    public Placed? Next(long position, bool readCommitted)
    {
        var end = readCommitted ? Stable : High;
        for (; position < end; position++)
        {
            var (value, transaction) = _entries[(int)position];
            if (value is { } there && !(readCommitted && _aborted.Contains(transaction))) return new Placed(position, there);
        }
        return null;
    }
}
