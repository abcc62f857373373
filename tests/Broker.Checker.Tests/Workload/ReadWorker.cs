using Confluent.Kafka;
using Streams.Broker.Checker.Tests.History;

namespace Streams.Broker.Checker.Tests.Workload;

/// <summary>Reads partitions it has assigned to itself, now and then again from somewhere before.</summary>
internal sealed class ReadWorker(Run run, int client, bool readCommitted)
{
    private const int MaxRecords = 100;
    private readonly Dictionary<int, long> _positions = [];

    public void Work()
    {
        var random = run.RandomFor(client);
        for (var p = 0; p < run.Cluster.Partitions; p++) _positions[p] = 0;
        while (run.Going)
        {
            using var consumer = run.Cluster.Consumer($"reader-{client}", readCommitted).Build();
            for (var i = random.Next(2, 6); i > 0 && run.Going; i--) Read(consumer, random, random.Next(50, 300));
        }
    }

    private void Read(IConsumer<Null, string> consumer, Random random, int polls)
    {
        foreach (var partition in _positions.Keys.ToList()) _positions[partition] = Math.Max(0, _positions[partition] - random.Next(200));
        consumer.Assign(_positions.Select(p => new TopicPartitionOffset(run.Cluster.Topic, p.Key, p.Value)));
        var session = run.Journal.Open(client, readCommitted, new Dictionary<int, long>(_positions));
        for (; polls > 0 && run.Going; polls--) Poll(consumer, session);
    }

    private void Poll(IConsumer<Null, string> consumer, Session session)
    {
        var reads = new List<Read>();
        var began = run.Journal.Tick();
        try
        {
            while (reads.Count < MaxRecords && consumer.Consume(20) is { } result)
            {
                if (result.IsPartitionEOF) break;
                reads.Add(new Read(session.Id, result.Partition.Value, result.Offset.Value, Text.Parse(result.Message.Value), run.Journal.Tick()));
                _positions[result.Partition.Value] = result.Offset.Value + 1;
            }
        }
        catch (ConsumeException e) when (!e.Error.IsFatal)
        {
            // What was read counts; the broker is away for the moment. An offset out of range is no such thing: it means that records are gone.
            if (e.Error.Code is ErrorCode.OffsetOutOfRange or ErrorCode.Local_AutoOffsetReset) run.Seen($"ANOMALY: reader {client}: {e.Error.Reason}");
        }
        if (reads.Count == 0) return;
        var operation = run.Journal.Invoke(client, OperationKind.Poll);
        operation.Invoked = began;
        operation.Reads.AddRange(reads);
        run.Journal.Complete(operation, Outcome.Ok);
    }
}
