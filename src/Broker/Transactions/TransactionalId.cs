using Streams.Broker.Metadata;
using Streams.Broker.Protocol;

namespace Streams.Broker.Transactions;

/// <summary>Whom a transactional request claims to come from.</summary>
internal readonly record struct TransactionalProducer(string TransactionalId, long ProducerId, short Epoch);

/// <summary>
/// One transactional id and its current transaction. What is durable changes by journal entries alone, which are written under <see cref="Gate"/>;
/// requests take <see cref="Turn"/> first, so that one is answered before the next begins.
/// </summary>
internal sealed class TransactionalId(string name)
{
    private readonly Dictionary<(string Group, string Topic, int Partition), CommittedOffset> _offsets = [];
    private long _coordinatorConnection;
    private long _offsetsConnection;

    public string Name { get; } = name;

    public Lock Gate { get; } = new();

    public SemaphoreSlim Turn { get; } = new(1, 1);

    public long ProducerId { get; private set; } = -1;

    public short Epoch { get; private set; } = -1;

    public long LastProducerId { get; private set; } = -1;

    public short LastEpoch { get; private set; } = -1;

    public int TimeoutMs { get; private set; }

    public TransactionState State { get; private set; }

    public long StartedAt { get; private set; } = -1;

    public long UpdatedAt { get; private set; }

    public HashSet<TopicPartitionName> Partitions { get; } = [];

    public HashSet<string> Groups { get; } = new(StringComparer.Ordinal);

    /// <summary>Partitions that have the marker of the decided transaction, as far as this run of the broker knows.</summary>
    public HashSet<TopicPartitionName> Marked { get; } = [];

    /// <summary>Whether an earlier run decided the transaction, and may have written any of its markers.</summary>
    public bool WasDecidedBefore { get; set; }

    public IReadOnlyDictionary<(string Group, string Topic, int Partition), CommittedOffset> Offsets => _offsets;

    /// <summary>Whether the id was forgotten; who still holds the object looks it up again.</summary>
    public bool HasExpired { get; private set; }

    /// <summary>Whether InitProducerId has given it a producer id.</summary>
    public bool IsKnown => Epoch >= 0 && !HasExpired;

    public bool IsPrepared => State is TransactionState.PrepareCommit or TransactionState.PrepareAbort;

    /// <summary>The last epoch of a producer id is not given to clients: fencing its holder needs one more.</summary>
    public bool IsExhausted => Epoch >= short.MaxValue - 1;

    public long Deadline => StartedAt + TimeoutMs;

    public void Apply(TransactionChanged e)
    {
        if (e.ProducerId != ProducerId || e.Epoch != Epoch) (_coordinatorConnection, _offsetsConnection) = (0, 0);
        (ProducerId, Epoch, LastProducerId, LastEpoch) = (e.ProducerId, e.Epoch, e.LastProducerId, e.LastEpoch);
        (TimeoutMs, State, StartedAt, UpdatedAt) = (e.TimeoutMs, e.State, e.StartedAt, e.UpdatedAt);
        Clear();
        Partitions.UnionWith(e.Partitions);
        Groups.UnionWith(e.Groups);
    }

    public void Apply(TransactionPartitionsAdded e)
    {
        Begin(e.At);
        Partitions.UnionWith(e.Partitions);
    }

    public void Apply(TransactionGroupAdded e)
    {
        Begin(e.At);
        Groups.Add(e.Group);
    }

    public void Apply(TransactionOffsetsAdded e)
    {
        UpdatedAt = e.At;
        foreach (var offset in e.Offsets.Offsets) _offsets[(e.Offsets.Group, offset.Topic, offset.Partition)] = offset;
    }

    public void Apply(TransactionDecided e)
    {
        if (e.Epoch != Epoch)
        {
            (_coordinatorConnection, _offsetsConnection) = (0, 0);
            (LastProducerId, LastEpoch) = e.TimedOut ? (ProducerId, Epoch) : (-1, (short)-1);
        }
        (Epoch, UpdatedAt) = (e.Epoch, e.At);
        State = e.Commit ? TransactionState.PrepareCommit : TransactionState.PrepareAbort;
    }

    public void Apply(TransactionCompleted e)
    {
        UpdatedAt = e.At;
        State = State == TransactionState.PrepareCommit ? TransactionState.CompleteCommit : TransactionState.CompleteAbort;
        Clear();
    }

    public void Apply(TransactionalIdExpired _) => HasExpired = true;

    /// <summary>The entries that rebuild the state.</summary>
    public IEnumerable<TransactionEntry> Snapshot()
    {
        var offsets = _offsets.GroupBy(o => o.Key.Group, o => o.Value).Select(g => new OffsetsCommitted(g.Key, [.. g]));
        var state = new TransactionChanged(Name, ProducerId, Epoch, TimeoutMs, State, StartedAt, [.. Partitions])
        {
            LastProducerId = LastProducerId, LastEpoch = LastEpoch, UpdatedAt = UpdatedAt, Groups = [.. Groups],
        };
        return [state, .. offsets.SelectMany(o => TransactionOffsetsAdded.Parts(Name, UpdatedAt, o))];
    }

    /// <summary>
    /// Whether the request comes on the newest connection that spoke for this epoch. A client speaks on one connection at a time, so that an older
    /// one can only bring what was delayed on the way and means an earlier transaction.
    /// </summary>
    public bool IsCurrent(long connection)
    {
        if (connection < _coordinatorConnection) return false;
        _coordinatorConnection = connection;
        return true;
    }

    /// <summary>The same for offsets, which clients send to the group's coordinator, on a connection of its own.</summary>
    public bool IsCurrentForOffsets(long connection)
    {
        if (connection < _offsetsConnection) return false;
        _offsetsConnection = connection;
        return true;
    }

    private void Begin(long now)
    {
        UpdatedAt = now;
        if (State == TransactionState.Ongoing) return;
        State = TransactionState.Ongoing;
        StartedAt = now;
    }

    private void Clear()
    {
        Partitions.Clear();
        Groups.Clear();
        Marked.Clear();
        WasDecidedBefore = false;
        _offsets.Clear();
    }
}
