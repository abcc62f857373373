using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Streams.Broker.Log;
using Streams.Broker.Metadata;
using Streams.Broker.Protocol;

namespace Streams.Broker.Transactions;

/// <summary>
/// Transactions. The decision is one durable journal entry; markers follow and are written again at start where they are missing.
/// Nothing new begins under a transactional id before its markers are on disk.
/// </summary>
internal sealed class TransactionCoordinator : IDisposable
{
    private const int MaxTimeoutMs = 900_000;
    private readonly Lock _gate = new();
    private readonly Node _node;
    private readonly ConcurrentDictionary<string, TransactionChanged> _transactions = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, string> _idOfProducer = new();
    private readonly Dictionary<string, long> _openedBy = new(StringComparer.Ordinal);
    private readonly ITimer _timer;

    public TransactionCoordinator(Node node)
    {
        _node = node;
        var tick = TimeSpan.FromMilliseconds(500);
        _timer = node.Options.TimeProvider.CreateTimer(_ => _ = ExpireAsync(), null, tick, tick);
    }

    /// <summary>Entries that lead to the present state.</summary>
    public IEnumerable<JournalEntry> Snapshot() => _transactions.Values;

    public void Apply(TransactionChanged change)
    {
        _transactions[change.TransactionalId] = change;
        _idOfProducer[change.ProducerId] = change.TransactionalId;
        if (change.State != TransactionState.PrepareCommit) return;
        foreach (var offsets in change.Offsets) _node.Groups.Apply(offsets);
    }

    /// <summary>Ends at start what was decided before the broker went down.</summary>
    public void FinishPrepared()
    {
        foreach (var transaction in _transactions.Values.Where(IsPrepared))
        {
            foreach (var log in WriteMarkers(transaction)) log.Flush();
            _node.Record(Completed(transaction));
        }
    }

    /// <summary>A transactional batch, taken only into a partition that the producer's current transaction has named.</summary>
    public Appended Append(PartitionLog log, Span<byte> bytes)
    {
        var batch = new RecordBatch(bytes);
        lock (_gate)
        {
            if (!_idOfProducer.TryGetValue(batch.ProducerId, out var id)) return Appended.Refused(ErrorCode.InvalidProducerIdMapping);
            var current = _transactions[id];
            if (current.ProducerId != batch.ProducerId || batch.ProducerEpoch != current.Epoch) return Appended.Refused(ErrorCode.InvalidProducerEpoch);
            var named = current.State == TransactionState.Ongoing && current.Partitions.Contains(new TopicPartitionName(log.Topic, log.Partition));
            return named ? log.Append(bytes) : Appended.Refused(ErrorCode.InvalidTxnState);
        }
    }

    /// <summary>A new epoch for the transactional id; what its older self has open is aborted first.</summary>
    public async Task<(ErrorCode Error, long ProducerId, short Epoch)> InitAsync(string id, int timeoutMs, long producerId, short epoch)
    {
        if (id.Length == 0) return (ErrorCode.InvalidRequest, -1, -1);
        if (timeoutMs <= 0 || timeoutMs > MaxTimeoutMs) return (ErrorCode.InvalidTransactionTimeout, -1, -1);
        TransactionChanged? open = null;
        lock (_gate)
        {
            if (_transactions.TryGetValue(id, out var current))
            {
                if (producerId >= 0 && current.ProducerId != producerId) return (ErrorCode.InvalidProducerIdMapping, -1, -1);
                if (producerId >= 0 && current.Epoch != epoch) return (ErrorCode.ProducerFenced, -1, -1);
                if (IsPrepared(current)) return (ErrorCode.ConcurrentTransactions, -1, -1);
                if (current.State == TransactionState.Ongoing) open = Decide(current, commit: false, (short)(current.Epoch + 1));
            }
        }
        if (open is not null) await FinishAsync(open);
        TransactionChanged next;
        lock (_gate)
        {
            var known = _transactions.TryGetValue(id, out var current);
            if (known && (IsPrepared(current!) || current!.State == TransactionState.Ongoing)) return (ErrorCode.ConcurrentTransactions, -1, -1);
            next = known && current!.Epoch < short.MaxValue - 2
                ? current with { Epoch = (short)(current.Epoch + 1), TimeoutMs = timeoutMs, State = TransactionState.Empty }
                : new TransactionChanged(id, _node.TakeProducerId(), 0, timeoutMs, TransactionState.Empty, _node.Now, [], []);
            _node.Record(next);
        }
        await _node.Journal.FlushAsync();
        return (ErrorCode.None, next.ProducerId, next.Epoch);
    }

