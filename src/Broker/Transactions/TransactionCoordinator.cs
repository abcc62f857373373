using System.Collections.Concurrent;
using Streams.Broker.Log;
using Streams.Broker.Metadata;
using Streams.Broker.Protocol;

namespace Streams.Broker.Transactions;

/// <summary>Where a request came from: connections are numbered as they come in.</summary>
internal readonly record struct Caller(long Connection, Func<bool> HasGone);

internal readonly record struct InitResult(ErrorCode Error, long ProducerId, short Epoch)
{
    public static InitResult Refused(ErrorCode error) => new(error, -1, -1);
}

/// <summary>
/// Transactions as in Kafka before version 2 of its protocol. The decision is one durable journal entry; markers follow it and are written again
/// at start where they are missing. Nothing new begins under a transactional id before its markers are on disk.
/// </summary>
internal sealed partial class TransactionCoordinator : IDisposable
{
    /// <summary>Kafka's transaction.max.timeout.ms.</summary>
    public const int MaxTimeoutMs = 900_000;
    private readonly Node _node;
    private readonly ConcurrentDictionary<string, TransactionalId> _ids = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<long, TransactionalId> _idOfProducer = new();
    private readonly PendingOffsets _pending = new();
    private readonly CancellationTokenSource _stopping = new();

    public TransactionCoordinator(Node node)
    {
        _node = node;
        ProducerIds = new ProducerIds(node);
        _timeOuts = new TransactionTimer(node, AbortTimedOut);
        _expiry = new TransactionTimer(node, ForgetUnused);
    }

    public ProducerIds ProducerIds { get; }

    /// <summary>Every known transactional id.</summary>
    public IEnumerable<TransactionalId> Ids => _ids.Values.Where(id => id.IsKnown);

    public TransactionalId? Find(string transactionalId) => _ids.TryGetValue(transactionalId, out var id) && id.IsKnown ? id : null;

    /// <summary>Whether an open transaction may still change the group's offset of the partition.</summary>
    public bool IsPending(string group, string topic, int partition) => _pending.Contains(group, topic, partition);

    /// <summary>A transactional batch, taken only into a partition that the producer's current transaction has named.</summary>
    public Appended Append(PartitionLog log, Span<byte> bytes)
    {
        var batch = new RecordBatch(bytes);
        if (!_idOfProducer.TryGetValue(batch.ProducerId, out var id)) return Appended.Refused(ErrorCode.InvalidProducerIdMapping);
        lock (id.Gate)
        {
            if (!id.IsKnown || id.ProducerId != batch.ProducerId) return Appended.Refused(ErrorCode.InvalidProducerIdMapping);
            if (id.Epoch != batch.ProducerEpoch) return Appended.Refused(ErrorCode.InvalidProducerEpoch);
            var named = id.State == TransactionState.Ongoing && id.Partitions.Contains(new TopicPartitionName(log.Topic, log.Partition));
            return named ? log.Append(bytes) : Appended.Refused(ErrorCode.InvalidTxnState);
        }
    }

    /// <summary>
    /// A new epoch for the transactional id. What its older self has open is aborted first, and the caller told to come again. A producer that names
    /// itself (KIP-360) is bumped if it is the newest; if it only repeats what it asked before, it gets the same answer.
    /// </summary>
    public async Task<InitResult> InitAsync(string transactionalId, int timeoutMs, long producerId, short epoch, Caller caller)
    {
        if (transactionalId.Length == 0 || producerId < 0 != epoch < 0) return InitResult.Refused(ErrorCode.InvalidRequest);
        if (timeoutMs is <= 0 or > MaxTimeoutMs) return InitResult.Refused(ErrorCode.InvalidTransactionTimeout);
        while (true)
        {
            var id = _ids.GetOrAdd(transactionalId, name => new TransactionalId(name));
            var result = await InTurnAsync<InitResult?>(
                id, caller, error => InitResult.Refused(error), async () => id.HasExpired ? null : await InitAsync(id, timeoutMs, producerId, epoch));
            if (result is { } done) return done;
        }
    }

    /// <summary>Takes partitions into the current transaction, beginning it where none is open.</summary>
    public Task<ErrorCode> AddPartitionsAsync(TransactionalProducer producer, List<TopicPartitionName> partitions, Caller caller) =>
        AddAsync(producer, caller, id =>
        {
            if (id.State == TransactionState.Ongoing && partitions.TrueForAll(id.Partitions.Contains)) return null;
            return new TransactionPartitionsAdded(id.Name, _node.Now, partitions);
        });

