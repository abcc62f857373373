using System.Buffers.Binary;
using System.Text;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Streaming.Tests;

/// <summary>Topics of one test, and what an outside client sees in them.</summary>
internal sealed class TestTopics(string bootstrapServers, int partitions = 4)
{
    public string Application { get; } = "app-" + Guid.NewGuid().ToString("N")[..8];

    public string Input => Application + "-in";

    public string Output => Application + "-out";

    public string Dead => Application + "-dead";

    public string Changelog => Application + "-counts-changelog";

    public int Partitions => partitions;

    public async Task CreateAsync()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrapServers }).Build();
        await admin.CreateTopicsAsync(new[] { Input, Output, Dead }.Select(t => new TopicSpecification { Name = t, NumPartitions = partitions, ReplicationFactor = 1 }));
    }

    /// <summary>Patient: a machine that stands still for a moment ends no session and no transaction. Who is killed or stopped has its own (<see cref="ChildInstance"/>).</summary>
    public StreamConfig Config() => new()
    {
        ApplicationId = Application,
        BootstrapServers = bootstrapServers,
        SessionTimeout = TimeSpan.FromSeconds(30),
        TransactionTimeout = TimeSpan.FromSeconds(30),
    };

    /// <summary>Sends keys k0..k(n-1) in turn, and returns the end offsets by partition.</summary>
    public IReadOnlyDictionary<int, long> Produce(int count, int keys = 50, string value = "v")
    {
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig
        {
            BootstrapServers = bootstrapServers, Acks = Acks.All, EnableIdempotence = true, Partitioner = Partitioner.Murmur2Random, LingerMs = 5,
        }).Build();
        for (var i = 0; i < count; i++)
            producer.Produce(Input, new Message<string, string> { Key = $"k{i % keys}", Value = value });
        producer.Flush(TimeSpan.FromSeconds(60));
        return Ends();
    }

    public IReadOnlyDictionary<int, long> Ends() => Ends(Input, IsolationLevel.ReadCommitted);

    /// <summary>
    /// Waits until no transaction is open in a topic. Apache Kafka answers a commit, or an abort, before its markers stand in the partitions: whoever reads
    /// right after it may see neither them nor what they commit.
    /// </summary>
    public Task SettledAsync(string topic) =>
        Probe.EventuallyAsync(() => Ends(topic, IsolationLevel.ReadCommitted) is var stable && Ends(topic, IsolationLevel.ReadUncommitted).All(end => stable[end.Key] == end.Value));

    /// <summary>Everything in a topic up to its end as it is now.</summary>
    public List<ConsumeResult<byte[]?, byte[]?>> Read(string topic, IsolationLevel isolation = IsolationLevel.ReadCommitted)
    {
        using var consumer = Consumer(isolation);
        consumer.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var records = new List<ConsumeResult<byte[]?, byte[]?>>();
        for (var ended = 0; ended < partitions;)
        {
            var result = consumer.Consume(TimeSpan.FromSeconds(60)) ?? throw new TimeoutException($"no end of {topic}");
            if (result.IsPartitionEOF)
                ended++;
            else
                records.Add(result);
        }
        return records;
    }

    /// <summary>Waits until committed output holds as many records, then checks that each input stands there once and each key counts 1, 2, 3…</summary>
    public async Task AssertExactlyOnceAsync(int inputs, TimeSpan timeout, CapturedLog? log = null)
    {
        var deadline = DateTime.UtcNow + timeout;
        var output = Read(Output);
        while (output.Count < inputs && DateTime.UtcNow < deadline)
        {
            await Task.Delay(200);
            output = Read(Output);
        }
        var facts = output.ConvertAll(r => (
            Key: Encoding.UTF8.GetString(r.Message.Key!),
            Count: BinaryPrimitives.ReadInt64BigEndian(r.Message.Value),
            Partition: BinaryPrimitives.ReadInt32BigEndian(r.Message.Value.AsSpan(8)),
            Offset: BinaryPrimitives.ReadInt64BigEndian(r.Message.Value.AsSpan(12))));
        Assert.True(inputs == facts.Count, $"{facts.Count} of {inputs} came\n{log}");
        Assert.Equal(inputs, facts.Select(f => (f.Partition, f.Offset)).Distinct().Count());
        foreach (var key in facts.GroupBy(f => f.Key))
            Assert.Equal(Enumerable.Range(1, key.Count()).Select(i => (long)i), key.Select(f => f.Count));
    }

    private Dictionary<int, long> Ends(string topic, IsolationLevel isolation)
    {
        using var consumer = Consumer(isolation);
        return Enumerable.Range(0, partitions)
            .ToDictionary(p => p, p => consumer.QueryWatermarkOffsets(new TopicPartition(topic, p), TimeSpan.FromSeconds(60)).High.Value);
    }

    private IConsumer<byte[]?, byte[]?> Consumer(IsolationLevel isolation) => new ConsumerBuilder<byte[]?, byte[]?>(new ConsumerConfig
    {
        BootstrapServers = bootstrapServers, GroupId = "check", IsolationLevel = isolation, EnablePartitionEof = true, EnableAutoCommit = false,
    }).Build();
}
