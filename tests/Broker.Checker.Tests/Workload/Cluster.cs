using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Broker.Checker.Tests.Workload;

/// <summary>How the workload's clients reach the broker, and how patient they are: short of time, so that faults leave operations without an answer.</summary>
/// <param name="Hurried">False where there are no faults, and a pause of the machine is not to be taken for one.</param>
internal sealed record Cluster(string BootstrapServers, string Topic, int Partitions, bool Hurried)
{
    /// <summary>After this long a call is given up and its outcome unknown.</summary>
    public TimeSpan CallTimeout => Hurried ? TimeSpan.FromSeconds(3) : TimeSpan.FromSeconds(30);

    /// <summary>What must work again this long after faults have ended.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public async Task CreateTopicAsync()
    {
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = BootstrapServers }).SetLogHandler((_, _) => { }).Build();
        await admin.CreateTopicsAsync([new TopicSpecification { Name = Topic, NumPartitions = Partitions, ReplicationFactor = 1, Configs = new() { ["retention.ms"] = "-1" } }]);
    }

    public IProducer<Null, string> Producer(string? transactionalId)
    {
        var config = new ProducerConfig
        {
            BootstrapServers = BootstrapServers, EnableIdempotence = true, Acks = Acks.All, LingerMs = 1, MessageTimeoutMs = Hurried ? 2500 : 30_000, SocketTimeoutMs = Hurried ? 2000 : 30_000,
            TransactionalId = transactionalId, ReconnectBackoffMs = 20, ReconnectBackoffMaxMs = 200, RetryBackoffMs = 20,
        };
        // The library wants it to be longer than its other times.
        if (transactionalId is not null) config.TransactionTimeoutMs = Hurried ? 10_000 : 60_000;
        return new ProducerBuilder<Null, string>(config).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
    }

    public ConsumerBuilder<Null, string> Consumer(string group, bool readCommitted) => new ConsumerBuilder<Null, string>(new ConsumerConfig
    {
        BootstrapServers = BootstrapServers, GroupId = group, IsolationLevel = readCommitted ? IsolationLevel.ReadCommitted : IsolationLevel.ReadUncommitted,
        AutoOffsetReset = AutoOffsetReset.Error, EnableAutoCommit = false, EnablePartitionEof = true, SessionTimeoutMs = 6000, HeartbeatIntervalMs = 300,
        FetchWaitMaxMs = 50, SocketTimeoutMs = Hurried ? 3000 : 30_000, ReconnectBackoffMs = 20, ReconnectBackoffMaxMs = 200, QueuedMinMessages = 1000,
    }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { });

    /// <summary>Calls until it works or patience ends; <paramref name="going"/> false gives up early.</summary>
    public static T Insist<T>(Func<T> call, Func<bool>? going = null)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return call();
            }
            catch (KafkaException) when (watch.Elapsed < Patience && going?.Invoke() != false)
            {
                SpinWait.SpinUntil(() => going?.Invoke() == false, TimeSpan.FromMilliseconds(50));
            }
        }
    }
}
