using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Broker.Tests.Contract;

/// <summary>
/// The contract: what a broker owes its clients, checked through real ones. Each part is a class of tests with a subclass for the embedded broker
/// and one for Apache Kafka; where the two differ, the embedded broker is wrong.
/// </summary>
public abstract class BrokerContract(IBrokerUnderTest broker)
{
    protected static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    protected string BootstrapServers
    {
        get
        {
            Skip.If(broker.Missing is not null, broker.Missing);
            return broker.BootstrapServers!;
        }
    }

    protected static void Until(Func<bool> reached)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (!reached()) Assert.True(DateTime.UtcNow < deadline, "not reached in time");
    }

    protected async Task ProduceAsync(string topic, int count)
    {
        using var producer = Producer();
        for (var i = 0; i < count; i++) await producer.ProduceAsync(topic, new Message<string, string> { Key = $"k{i}", Value = $"v{i}" });
    }

    /// <summary>A topic of a name of its own, ready for requests, that keeps everything, unless <paramref name="configs"/> say otherwise.</summary>
    protected async Task<string> CreateTopicAsync(int partitions, params (string Key, string Value)[] configs)
    {
        var topic = $"t-{Guid.NewGuid():N}";
        var all = new Dictionary<string, string> { ["retention.ms"] = "-1" };
        foreach (var (key, value) in configs) all[key] = value;
        using var admin = Admin();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = 1, Configs = all }]);
        await UntilServedAsync(topic, partitions);
        return topic;
    }

    /// <summary>Apache Kafka answers CreateTopics before the broker itself knows the topic and has its logs, and refuses until then what clients repeat and raw requests do not.</summary>
    private async Task UntilServedAsync(string topic, int partitions)
    {
        using var wire = await WireClient.ConnectAsync(BootstrapServers);
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            var reader = await wire.CallAsync(2, 1, false, w => w.Int32(-1).Count(1).String(topic).Array([.. Enumerable.Range(0, partitions)], (p, partition) => p.Int32(partition).Int64(-1)));
            Assert.Equal((1, topic), (reader.Count(), reader.String()));
            var errors = reader.Array(p => (p.Int32(), Error: p.Int16(), p.Int64(), p.Int64())).ConvertAll(p => p.Error);
            if (errors.TrueForAll(e => e == 0)) return;
            Assert.True(DateTime.UtcNow < deadline, $"{topic} is not served: errors {string.Join(", ", errors)}");
            await Task.Delay(20);
        }
    }

    protected IAdminClient Admin() => new AdminClientBuilder(new AdminClientConfig { BootstrapServers = BootstrapServers }).SetLogHandler((_, _) => { }).Build();

    protected IProducer<string, string> Producer(Action<ProducerConfig>? configure = null)
    {
        var config = new ProducerConfig { BootstrapServers = BootstrapServers, EnableIdempotence = true, Acks = Acks.All, LingerMs = 2 };
        configure?.Invoke(config);
        return new ProducerBuilder<string, string>(config).SetLogHandler((_, _) => { }).Build();
    }

    protected IConsumer<string, string> Consumer(string group, IsolationLevel isolation) => new ConsumerBuilder<string, string>(new ConsumerConfig
    {
        BootstrapServers = BootstrapServers, GroupId = group, IsolationLevel = isolation, AutoOffsetReset = AutoOffsetReset.Earliest,
        EnableAutoCommit = false, EnablePartitionEof = true, SessionTimeoutMs = 6000, HeartbeatIntervalMs = 500,
    }).SetLogHandler((_, _) => { }).Build();

    protected List<ConsumeResult<string, string>> ReadAll(string topic, IsolationLevel isolation)
    {
        using var consumer = Consumer($"reader-{topic}", isolation);
        consumer.Assign(new TopicPartitionOffset(topic, 0, Offset.Beginning));
        var records = new List<ConsumeResult<string, string>>();
        while (true)
        {
            var result = consumer.Consume(Patience);
            Assert.NotNull(result);
            if (result.IsPartitionEOF) return records;
            records.Add(result);
        }
    }
}
