using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Broker.Fuzz.Wire;

/// <summary>Has the client library do a little of everything through a <see cref="RecordingProxy"/>; Kafka's tools are run beside it by hand.</summary>
internal static class Recording
{
    public static async Task<int> RunAsync(int target, string file)
    {
        await using var proxy = new RecordingProxy(target);
        var servers = $"127.0.0.1:{proxy.Port}";
        await UseAdminAsync(servers);
        UseClients(servers);
        Console.WriteLine($"bootstrap={servers}; an empty line ends the recording");
        Console.ReadLine();
        await File.WriteAllLinesAsync(file, ["# Recorded from real clients at Apache Kafka 4.3: client, key, version, request, answer.", .. proxy.Corpus]);
        return 0;
    }

    private static async Task UseAdminAsync(string servers)
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = "recorded", NumPartitions = 2, ReplicationFactor = 1 }, new TopicSpecification { Name = "gone", NumPartitions = 1, ReplicationFactor = 1 }]);
        await admin.CreatePartitionsAsync([new PartitionsSpecification { Topic = "recorded", IncreaseTo = 3 }]);
        var resource = new ConfigResource { Type = ResourceType.Topic, Name = "recorded" };
        await admin.IncrementalAlterConfigsAsync(new() { [resource] = [new ConfigEntry { Name = "retention.ms", Value = "100000", IncrementalOperation = AlterConfigOpType.Set }] });
        await admin.DescribeConfigsAsync([resource]);
        await admin.ListConsumerGroupsAsync();
        await admin.DescribeClusterAsync();
        await admin.DescribeTopicsAsync(TopicCollection.OfTopicNames(["recorded"]));
        await admin.DeleteTopicsAsync(["gone"]);
    }

    private static void UseClients(string servers)
    {
        var patience = TimeSpan.FromSeconds(30);
        using var producer = new ProducerBuilder<string, string>(new ProducerConfig { BootstrapServers = servers, TransactionalId = "recorded", LingerMs = 1 }).Build();
        using var consumer = new ConsumerBuilder<string, string>(new ConsumerConfig { BootstrapServers = servers, GroupId = "recorded", AutoOffsetReset = AutoOffsetReset.Earliest, EnableAutoCommit = false, HeartbeatIntervalMs = 300 }).Build();
        producer.InitTransactions(patience);
        producer.BeginTransaction();
        producer.Produce("recorded", new Message<string, string> { Key = "k", Value = "v" });
        producer.CommitTransaction(patience);
        consumer.Subscribe("recorded");
        var read = consumer.Consume(patience);
        producer.BeginTransaction();
        producer.SendOffsetsToTransaction([new TopicPartitionOffset(read.TopicPartition, 1)], consumer.ConsumerGroupMetadata, patience);
        producer.CommitTransaction(patience);
        consumer.Commit([new TopicPartitionOffset(read.TopicPartition, 1)]);
        consumer.Consume(TimeSpan.FromSeconds(1));
        consumer.Close();
    }
}
