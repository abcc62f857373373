using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace Streams.Streaming.Runtime;

/// <summary>What the runtime asks the broker apart from records: partitions, log ends, members, topics to be made. Every call has a deadline.</summary>
internal sealed class BrokerAdmin(StreamConfig config, ILogger logger) : IDisposable
{
    private const int Attempts = 5;
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30), RefreshTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private readonly IAdminClient admin = new AdminClientBuilder(ClientConfigs.Admin(config))
        .SetLogHandler((_, message) => logger.ClientMessage("admin", message.Message))
        .Build();

    /// <summary>Asks again while the broker is away or just coming back, up to the task time-out.</summary>
    public void Patiently(string step, Action ask, CancellationToken cancellation)
    {
        var since = config.TimeProvider.GetTimestamp();
        while (true)
        {
            try
            {
                ask();
                return;
            }
            catch (KafkaException e) when (IsPassing(e.Error.Code) && config.TimeProvider.GetElapsedTime(since) < config.TaskTimeout)
            {
                logger.Retrying(config.ApplicationId, step, e);
                Task.Delay(Pause, config.TimeProvider, cancellation).GetAwaiter().GetResult();
            }
        }
    }

    /// <summary>A topic that was created a moment ago may not be known everywhere yet, so it is asked for several times.</summary>
    public int Partitions(string topic)
    {
        for (var attempt = 1; attempt <= Attempts; attempt++)
        {
            if (Find(topic) is var found and > 0)
                return found;
            Task.Delay(Pause, config.TimeProvider).GetAwaiter().GetResult();
        }
        throw new StreamsException($"topic \"{topic}\" does not exist");
    }

    /// <summary>Creates a topic that is missing.</summary>
    /// <exception cref="StreamsException">It exists with another number of partitions.</exception>
    public void EnsureTopic(InternalTopic topic)
    {
        var existing = Find(topic.Name);
        if (existing == 0)
            Create(topic);
        else if (topic.Partitions is { } needed && existing != needed)
            throw new StreamsException(string.Create(
                CultureInfo.InvariantCulture, $"topic \"{topic.Name}\" has {existing} partitions where {needed} are needed: the source's count changed"));
    }

    /// <summary>Log ends or beginnings. Ends read uncommitted are high watermarks, ends read committed are last stable offsets.</summary>
    public IReadOnlyDictionary<TopicPartition, long> Offsets(IEnumerable<TopicPartition> partitions, OffsetSpec which, IsolationLevel isolation)
    {
        var specs = partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p, OffsetSpec = which }).ToList();
        if (specs.Count == 0)
            return new Dictionary<TopicPartition, long>();
        try
        {
            var answer = admin.ListOffsetsAsync(specs, new ListOffsetsOptions { IsolationLevel = isolation, RequestTimeout = Timeout }).GetAwaiter().GetResult();
            return answer.ResultInfos.ToDictionary(r => r.TopicPartitionOffsetError.TopicPartition, r => Found(r.TopicPartitionOffsetError));
        }
        catch (KafkaException)
        {
            // The client remembers for minutes that a topic was missing, which it was before it was created; asked for its metadata, it looks again.
            foreach (var topic in specs.Select(s => s.TopicPartition.Topic).Distinct())
                admin.GetMetadata(topic, RefreshTimeout);
            throw;
        }
    }

    /// <summary>Where a connection breaks, librdkafka may answer with no offset and no error: taken for an offset, it would make a changelog seem empty.</summary>
    private static long Found(TopicPartitionOffsetError answer)
    {
        if (answer.Error.IsError)
            throw new KafkaException(answer.Error);
        return answer.Offset.Value >= 0 ? answer.Offset.Value : throw new KafkaException(new Error(ErrorCode.Local_Transport, $"no offset of {answer.TopicPartition}"));
    }

    /// <summary>The offsets that a partition's log holds: its first one, and its high watermark.</summary>
    public (long Start, long End) Range(TopicPartition partition) =>
        (Offsets([partition], OffsetSpec.Earliest(), IsolationLevel.ReadUncommitted)[partition], Offsets([partition], OffsetSpec.Latest(), IsolationLevel.ReadUncommitted)[partition]);

    /// <summary>Has records below the offsets deleted.</summary>
    public Task DeleteRecordsAsync(IEnumerable<TopicPartitionOffset> below) => admin.DeleteRecordsAsync(below, new DeleteRecordsOptions { RequestTimeout = Timeout });

    /// <summary>The members of the application's group.</summary>
    public async Task<IReadOnlyList<MemberDescription>> MembersAsync()
    {
        var answer = await admin.DescribeConsumerGroupsAsync([config.ApplicationId], new DescribeConsumerGroupsOptions { RequestTimeout = Timeout });
        return answer.ConsumerGroupDescriptions[0].Members;
    }

    /// <summary>The topics' ids, which tell a topic from another that later bears its name; 0 from brokers that have none.</summary>
    public IReadOnlyDictionary<string, UInt128> TopicIds(IReadOnlyCollection<string> topics)
    {
        if (topics.Count == 0)
            return new Dictionary<string, UInt128>();
        var answer = admin.DescribeTopicsAsync(TopicCollection.OfTopicNames(topics), new DescribeTopicsOptions { RequestTimeout = Timeout }).GetAwaiter().GetResult();
        return answer.TopicDescriptions.ToDictionary(
            t => t.Name,
            t => t.Error.IsError
                ? throw new KafkaException(t.Error)
                : new UInt128(unchecked((ulong)(long)t.TopicId.MostSignificantBits), unchecked((ulong)(long)t.TopicId.LeastSignificantBits)));
    }

    public void Dispose() => admin.Dispose();

    private static bool IsPassing(ErrorCode code) =>
        code is ErrorCode.Local_TimedOut or ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.RequestTimedOut or ErrorCode.NotController;

    /// <summary>A topic's partitions, 0 where it does not exist. Asked by DescribeTopics: metadata asked by name makes a broker with auto.create.topics.enable create it.</summary>
    private int Find(string topic)
    {
        try
        {
            var answer = admin.DescribeTopicsAsync(TopicCollection.OfTopicNames([topic]), new DescribeTopicsOptions { RequestTimeout = Timeout }).GetAwaiter().GetResult();
            return answer.TopicDescriptions[0].Partitions.Count;
        }
        catch (DescribeTopicsException e) when (e.Results.TopicDescriptions[0].Error.Code == ErrorCode.UnknownTopicOrPart)
        {
            return 0;
        }
    }

    private void Create(InternalTopic topic)
    {
        try
        {
            var specification = new TopicSpecification
            {
                Name = topic.Name, NumPartitions = topic.Partitions ?? -1, ReplicationFactor = config.ChangelogReplicationFactor, Configs = new(topic.Settings),
            };
            admin.CreateTopicsAsync([specification], new CreateTopicsOptions { OperationTimeout = Timeout }).GetAwaiter().GetResult();
            logger.TopicCreated(topic.Name, topic.Partitions ?? -1);
        }
        catch (CreateTopicsException e) when (e.Results.TrueForAll(r => r.Error.Code is ErrorCode.TopicAlreadyExists))
        {
            // Another instance was faster; the count it made follows from the same source.
        }
        // The client would go on for a while to believe that the topic is not there.
        admin.GetMetadata(topic.Name, Timeout);
    }
}
