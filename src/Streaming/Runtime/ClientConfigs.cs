using Confluent.Kafka;

namespace Streams.Streaming.Runtime;

/// <summary>Settings of the runtime's clients: the caller's first, then those that correctness rests on.</summary>
internal static class ClientConfigs
{
    public static ConsumerConfig MainConsumer(StreamConfig config, string clientId, string? instanceId)
    {
        // Others read the address from the id that the coordinator shows.
        var consumer = ReadCommitted(config, config.ApplicationServer is null ? clientId : $"{clientId}@{config.ApplicationServer}");
        consumer.GroupId = config.ApplicationId;
        consumer.GroupInstanceId = instanceId;
        consumer.MaxPollIntervalMs = (int)config.MaxPollInterval.TotalMilliseconds;
        if (config.GroupProtocol == GroupProtocol.Consumer)
        {
            // Session and heartbeats are the broker's business in this protocol; a client that sets them is refused.
            consumer.GroupProtocol = Confluent.Kafka.GroupProtocol.Consumer;
            consumer.GroupRemoteAssignor = "range";
            return consumer;
        }
        consumer.SessionTimeoutMs = (int)config.SessionTimeout.TotalMilliseconds;
        consumer.HeartbeatIntervalMs = (int)Math.Min(3000, config.SessionTimeout.TotalMilliseconds / 3);
        // Range gives a member the same partition of every topic: what co-partitioning needs.
        consumer.PartitionAssignmentStrategy = PartitionAssignmentStrategy.Range;
        return consumer;
    }

    /// <summary>For changelogs and global topics: assigned by hand, no group.</summary>
    public static ConsumerConfig Reader(StreamConfig config, string clientId)
    {
        var consumer = ReadCommitted(config, clientId);
        consumer.GroupId = $"{config.ApplicationId}-restore";
        return consumer;
    }

    public static ProducerConfig Producer(StreamConfig config, string clientId, string transactionalId)
    {
        var producer = new ProducerConfig(new Dictionary<string, string>(config.ClientSettings))
        {
            BootstrapServers = config.BootstrapServers,
            ClientId = clientId,
            Acks = Acks.All,
            EnableIdempotence = true,
            Partitioner = Partitioner.Murmur2Random,
            LingerMs = Math.Min(config.CommitInterval.TotalMilliseconds, 100),
            BatchSize = 1 << 20,
        };
        if (config.ProcessingGuarantee != ProcessingGuarantee.ExactlyOnce)
            return producer;
        producer.TransactionalId = transactionalId;
        producer.TransactionTimeoutMs = (int)config.TransactionTimeout.TotalMilliseconds;
        // A message that fails fails its transaction, so nobody needs its report.
        producer.EnableDeliveryReports = false;
        return producer;
    }

    public static AdminClientConfig Admin(StreamConfig config) =>
        new(new Dictionary<string, string>(config.ClientSettings)) { BootstrapServers = config.BootstrapServers, ClientId = $"{config.ApplicationId}-admin" };

    private static ConsumerConfig ReadCommitted(StreamConfig config, string clientId) => new(new Dictionary<string, string>(config.ClientSettings))
    {
        BootstrapServers = config.BootstrapServers,
        ClientId = clientId,
        EnableAutoCommit = false,
        EnableAutoOffsetStore = false,
        IsolationLevel = config.ProcessingGuarantee == ProcessingGuarantee.ExactlyOnce ? IsolationLevel.ReadCommitted : IsolationLevel.ReadUncommitted,
        // An offset that the broker no longer has must be an error: going on elsewhere would lose or double records.
        AutoOffsetReset = AutoOffsetReset.Error,
        EnablePartitionEof = true,
        FetchMaxBytes = 64 << 20,
        MaxPartitionFetchBytes = 2 << 20,
        FetchMinBytes = 1,
        FetchWaitMaxMs = 100,
        QueuedMaxMessagesKbytes = 16 << 10,
        // More in the queue is no faster, and takes memory: messages are many times as large there as in the fetched batches.
        QueuedMinMessages = 20_000,
        // A full queue is looked at again after this time; by default it is a second, in which a fast thread runs dry.
        FetchQueueBackoffMs = 5,
    };
}
