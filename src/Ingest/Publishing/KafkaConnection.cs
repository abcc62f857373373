using Confluent.Kafka;

namespace Streams.Ingest.Publishing;

/// <summary>Where Kafka is. <see cref="Client"/> holds settings in librdkafka's names for whoever runs it; those that the promises rest on cannot be overridden.</summary>
public sealed record KafkaConnection
{
    public required string BootstrapServers { get; init; }

    public IReadOnlyDictionary<string, string> Client { get; init; } = new Dictionary<string, string>();

    /// <summary>How long a record may wait for its acknowledgement, retries included; then its outcome is an error.</summary>
    public TimeSpan DeliveryTimeout { get; init; } = TimeSpan.FromSeconds(10);

    internal ProducerConfig ToProducerConfig()
    {
        var config = new ProducerConfig { LingerMs = 5, QueueBufferingMaxMessages = 200_000 };
        foreach (var (key, value) in Client) config.Set(key, value);
        config.BootstrapServers = BootstrapServers;
        config.EnableIdempotence = true;
        config.Acks = Acks.All;
        config.Partitioner = Partitioner.Murmur2Random;
        config.MessageTimeoutMs = checked((int)DeliveryTimeout.TotalMilliseconds);
        return config;
    }

    internal ConsumerConfig ToFollowerConfig(string group)
    {
        var config = new ConsumerConfig();
        foreach (var (key, value) in Client) config.Set(key, value);
        config.BootstrapServers = BootstrapServers;
        config.GroupId = group;
        config.EnableAutoCommit = false;
        config.EnablePartitionEof = true;
        config.AutoOffsetReset = AutoOffsetReset.Earliest;
        config.IsolationLevel = IsolationLevel.ReadCommitted;
        config.AllowAutoCreateTopics = false;
        return config;
    }
}
