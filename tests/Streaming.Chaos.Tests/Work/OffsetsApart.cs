using Confluent.Kafka;
using Streams.Streaming.Chaos.Tests.Processes;

namespace Streams.Streaming.Chaos.Tests.Work;

/// <summary>The planted bug of that name: offsets that are ahead of the outputs for a moment.</summary>
internal sealed class OffsetsApart : IBeforeCommit
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly Job job;
    private readonly Dictionary<int, long> positions = [];
    private readonly IProducer<Null, Null> producer;
    private readonly IConsumer<Null, Null> member;

    public OffsetsApart(Job job)
    {
        this.job = job;
        producer = new ProducerBuilder<Null, Null>(new ProducerConfig { BootstrapServers = job.BootstrapServers, TransactionalId = Guid.NewGuid().ToString("N") }).Build();
        member = new ConsumerBuilder<Null, Null>(new ConsumerConfig { BootstrapServers = job.BootstrapServers, GroupId = job.Application }).Build();
        producer.InitTransactions(Limit);
    }

    public void Saw(int partition, long offset) => positions[partition] = offset + 1;

    public void Commit()
    {
        if (positions.Count == 0) return;
        producer.BeginTransaction();
        producer.SendOffsetsToTransaction(positions.Select(p => new TopicPartitionOffset(job.Input, p.Key, p.Value)), member.ConsumerGroupMetadata, Limit);
        producer.CommitTransaction(Limit);
    }
}
