using Confluent.Kafka;
using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Workload;

/// <summary>
/// Reads in a group, writes, and commits both in transactions; some are aborted, some are taken over by a second producer of the same transactional id.
/// After any doubt the producer is thrown away and InitTransactions called anew, as the client library's documentation asks.
/// </summary>
internal sealed class TransactionWorker(Run run, int client, string? group)
{
    private readonly Random _random = run.RandomFor(client);
    private IProducer<Null, string>? _producer;
    private GroupMember? _member;
    private int _number;

    public string TransactionalId => $"{run.Cluster.Topic}-{client}";

    public void Work()
    {
        while (run.Going)
        {
            if (_producer is null && !Renew()) break;
            if (group is not null && _member is null) _member = new GroupMember(run, client, group);
            Transact();
            if (_member is null || _random.Next(150) > 0) continue;
            _member.Dispose();
            _member = null;
        }
        _member?.Dispose();
        _producer?.Dispose();
    }

    private void Transact()
    {
        var transaction = run.Journal.Invoke(client, OperationKind.Transaction, _number);
        var outcome = Outcome.Fail;
        try
        {
            _producer!.BeginTransaction();
            var sends = new Sends(run, transaction, _producer);
            if (Fill(transaction, sends)) outcome = End(transaction, sends);
        }
        catch (KafkaTxnRequiresAbortException)
        {
            run.Seen("a transaction that must be aborted");
            Abort();
        }
        catch (KafkaException e)
        {
            if (e.Error.Code == ErrorCode.Local_Fenced) run.Seen("a fenced producer");
            Drop();
        }
        // Offsets and reads of what was not committed for certain do not count for the group; it is asked where it is.
        run.Journal.Complete(transaction, outcome);
        if (outcome != Outcome.Ok) Recover();
    }

    /// <summary>Reads and writes; false when a rebalance has made what was read another member's.</summary>
    private bool Fill(Operation transaction, Sends sends)
    {
        if (_member is not null)
        {
            _member.Rebalanced = false;
            _member.Poll(transaction, _random.Next(1, 60));
        }
        for (var i = _random.Next(1, 8); i > 0; i--) sends.Send(_random.Next(run.Cluster.Partitions), new string('.', _random.Next(60)));
        if (_member is null) return true;
        if (_member.Rebalanced && transaction.Reads.Count > 0)
        {
            run.Seen("a rebalance in mid-transaction");
            Abort();
            return false;
        }
        transaction.Offsets.AddRange(_member.Progress);
        if (transaction.Offsets.Count == 0) return true;
        _producer!.SendOffsetsToTransaction(transaction.Offsets.Select(o => new TopicPartitionOffset(run.Cluster.Topic, o.Partition, o.To)), _member.Metadata, run.Cluster.CallTimeout);
        return true;
    }

    private Outcome End(Operation transaction, Sends sends)
    {
        switch (_random.Next(100))
        {
            case < 10:
                if (_random.Next(2) == 0) _producer!.Flush(run.Cluster.CallTimeout);
                Abort();
                run.Seen("a transaction aborted on purpose");
                return Outcome.Fail;
            case < 12:
                return Usurp(transaction);
            default:
                return Commit(transaction, sends);
        }
    }

    private Outcome Commit(Operation transaction, Sends sends)
    {
        transaction.CommitInvoked = run.Journal.Tick();
        var doubt = false;
        for (var attempt = _random.Next(3); ; attempt--)
        {
            try
            {
                _producer!.CommitTransaction(run.Cluster.CallTimeout);
                sends.Wait(run.Cluster.CallTimeout);
                _member?.Advance();
                return Outcome.Ok;
            }
            catch (KafkaRetriableException) when (attempt > 0)
            {
                doubt = true;
                run.Seen("a commit called again after a time-out");
            }
            catch (KafkaTxnRequiresAbortException) when (!doubt)
            {
                throw;
            }
            catch (KafkaException)
            {
                Drop();
                return Outcome.Info;
            }
        }
    }

    /// <summary>A second producer of the same id takes over while the transaction is open; the first tries to commit none the less.</summary>
    private Outcome Usurp(Operation transaction)
    {
        using var first = _producer!;
        _producer = null;
        if (!Renew()) return Outcome.Fail;
        try
        {
            first.CommitTransaction(run.Cluster.CallTimeout);
            // The outcome is what the broker promised: a fenced producer's transaction is aborted. If its records are seen, the checker finds them.
            run.Seen("ANOMALY: a fenced producer committed");
        }
        catch (KafkaException e)
        {
            if (e.Error.Code is ErrorCode.Local_Fenced or ErrorCode.ProducerFenced) run.Seen("a fenced producer");
        }
        return Outcome.Fail;
    }

    private void Abort()
    {
        try
        {
            _producer!.AbortTransaction(run.Cluster.CallTimeout);
        }
        catch (KafkaException)
        {
            Drop();
        }
    }

    private void Drop()
    {
        _producer?.Dispose();
        _producer = null;
    }

    /// <summary>A new producer that has ended what the one before it left; false when the run is over before that works.</summary>
    private bool Renew()
    {
        try
        {
            Cluster.Insist(() =>
            {
                var producer = run.Cluster.Producer(TransactionalId);
                try
                {
                    producer.InitTransactions(run.Cluster.CallTimeout);
                }
                catch
                {
                    producer.Dispose();
                    throw;
                }
                _producer = producer;
                return true;
            }, () => run.Going);
            _number = run.Journal.NextProducer();
            return true;
        }
        catch (KafkaException) when (!run.Going)
        {
            return false;
        }
    }

    private void Recover()
    {
        if (_producer is null && !Renew()) return;
        try
        {
            _member?.Rewind();
        }
        catch (KafkaException)
        {
            // Its partitions are going or gone: another member begins where the group is.
            _member!.Dispose();
            _member = null;
        }
    }
}