    /// <summary>Takes partitions and offsets into the current transaction, beginning it where none is open.</summary>
    public ErrorCode Add(string id, long producerId, short epoch, long connection, List<TopicPartitionName> partitions, OffsetsCommitted? offsets)
    {
        lock (_gate)
        {
            var error = Check(id, producerId, epoch, out var current);
            if (error != ErrorCode.None) return error;
            if (IsPrepared(current!)) return ErrorCode.ConcurrentTransactions;
            var ongoing = current!.State == TransactionState.Ongoing;
            if (offsets is not null && !ongoing) return ErrorCode.InvalidTxnState;
            if (!ongoing) _openedBy[id] = connection;
            if (ongoing && offsets is null && partitions.All(current.Partitions.Contains)) return ErrorCode.None;
            _node.Record(current with
            {
                State = TransactionState.Ongoing,
                StartedAt = ongoing ? current.StartedAt : _node.Now,
                Partitions = [.. current.Partitions.Union(partitions)],
                Offsets = offsets is null ? current.Offsets : [.. current.Offsets, offsets],
            });
            return ErrorCode.None;
        }
    }

    /// <summary>
    /// Commits or aborts. A request that was sent before the current transaction began, on an older connection, is refused: it means another one.
    /// </summary>
    public async Task<ErrorCode> EndAsync(string id, long producerId, short epoch, bool commit, long connection)
    {
        TransactionChanged decided;
        lock (_gate)
        {
            var error = Check(id, producerId, epoch, out var current);
            if (error != ErrorCode.None) return error;
            if (IsPrepared(current!)) return ErrorCode.ConcurrentTransactions;
            if (current!.State == (commit ? TransactionState.CompleteCommit : TransactionState.CompleteAbort)) return ErrorCode.None;
            if (current.State != TransactionState.Ongoing || connection < _openedBy.GetValueOrDefault(id)) return ErrorCode.InvalidTxnState;
            decided = Decide(current, commit, current.Epoch);
        }
        await FinishAsync(decided);
        return ErrorCode.None;
    }

    /// <summary>Whether an open transaction may still change the group's offset of the partition.</summary>
    public bool IsPending(string group, string topic, int partition) =>
        _transactions.Values.Any(t => (t.State == TransactionState.Ongoing || IsPrepared(t))
            && t.Offsets.Any(o => o.Group == group && o.Offsets.Any(c => c.Topic == topic && c.Partition == partition)));

    public void Dispose() => _timer.Dispose();

    private static bool IsPrepared(TransactionChanged t) => t.State is TransactionState.PrepareCommit or TransactionState.PrepareAbort;

    private static TransactionChanged Completed(TransactionChanged t) => t with
    {
        State = t.State == TransactionState.PrepareCommit ? TransactionState.CompleteCommit : TransactionState.CompleteAbort,
        Partitions = [],
        Offsets = [],
    };

    private ErrorCode Check(string id, long producerId, short epoch, out TransactionChanged? current)
    {
        if (!_transactions.TryGetValue(id, out current) || current.ProducerId != producerId) return ErrorCode.InvalidProducerIdMapping;
        return epoch == current.Epoch ? ErrorCode.None : ErrorCode.ProducerFenced;
    }

    private TransactionChanged Decide(TransactionChanged current, bool commit, short epoch)
    {
        var decided = current with { Epoch = epoch, State = commit ? TransactionState.PrepareCommit : TransactionState.PrepareAbort };
        _node.Record(decided);
        return decided;
    }

    private async Task FinishAsync(TransactionChanged decided)
    {
        KillPoint.Reached("broker.before_decision");
        await _node.Journal.FlushAsync();
        KillPoint.Reached("broker.after_decision");
        await Task.WhenAll(WriteMarkers(decided).Select(log => _node.Commit.FlushAsync(log)));
        KillPoint.Reached("broker.after_markers");
        lock (_gate) _node.Record(Completed(decided));
        KillPoint.Reached("broker.after_completion");
    }

    private List<PartitionLog> WriteMarkers(TransactionChanged decided)
    {
        var written = new List<PartitionLog>();
        foreach (var (topic, partition) in decided.Partitions)
        {
            var log = _node.Find(topic, partition);
            if (log is not null && log.AppendMarker(decided.ProducerId, decided.Epoch, decided.State == TransactionState.PrepareCommit, _node.Now)) written.Add(log);
            KillPoint.Reached("broker.after_marker");
        }
        return written;
    }

    private async Task ExpireAsync()
    {
        foreach (var (id, seen) in _transactions)
        {
            if (!HasExpired(seen)) continue;
            TransactionChanged decided;
            lock (_gate)
            {
                var current = _transactions[id];
                if (!HasExpired(current)) continue;
                decided = Decide(current, commit: false, (short)(current.Epoch + 1));
            }
            _node.Options.Logger.TransactionTimedOut(id);
            await FinishAsync(decided);
        }
    }

    private bool HasExpired(TransactionChanged t) => t.State == TransactionState.Ongoing && _node.Now - t.StartedAt > t.TimeoutMs;
}