    /// <summary>Takes a group's offsets into the current transaction, beginning it where none is open.</summary>
    public Task<ErrorCode> AddGroupAsync(TransactionalProducer producer, string group, Caller caller) =>
        AddAsync(producer, caller, id =>
        {
            if (id.State == TransactionState.Ongoing && id.Groups.Contains(group)) return null;
            return new TransactionGroupAdded(id.Name, _node.Now, group);
        });

    /// <summary>Offsets that count when the transaction commits; the group has its say after the transaction's own checks.</summary>
    public Task<ErrorCode> AddOffsetsAsync(TransactionalProducer producer, OffsetsCommitted offsets, Func<ErrorCode> askGroup, Caller caller) =>
        InTurnAsync(producer, caller, async id =>
        {
            lock (id.Gate)
            {
                var refused = CheckOffsets(id, producer, offsets.Group, caller);
                if (refused != ErrorCode.None) return refused;
            }
            var error = askGroup();
            if (error != ErrorCode.None) return error;
            lock (id.Gate)
            {
                var refused = CheckOffsets(id, producer, offsets.Group, caller);
                if (refused != ErrorCode.None) return refused;
                foreach (var part in TransactionOffsetsAdded.Parts(id.Name, _node.Now, offsets)) _node.Record(part);
            }
            await _node.Journal.FlushAsync();
            return ErrorCode.None;
        });

    /// <summary>Commits or aborts. A repeated request is answered as the first was, and has no effect on what came after it.</summary>
    public Task<ErrorCode> EndAsync(TransactionalProducer producer, bool commit, Caller caller) =>
        InTurnAsync(producer, caller, async id =>
        {
            lock (id.Gate)
            {
                var error = CheckEnd(id, producer, commit, caller);
                if (error != ErrorCode.None || id.State != TransactionState.Ongoing) return error;
                Decide(id, commit, id.Epoch);
            }
            await FinishAsync(id);
            return ErrorCode.None;
        });

    public void Dispose()
    {
        _stopping.Cancel();
        _timeOuts.Dispose();
        _expiry.Dispose();
    }

    private async Task<InitResult> InitAsync(TransactionalId id, int timeoutMs, long producerId, short epoch)
    {
        var freshId = NeedsProducerId(id) ? await ProducerIds.TakeAsync() : -1;
        bool open;
        TransactionChanged next;
        lock (id.Gate)
        {
            if (id.IsKnown && producerId >= 0 && !MayInit(id, producerId, epoch)) return InitResult.Refused(ErrorCode.ProducerFenced);
            if (id.IsPrepared || (freshId < 0 && NeedsProducerId(id))) return InitResult.Refused(ErrorCode.ConcurrentTransactions);
            open = id.State == TransactionState.Ongoing;
            if (open) Decide(id, commit: false, Fenced(id));
            next = Next(id, timeoutMs, producerId, epoch, freshId);
            if (!open) _node.Record(next);
        }
        if (open)
        {
            await FinishAsync(id);
            return InitResult.Refused(ErrorCode.ConcurrentTransactions);
        }
        await _node.Journal.FlushAsync();
        return new InitResult(ErrorCode.None, next.ProducerId, next.Epoch);
    }

    private static bool NeedsProducerId(TransactionalId id) => !id.IsKnown || id.IsExhausted;

    // Kafka lets an outdated epoch abort what is open now and tells it only afterwards that it is fenced; here it is told at once.
    private static bool MayInit(TransactionalId id, long producerId, short epoch)
    {
        if (producerId == id.ProducerId && epoch == id.Epoch) return true;
        return IsRepeated(id, producerId, epoch) && id.State != TransactionState.Ongoing;
    }

    private static bool IsRepeated(TransactionalId id, long producerId, short epoch) =>
        producerId >= 0 && producerId == id.LastProducerId && epoch == id.LastEpoch;

    private TransactionChanged Next(TransactionalId id, int timeoutMs, long producerId, short epoch, long freshId)
    {
        var (nextId, nextEpoch, lastId, lastEpoch) = (id.ProducerId, id.Epoch, id.LastProducerId, id.LastEpoch);
        if (!id.IsKnown || (!IsRepeated(id, producerId, epoch) && id.IsExhausted)) (nextId, nextEpoch) = (freshId, (short)0);
        else if (!IsRepeated(id, producerId, epoch)) nextEpoch = (short)(id.Epoch + 1);
        if (!IsRepeated(id, producerId, epoch)) (lastId, lastEpoch) = (producerId, epoch);
        return new TransactionChanged(id.Name, nextId, nextEpoch, timeoutMs, TransactionState.Empty, -1, [])
        {
            LastProducerId = lastId, LastEpoch = lastEpoch, UpdatedAt = _node.Now,
        };
    }

