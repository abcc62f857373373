using Microsoft.Extensions.Logging;
using Streams.Broker.Log;
using Streams.Broker.Metadata;

namespace Streams.Broker.Transactions;

internal sealed partial class TransactionCoordinator
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ExpiryCheck = TimeSpan.FromHours(1);
    private readonly TransactionTimer _timeOuts;
    private readonly TransactionTimer _expiry;

    /// <summary>Takes a step into the state, when it is made and when the journal is replayed. Called with the node's and the id's lock.</summary>
    public void Apply(TransactionEntry entry)
    {
        var id = _ids.GetOrAdd(entry.TransactionalId, name => new TransactionalId(name));
        switch (entry)
        {
            case TransactionChanged e: Apply(id, e); break;
            case TransactionPartitionsAdded e: id.Apply(e); break;
            case TransactionGroupAdded e: id.Apply(e); break;
            case TransactionOffsetsAdded e: Apply(id, e); break;
            case TransactionDecided e: Apply(id, e); break;
            case TransactionCompleted e: Apply(id, e); break;
            case TransactionalIdExpired e: Apply(id, e); break;
            default: throw new InvalidDataException($"unknown journal entry {entry.GetType().Name}");
        }
    }

    /// <summary>What a condensed journal must hold of the transactions. Called with the node's lock, which every change takes.</summary>
    public IEnumerable<JournalEntry> Snapshot() => [.. ProducerIds.Snapshot(), .. Ids.SelectMany(id => id.Snapshot())];

    /// <summary>At start: ends what was decided before the broker went down, and watches over what is open.</summary>
    public void FinishPrepared()
    {
        foreach (var id in Ids.Where(id => id.IsPrepared))
        {
            id.WasDecidedBefore = true;
            FinishAsync(id).GetAwaiter().GetResult();
        }
        AbortTimedOut();
        ForgetUnused();
    }

    private void Apply(TransactionalId id, TransactionChanged e)
    {
        if (id.ProducerId != e.ProducerId) _idOfProducer.TryRemove(id.ProducerId, out _);
        _pending.Remove(id.Offsets.Keys);
        id.Apply(e);
        _idOfProducer[e.ProducerId] = id;
    }

    private void Apply(TransactionalId id, TransactionOffsetsAdded e)
    {
        var added = e.Offsets.Offsets.Select(o => (e.Offsets.Group, o.Topic, o.Partition)).Where(o => !id.Offsets.ContainsKey(o)).Distinct().ToList();
        id.Apply(e);
        foreach (var offset in added) _pending.Add(offset);
    }

    // Offsets of a topic that was deleted meanwhile are gone with it.
    private void Apply(TransactionalId id, TransactionDecided e)
    {
        id.Apply(e);
        if (!e.Commit) return;
        foreach (var group in id.Offsets.Where(o => _node.Find(o.Key.Topic) is not null).GroupBy(o => o.Key.Group))
            _node.Groups.Apply(new OffsetsCommitted(group.Key, [.. group.Select(o => o.Value with { CommittedAt = e.At })]));
    }

    private void Apply(TransactionalId id, TransactionCompleted e)
    {
        _pending.Remove(id.Offsets.Keys);
        id.Apply(e);
    }

    private void Apply(TransactionalId id, TransactionalIdExpired e)
    {
        id.Apply(e);
        _ids.TryRemove(id.Name, out _);
        _idOfProducer.TryRemove(id.ProducerId, out _);
    }

    private void Decide(TransactionalId id, bool commit, short epoch) => _node.Record(new TransactionDecided(id.Name, _node.Now, commit, epoch));

    /// <summary>
    /// Brings the decision to disk and writes the markers. Where that fails it goes on behind the caller's back: the decision stands, and the id
    /// answers CONCURRENT_TRANSACTIONS until all markers are on disk.
    /// </summary>
    private async Task FinishAsync(TransactionalId id)
    {
        KillPoint.Reached("broker.before_decision");
        await _node.Journal.FlushAsync();
        KillPoint.Reached("broker.after_decision");
        if (!await TryFinishAsync(id)) _ = FinishLaterAsync(id);
    }

    private async Task FinishUnattendedAsync(TransactionalId id)
    {
        try
        {
            await FinishAsync(id);
        }
        catch (ObjectDisposedException)
        {
            // The broker stops; the next start finishes what is on disk.
        }
    }

    private async Task FinishLaterAsync(TransactionalId id)
    {
        try
        {
            do await Task.Delay(RetryPause, _node.Options.TimeProvider, _stopping.Token);
            while (!await TryFinishAsync(id));
        }
        catch (OperationCanceledException)
        {
            // The broker stops; the next start finishes it.
        }
    }

    private async Task<bool> TryFinishAsync(TransactionalId id)
    {
        try
        {
            await Task.WhenAll(WriteMarkers(id).Select(log => _node.Commit.FlushAsync(log)));
            KillPoint.Reached("broker.after_markers");
            lock (id.Gate) _node.Record(new TransactionCompleted(id.Name, _node.Now));
            KillPoint.Reached("broker.after_completion");
            return true;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            if (!_stopping.IsCancellationRequested) _node.Options.Logger.TransactionUnfinished(id.Name, e);
            return false;
        }
    }

    // As in Kafka a partition without records gets its marker too. After a restart it is not known who has it already: only what is open is ended.
    private List<PartitionLog> WriteMarkers(TransactionalId id)
    {
        var named = new List<PartitionLog>();
        foreach (var partition in id.Partitions)
        {
            if (_node.Find(partition.Topic, partition.Partition) is not { } log) continue;
            if (!id.Marked.Contains(partition))
                log.AppendMarker(id.ProducerId, id.Epoch, id.State == TransactionState.PrepareCommit, _node.Now, evenIfEmpty: !id.WasDecidedBefore);
            id.Marked.Add(partition);
            named.Add(log);
            KillPoint.Reached("broker.after_marker");
        }
        return named;
    }

    private void AbortTimedOut()
    {
        foreach (var id in Ids)
        {
            lock (id.Gate)
            {
                if (id.State != TransactionState.Ongoing) continue;
                if (_node.Now <= id.Deadline)
                {
                    _timeOuts.WakeAfter(id.Deadline);
                    continue;
                }
                _node.Record(new TransactionDecided(id.Name, _node.Now, false, Fenced(id)) { TimedOut = true });
            }
            _node.Options.Logger.TransactionTimedOut(id.Name);
            _ = FinishUnattendedAsync(id);
        }
    }

    // An id that is in use just now is not old.
    private void ForgetUnused()
    {
        var horizon = _node.Now - (long)_node.Options.TransactionalIdExpiration.TotalMilliseconds;
        foreach (var id in Ids)
        {
            if (!id.Turn.Wait(0)) continue;
            try
            {
                lock (id.Gate)
                {
                    if (id.State != TransactionState.Ongoing && !id.IsPrepared && id.UpdatedAt <= horizon) _node.Record(new TransactionalIdExpired(id.Name));
                }
            }
            finally
            {
                id.Turn.Release();
            }
        }
        _expiry.WakeAfter(_node.Now + (long)ExpiryCheck.TotalMilliseconds);
    }
}
