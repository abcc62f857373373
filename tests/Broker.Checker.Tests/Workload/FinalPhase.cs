using Confluent.Kafka;
using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Workload;

/// <summary>After the faults: what is open is ended, the groups are asked for their offsets, and everything is read to the end.</summary>
internal static class FinalPhase
{
    private const int Client = 1000;

    public static void Play(Run run, IEnumerable<string> transactionalIds, IEnumerable<string> groups)
    {
        foreach (var id in transactionalIds) EndTransactions(run, id);
        foreach (var group in groups) AskOffsets(run, group);
        ReadAll(run, readCommitted: false);
        ReadAll(run, readCommitted: true);
    }

    private static void EndTransactions(Run run, string id) => Cluster.Insist(() =>
    {
        using var producer = run.Cluster.Producer(id);
        producer.InitTransactions(TimeSpan.FromSeconds(20));
        return true;
    });

    private static void AskOffsets(Run run, string group)
    {
        using var consumer = run.Cluster.Consumer(group, readCommitted: true).Build();
        var partitions = Enumerable.Range(0, run.Cluster.Partitions).Select(p => new TopicPartition(run.Cluster.Topic, p)).ToList();
        var operation = run.Journal.Invoke(Client, OperationKind.Committed);
        var told = Cluster.Insist(() => consumer.Committed(partitions, TimeSpan.FromSeconds(20)));
        operation.Offsets.AddRange(told.Select(t => new GroupOffset(group, t.Partition.Value, Math.Max(0, t.Offset.Value), Math.Max(0, t.Offset.Value))));
        run.Journal.Complete(operation, Outcome.Ok);
    }

    private static void ReadAll(Run run, bool readCommitted)
    {
        using var consumer = run.Cluster.Consumer("final", readCommitted).Build();
        var starts = Enumerable.Range(0, run.Cluster.Partitions).ToDictionary(p => p, _ => 0L);
        consumer.Assign(starts.Select(s => new TopicPartitionOffset(run.Cluster.Topic, s.Key, s.Value)));
        var session = run.Journal.Open(Client, readCommitted, starts, final: true);
        var operation = run.Journal.Invoke(Client, OperationKind.Poll);
        var open = starts.Keys.ToHashSet();
        while (open.Count > 0)
        {
            var result = consumer.Consume(Cluster.Patience) ?? throw new TimeoutException($"no end of partitions {string.Join(", ", open)} within {Cluster.Patience}");
            if (result.IsPartitionEOF)
            {
                if (open.Remove(result.Partition.Value)) run.Journal.End(result.Partition.Value, readCommitted, result.Offset.Value);
            }
            else operation.Reads.Add(new Read(session.Id, result.Partition.Value, result.Offset.Value, Text.Parse(result.Message.Value), run.Journal.Tick()));
        }
        run.Journal.Complete(operation, Outcome.Ok);
    }
}
