using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace Streams.Streaming.Runtime;

/// <summary>What the runtime asks the broker apart from records: partitions, log ends, topics to be made. Every call has a deadline.</summary>
internal sealed class BrokerAdmin(StreamConfig config, ILogger logger) : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private readonly IAdminClient admin = new AdminClientBuilder(ClientConfigs.Admin(config))
        .SetLogHandler((_, message) => logger.ClientMessage("admin", message.Message))
        .Build();

    public int Partitions(string topic)
    {
        var found = Find(topic);
        return found > 0 ? found : throw new StreamsException($"topic \"{topic}\" does not exist");
    }

    /// <summary>Creates the changelogs that are missing, each with as many partitions as the sub-topology has tasks; refuses those that differ.</summary>
    public void EnsureChangelogs(SubTopology sub)
    {
        var counts = sub.SourceTopics.Select(t => (Topic: t, Count: Partitions(t))).ToList();
        if (counts.Exists(c => c.Count != counts[0].Count))
            throw new StreamsException("source topics of one sub-topology must have equally many partitions: "
                + string.Join(", ", counts.Select(c => $"{c.Topic} has {c.Count}")));
        foreach (var store in sub.Stores)
            EnsureChangelog(StreamTask.ChangelogTopic(config.ApplicationId, store.Name), counts[0].Count);
    }

    /// <summary>Log ends or beginnings. Ends read uncommitted are high watermarks, ends read committed are last stable offsets.</summary>
    public IReadOnlyDictionary<TopicPartition, long> Offsets(IEnumerable<TopicPartition> partitions, OffsetSpec which, IsolationLevel isolation)
    {
        var specs = partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p, OffsetSpec = which }).ToList();
        if (specs.Count == 0)
            return new Dictionary<TopicPartition, long>();
        var answer = admin.ListOffsetsAsync(specs, new ListOffsetsOptions { IsolationLevel = isolation, RequestTimeout = Timeout }).GetAwaiter().GetResult();
        return answer.ResultInfos.ToDictionary(r => r.TopicPartitionOffsetError.TopicPartition, r => Found(r.TopicPartitionOffsetError));
    }

    /// <summary>Where a connection breaks, librdkafka may answer with no offset and no error: taken for an offset, it would make a changelog seem empty.</summary>
    private static long Found(TopicPartitionOffsetError answer)
    {
        if (answer.Error.IsError)
            throw new KafkaException(answer.Error);
        return answer.Offset.Value >= 0 ? answer.Offset.Value : throw new KafkaException(new Error(ErrorCode.Local_Transport, $"no offset of {answer.TopicPartition}"));
    }

    public void Dispose() => admin.Dispose();

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

    private void EnsureChangelog(string topic, int partitions)
    {
        var existing = Find(topic);
        if (existing == 0)
        {
            Create(topic, partitions);
            return;
        }
        if (existing != partitions)
            throw new StreamsException(string.Create(
                CultureInfo.InvariantCulture, $"changelog \"{topic}\" has {existing} partitions where {partitions} are needed: the source's count changed"));
    }

    private void Create(string topic, int partitions)
    {
        var settings = new Dictionary<string, string>(config.ChangelogTopicSettings)
        {
            ["cleanup.policy"] = "compact",
            ["retention.ms"] = "-1",
            ["message.timestamp.type"] = "CreateTime",
        };
        try
        {
            var specification = new TopicSpecification
            {
                Name = topic, NumPartitions = partitions, ReplicationFactor = config.ChangelogReplicationFactor, Configs = settings,
            };
            admin.CreateTopicsAsync([specification], new CreateTopicsOptions { OperationTimeout = Timeout }).GetAwaiter().GetResult();
            logger.TopicCreated(topic, partitions);
        }
        catch (CreateTopicsException e) when (e.Results.TrueForAll(r => r.Error.Code is ErrorCode.TopicAlreadyExists))
        {
            // Another instance was faster; the count it made follows from the same source.
        }
    }
}
