using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Streams.Broker;
using Streams.Cli.Observability;

namespace Streams.Cli.Tests.Observability;

public sealed class GroupLagTests
{
    [Fact]
    public async Task Lag_is_what_lies_between_the_commit_and_the_end()
    {
        var folder = Directory.CreateTempSubdirectory("streams-lag-").FullName;
        try
        {
            await using var broker = await EmbeddedBroker.StartAsync(new EmbeddedBrokerOptions { DataDirectory = folder });
            using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.BootstrapServers }).Build();
            await admin.CreateTopicsAsync([new TopicSpecification { Name = "t", NumPartitions = 2, ReplicationFactor = 1 }]);
            await ProduceAsync(broker.BootstrapServers, 10);
            Commit(broker.BootstrapServers, new("t", 1, 4));

            var lags = GroupLagCollector.Read(new GroupLagOptions(broker.BootstrapServers, [new("g", "t"), new("g", "no-topic"), new("unknown-group", "t")]));

            Assert.Equal([new GroupLag("g", "t", 1, 4, 10)], lags);
            Assert.Equal(6, lags[0].Records);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    static async Task ProduceAsync(string servers, int records)
    {
        using var producer = new ProducerBuilder<Null, string>(new ProducerConfig { BootstrapServers = servers }).Build();
        for (var i = 0; i < records; i++) await producer.ProduceAsync(new TopicPartition("t", 1), new() { Value = "x" });
    }

    static void Commit(string servers, TopicPartitionOffset offset)
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = servers, GroupId = "g", EnableAutoCommit = false }).Build();
        consumer.Assign(offset.TopicPartition);
        consumer.Commit([offset]);
    }
}
