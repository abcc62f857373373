using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Perf.Metering;

static class Topics
{
    public static void Create(string bootstrap, string topic, int partitions)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        var settings = new Dictionary<string, string> { ["retention.ms"] = "-1", ["message.timestamp.after.max.ms"] = $"{long.MaxValue}" };
        admin.CreateTopicsAsync([new TopicSpecification { Name = topic, NumPartitions = partitions, ReplicationFactor = 1, Configs = settings }]).GetAwaiter().GetResult();
    }

    /// <summary>Makes room on the disk.</summary>
    public static void Delete(string bootstrap, string topic)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrap }).Build();
        admin.DeleteTopicsAsync([topic]).GetAwaiter().GetResult();
    }
}
