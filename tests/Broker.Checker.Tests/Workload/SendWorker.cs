using Confluent.Kafka;
using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Workload;

/// <summary>Sends small batches with an idempotent producer, now and then with a new one.</summary>
internal sealed class SendWorker(Run run, int client)
{
    public void Work()
    {
        var random = run.RandomFor(client);
        while (run.Going)
        {
            using var producer = run.Cluster.Producer(transactionalId: null);
            var number = run.Journal.NextProducer();
            for (var i = random.Next(100, 1000); i > 0 && run.Going && Send(producer, number, random); i--)
            {
            }
        }
    }

    /// <summary>One operation; false when the producer is to be replaced.</summary>
    private bool Send(IProducer<Null, string> producer, int number, Random random)
    {
        var operation = run.Journal.Invoke(client, OperationKind.Send, number);
        var sends = new Sends(run, operation, producer);
        var usable = true;
        try
        {
            for (var i = random.Next(1, 8); i > 0; i--) sends.Send(random.Next(run.Cluster.Partitions), new string('.', random.Next(100)));
        }
        catch (ProduceException<Null, string>)
        {
            usable = false;
        }
        sends.Wait(Cluster.Patience);
        var outcomes = operation.Writes.Select(w => w.Outcome).ToList();
        var outcome = outcomes.Contains(Outcome.Info) ? Outcome.Info : outcomes.Contains(Outcome.Ok) ? Outcome.Ok : Outcome.Fail;
        run.Journal.Complete(operation, outcome);
        return usable && outcome == Outcome.Ok;
    }
}
