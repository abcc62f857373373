using Confluent.Kafka;

namespace Streams.Cli;

/// <summary>Reads a whole topic, committed records only, from its start to where it ends now.</summary>
static class TopicReader
{
    static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public static IEnumerable<ConsumeResult<byte[], byte[]>> ReadAll(ClientConfig connection, string topic)
    {
        var config = new ConsumerConfig(connection)
        {
            GroupId = "streams-reader",
            EnableAutoCommit = false,
            EnablePartitionEof = true,
            IsolationLevel = IsolationLevel.ReadCommitted,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            FetchWaitMaxMs = 10, // the end of a topic is not waited for
        };
        using var consumer = new ConsumerBuilder<byte[], byte[]>(config).SetLogHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var partitions = Partitions(admin, topic);
        consumer.Assign(partitions.Select(p => new TopicPartitionOffset(topic, p, Offset.Beginning)));
        for (var open = partitions.Count; open > 0;)
        {
            var result = consumer.Consume(Patience) ?? throw new CommandException(ExitCodes.Failed, $"Topic {topic}: no answer for {Patience.TotalSeconds} s");
            if (result.IsPartitionEOF) open--;
            else yield return result;
        }
    }

    public static IReadOnlyList<int> Partitions(ClientConfig connection, string topic)
    {
        using var admin = new AdminClientBuilder(connection).SetLogHandler((_, _) => { }).Build();
        return Partitions(admin, topic);
    }

    static IReadOnlyList<int> Partitions(IAdminClient admin, string topic)
    {
        var metadata = admin.GetMetadata(topic, Patience).Topics.Single();
        if (metadata.Error.IsError) throw new CommandException(ExitCodes.NothingMatched, $"Topic {topic}: {metadata.Error.Reason}");
        return [.. metadata.Partitions.Select(p => p.PartitionId).Order()];
    }

    /// <summary>Whether the topic exists and any record was ever written to it.</summary>
    public static bool HasRecords(ClientConfig connection, string topic)
    {
        using var admin = new AdminClientBuilder(connection).SetLogHandler((_, _) => { }).Build();
        var metadata = admin.GetMetadata(Patience).Topics.FirstOrDefault(t => t.Topic == topic);
        if (metadata is null) return false;
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new ConsumerConfig(connection) { GroupId = "streams-reader" }).SetLogHandler((_, _) => { }).Build();
        return metadata.Partitions.Any(p => consumer.QueryWatermarkOffsets(new TopicPartition(topic, p.PartitionId), Patience) is { } w && w.High.Value > 0);
    }
}
