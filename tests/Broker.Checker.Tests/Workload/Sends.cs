using Confluent.Kafka;
using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Workload;

/// <summary>Hands an operation's records to a producer and waits for what becomes of each.</summary>
internal sealed class Sends(Run run, Operation operation, IProducer<Null, string> producer)
{
    private int _open;

    /// <summary>Sends one record to a partition.</summary>
    /// <exception cref="KafkaException">The producer did not take it; it is not sent.</exception>
    public void Send(int partition, string padding)
    {
        var write = new Write(new Value(operation.Id, operation.Writes.Count), partition);
        operation.Writes.Add(write);
        Interlocked.Increment(ref _open);
        try
        {
            producer.Produce(new TopicPartition(run.Cluster.Topic, partition), new Message<Null, string> { Value = $"{write.Value} {padding}" }, report => Reported(write, report));
        }
        catch (KafkaException)
        {
            write.Outcome = Outcome.Fail;
            Interlocked.Decrement(ref _open);
            throw;
        }
    }

    /// <summary>Waits until every record has its report; a record without one stays without outcome.</summary>
    public void Wait(TimeSpan patience) => SpinWait.SpinUntil(() => Volatile.Read(ref _open) == 0, patience);

    private void Reported(Write write, DeliveryReport<Null, string> report)
    {
        write.Outcome = report.Status switch
        {
            PersistenceStatus.Persisted => Outcome.Ok,
            PersistenceStatus.NotPersisted => Outcome.Fail,
            _ => Outcome.Info,
        };
        if (report.Status == PersistenceStatus.Persisted && report.Offset.Value >= 0) write.Offset = report.Offset.Value;
        Interlocked.Decrement(ref _open);
    }
}
