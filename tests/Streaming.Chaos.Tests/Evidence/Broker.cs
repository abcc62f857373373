using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Streaming.Chaos.Tests.Evidence;

/// <summary>What the tests ask a broker themselves.</summary>
internal sealed class Broker(string bootstrapServers) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);
    private readonly IAdminClient admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = bootstrapServers, SocketTimeoutMs = 10_000 })
        .SetLogHandler((_, _) => { }).Build();

    private readonly ConcurrentDictionary<string, IConsumer<Ignore, Ignore>> groups = new(StringComparer.Ordinal);

    public string BootstrapServers => bootstrapServers;

    public Task CreateAsync(int partitions, params string[] topics) => TryAsync(async () =>
    {
        // Event time is data: nothing expires by it.
        var settings = new Dictionary<string, string> { ["retention.ms"] = "-1" };
        try
        {
            await admin.CreateTopicsAsync(topics.Select(t => new TopicSpecification { Name = t, NumPartitions = partitions, ReplicationFactor = 1, Configs = settings }));
        }
        catch (CreateTopicsException e) when (e.Results.TrueForAll(r => r.Error.Code is ErrorCode.NoError or ErrorCode.TopicAlreadyExists))
        {
            // A first attempt was not answered, but carried out.
        }
        return true;
    });

    /// <summary>Ends of all partitions of a topic: high watermarks, or last stable offsets.</summary>
    public Task<Dictionary<TopicPartition, long>> EndsAsync(IEnumerable<string> topics, int partitions, IsolationLevel isolation) => TryAsync(async () =>
    {
        var specs = topics.SelectMany(t => Enumerable.Range(0, partitions), (t, p) => new TopicPartitionOffsetSpec { TopicPartition = new TopicPartition(t, p), OffsetSpec = OffsetSpec.Latest() });
        var answer = await admin.ListOffsetsAsync(specs, new ListOffsetsOptions { IsolationLevel = isolation, RequestTimeout = TimeSpan.FromSeconds(10) });
        return answer.ResultInfos.ToDictionary(r => r.TopicPartitionOffsetError.TopicPartition, r => r.TopicPartitionOffsetError.Offset.Value);
    });

    /// <summary>
    /// A group's committed offsets of a topic. By a consumer that joins nothing: librdkafka's admin client ends the process when the coordinator is killed while it lists a
    /// group's offsets (librdkafka issue 5040).
    /// </summary>
    public Task<Dictionary<TopicPartition, long>> CommittedAsync(string group, string topic, int partitions) => TryAsync(() => Task.Run(() =>
    {
        var wanted = Enumerable.Range(0, partitions).Select(p => new TopicPartition(topic, p));
        return groups.GetOrAdd(group, Reader).Committed(wanted, TimeSpan.FromSeconds(10)).ToDictionary(p => p.TopicPartition, p => p.Offset.Value);
    }));

    /// <summary>Sets a group without members to offset 0 of every partition.</summary>
    public Task ResetAsync(string group, string topic, int partitions) => TryAsync(async () =>
    {
        var zero = Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(topic, p, 0)).ToList();
        await admin.AlterConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitionOffsets(group, zero)]);
        return true;
    });

    public List<string> Topics() => [.. admin.GetMetadata(TimeSpan.FromSeconds(30)).Topics.Select(t => t.Topic)];

    /// <summary>Committed records of a topic by partition, up to the last stable offset as it is now.</summary>
    public List<TopicRecord>[] Read(string topic, int partitions)
    {
        var config = new ConsumerConfig
        {
            BootstrapServers = bootstrapServers, GroupId = "evidence", IsolationLevel = IsolationLevel.ReadCommitted, EnablePartitionEof = true, EnableAutoCommit = false,
            AutoOffsetReset = AutoOffsetReset.Error,
        };
        using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(config).SetLogHandler((_, _) => { }).Build();
        consumer.Assign(Enumerable.Range(0, partitions).Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        var records = Enumerable.Range(0, partitions).Select(_ => new List<TopicRecord>()).ToArray();
        for (var ended = 0; ended < partitions;)
        {
            var result = consumer.Consume(Patience) ?? throw new TimeoutException($"no end of {topic} within {Patience}");
            if (result.IsPartitionEOF) ended++;
            else records[result.Partition.Value].Add(new TopicRecord(result.Offset.Value, result.Message.Key, result.Message.Value, result.Message.Timestamp.UnixTimestampMs, result.Message.Headers));
        }
        consumer.Unassign();
        return records;
    }

    public void Dispose()
    {
        foreach (var reader in groups.Values) reader.Dispose();
        admin.Dispose();
    }

    // As far as it is certain: who reads committed records only waits for transactions that have offsets in them.
    private IConsumer<Ignore, Ignore> Reader(string group) =>
        new ConsumerBuilder<Ignore, Ignore>(new ConsumerConfig { BootstrapServers = bootstrapServers, GroupId = group, EnableAutoCommit = false, IsolationLevel = IsolationLevel.ReadUncommitted })
        .SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();

    /// <summary>Again and again, as long as the broker may be on its way back.</summary>
    private static async Task<T> TryAsync<T>(Func<Task<T>> call)
    {
        var deadline = DateTime.UtcNow + Patience;
        while (true)
        {
            try
            {
                return await call();
            }
            catch (KafkaException) when (DateTime.UtcNow < deadline)
            {
                await Task.Delay(200);
            }
        }
    }
}
