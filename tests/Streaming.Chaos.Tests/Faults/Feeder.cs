using System.Diagnostics;
using Confluent.Kafka;
using Streams.Streaming.Chaos.Tests.Work;

namespace Streams.Streaming.Chaos.Tests.Faults;

/// <summary>Sends an input at an even pace until told to stop.</summary>
internal sealed class Feeder(string bootstrapServers, string topic, int partitions, IWork work, int seed)
{
    private int delivered;
    private volatile string? failure;
    private volatile bool stopped;

    /// <summary>Sends until <see cref="Stop"/>, then what makes the input whole; returns how many records were sent when all are acknowledged.</summary>
    public async Task<int> RunAsync(int perSecond)
    {
        using var producer = Producer();
        var (sent, watch) = (0, Stopwatch.StartNew());
        foreach (var input in work.Generate(seed))
        {
            if (stopped || failure is not null) break;
            Send(producer, input);
            if (++sent % 20 == 0 && sent > watch.Elapsed.TotalSeconds * perSecond) await Task.Delay(10);
        }
        return Finish(producer, sent);
    }

    /// <summary>Sends so many records as fast as they go.</summary>
    public int Send(int count)
    {
        using var producer = Producer();
        foreach (var input in work.Generate(seed).Take(count)) Send(producer, input);
        return Finish(producer, count);
    }

    public void Stop() => stopped = true;

    private int Finish(IProducer<byte[]?, byte[]> producer, int sent)
    {
        foreach (var input in work.Last(partitions))
        {
            Send(producer, input);
            sent++;
        }
        producer.Flush(TimeSpan.FromSeconds(120));
        return failure is null && delivered == sent ? sent : throw new InvalidOperationException($"{delivered} of {sent} records delivered: {failure}");
    }

    private IProducer<byte[]?, byte[]> Producer() => new ProducerBuilder<byte[]?, byte[]>(new ProducerConfig
    {
        BootstrapServers = bootstrapServers, Acks = Acks.All, EnableIdempotence = true, Partitioner = Partitioner.Murmur2Random, LingerMs = 5, MessageTimeoutMs = 120_000,
        QueueBufferingMaxMessages = 1_000_000,
    }).SetLogHandler((_, _) => { }).Build();

    private void Send(IProducer<byte[]?, byte[]> producer, Input input)
    {
        var message = new Message<byte[]?, byte[]> { Key = input.Key, Value = input.Value, Timestamp = new Confluent.Kafka.Timestamp(input.Timestamp, TimestampType.CreateTime) };
        producer.Produce(new TopicPartition(topic, input.Partition ?? Partition.Any), message, report =>
        {
            if (report.Error.IsError) failure = report.Error.Reason;
            else Interlocked.Increment(ref delivered);
        });
    }
}