    private static short Fenced(TransactionalId id) => id.Epoch == short.MaxValue ? id.Epoch : (short)(id.Epoch + 1);

    private Task<ErrorCode> AddAsync(TransactionalProducer producer, Caller caller, Func<TransactionalId, TransactionEntry?> change) =>
        InTurnAsync(producer, caller, async id =>
        {
            lock (id.Gate)
            {
                var error = Check(id, producer, caller);
                if (error != ErrorCode.None) return error;
                if (id.IsPrepared) return ErrorCode.ConcurrentTransactions;
                if (change(id) is not { } entry) return ErrorCode.None;
                _node.Record(entry);
                _timeOuts.WakeAfter(id.Deadline);
            }
            await _node.Journal.FlushAsync();
            return ErrorCode.None;
        });

    private Task<ErrorCode> InTurnAsync(TransactionalProducer producer, Caller caller, Func<TransactionalId, Task<ErrorCode>> work)
    {
        if (producer.TransactionalId.Length == 0) return Task.FromResult(ErrorCode.InvalidRequest);
        return Find(producer.TransactionalId) is { } id
            ? InTurnAsync(id, caller, error => error, () => work(id))
            : Task.FromResult(ErrorCode.InvalidProducerIdMapping);
    }

    /// <summary>One request of a transactional id after the other. A request whose client has gone before its turn came is dropped.</summary>
    /// <exception cref="OperationCanceledException">The client has gone, or the broker stops.</exception>
    private async Task<T> InTurnAsync<T>(TransactionalId id, Caller caller, Func<ErrorCode, T> refuse, Func<Task<T>> work)
    {
        await id.Turn.WaitAsync(_stopping.Token);
        try
        {
            if (caller.HasGone()) throw new OperationCanceledException("the client has gone");
            return await work();
        }
        catch (IOException)
        {
            // The journal could not be written, and nothing has changed: clients try again.
            return refuse(ErrorCode.CoordinatorNotAvailable);
        }
        finally
        {
            id.Turn.Release();
        }
    }

    private ErrorCode Check(TransactionalId id, TransactionalProducer producer, Caller caller)
    {
        if (!id.IsKnown || id.ProducerId != producer.ProducerId) return ErrorCode.InvalidProducerIdMapping;
        if (id.Epoch != producer.Epoch) return ErrorCode.ProducerFenced;
        return id.IsCurrent(caller.Connection) ? ErrorCode.None : Delayed(id, caller);
    }

    private ErrorCode CheckEnd(TransactionalId id, TransactionalProducer producer, bool commit, Caller caller)
    {
        var error = Check(id, producer, caller);
        if (error != ErrorCode.None) return error;
        return (id.State, commit) switch
        {
            (TransactionState.Ongoing, _) or (TransactionState.CompleteCommit, true) or (TransactionState.CompleteAbort, false) => ErrorCode.None,
            (TransactionState.PrepareCommit, true) or (TransactionState.PrepareAbort, false) => ErrorCode.ConcurrentTransactions,
            _ => ErrorCode.InvalidTxnState,
        };
    }

    private ErrorCode CheckOffsets(TransactionalId id, TransactionalProducer producer, string group, Caller caller)
    {
        if (!id.IsKnown || id.ProducerId != producer.ProducerId) return ErrorCode.InvalidProducerIdMapping;
        if (id.Epoch != producer.Epoch) return ErrorCode.InvalidProducerEpoch;
        if (id.IsPrepared) return ErrorCode.ConcurrentTransactions;
        if (id.State != TransactionState.Ongoing || !id.Groups.Contains(group)) return ErrorCode.InvalidTxnState;
        return id.IsCurrentForOffsets(caller.Connection) ? ErrorCode.None : Delayed(id, caller);
    }

    private ErrorCode Delayed(TransactionalId id, Caller caller)
    {
        _node.Options.Logger.DelayedRequestRefused(id.Name, caller.Connection);
        return ErrorCode.InvalidTxnState;
    }
}
