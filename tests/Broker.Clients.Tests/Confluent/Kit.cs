using System.Diagnostics;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Broker.Clients.Tests.Confluent;

/// <summary>Confluent.Kafka's clients as the tests want them. Names of topics and groups begin with the target's prefix.</summary>
class Kit(Target target)
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(40);

    public string Prefix => target.Prefix;

    protected string Servers => target.BootstrapServers;

    public static async Task UntilAsync(Func<bool> reached, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!reached())
        {
            Assert.True(watch.Elapsed < Patience, $"not in time: {what}");
            await Task.Yield();
        }
    }

    public string Unique(string what) => $"{Prefix}-{what}-{Guid.NewGuid().ToString("N")[..6]}";

    /// <summary>A new topic with a name of its own, which keeps records of any age.</summary>
    public async Task<string> TopicAsync(int partitions = 1, params (string Key, string Value)[] configs)
    {
        var topic = Unique("topic");
        await CreateAsync(topic, partitions, configs);
        return topic;
    }

    public async Task CreateAsync(string topic, int partitions, params (string Key, string Value)[] configs)
    {
        var all = new Dictionary<string, string> { ["retention.ms"] = "-1" };
        foreach (var (key, value) in configs) all[key] = value;
        using var admin = Admin();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = 1, Configs = all }]);
        await UntilAsync(() => admin.GetMetadata(topic, Patience).Topics[0].Partitions.Count == partitions, "the topic known");
    }

    public IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = Servers }).SetLogHandler((_, _) => { }).Build();

    public IProducer<string?, string?> Producer(Action<ProducerConfig>? configure = null)
    {
        var config = new ProducerConfig { BootstrapServers = Servers, LingerMs = 5 };
        configure?.Invoke(config);
        return new ProducerBuilder<string?, string?>(config).SetLogHandler((_, _) => { }).Build();
    }

    public IConsumer<string?, string?> Consumer(Action<ConsumerConfig>? configure = null, Action<ConsumerBuilder<string?, string?>>? build = null)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = Servers, GroupId = Unique("group"), AutoOffsetReset = AutoOffsetReset.Earliest, EnableAutoCommit = false, EnablePartitionEof = true,
        };
        configure?.Invoke(config);
        var builder = new ConsumerBuilder<string?, string?>(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { });
        build?.Invoke(builder);
        return builder.Build();
    }

    public static void Send(IProducer<string?, string?> producer, string topic, IEnumerable<string> values)
    {
        foreach (var value in values) producer.Produce(topic, new Message<string?, string?> { Key = "k", Value = value });
        producer.Flush(Patience);
    }

    /// <summary>Writes v0, v1, … at the times 0, 1000, … ms.</summary>
    public void Fill(string topic, int count, int partition = 0)
    {
        using var producer = Producer();
        for (var i = 0; i < count; i++)
        {
            producer.Produce(new TopicPartition(topic, partition), new Message<string?, string?> { Key = $"k{i}", Value = $"v{i}", Timestamp = new Timestamp(1000 * i + 1, TimestampType.CreateTime) });
        }
        producer.Flush(Patience);
    }

    /// <summary>All records of partition 0 from an offset on.</summary>
    public List<ConsumeResult<string?, string?>> Read(string topic, Offset? from = null, IsolationLevel isolation = IsolationLevel.ReadCommitted)
    {
        using var consumer = Consumer(c =>
        {
            c.IsolationLevel = isolation;
            c.FetchMaxBytes = 100 << 20;
        });
        consumer.Assign(new TopicPartitionOffset(topic, 0, from ?? Offset.Beginning));
        var records = new List<ConsumeResult<string?, string?>>();
        while (true)
        {
            var result = consumer.Consume(Patience);
            Assert.True(result is not null, $"the end of {topic} was not reached after {records.Count} records");
            if (result.IsPartitionEOF) return records;
            records.Add(result);
        }
    }

    public List<string?> Values(string topic, IsolationLevel isolation = IsolationLevel.ReadCommitted) => [.. Read(topic, null, isolation).Select(r => r.Message.Value)];

    public static IEnumerable<string> Numbered(string what, int count) => Enumerable.Range(0, count).Select(i => $"{what}{i}");
}
