using Confluent.Kafka;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Streams.Cli.Observability;

/// <summary>A consumer group and a topic that it reads.</summary>
public sealed record WatchedGroup(string Group, string Topic);

/// <summary>Which consumer groups to measure, and how often.</summary>
public sealed record GroupLagOptions(string BootstrapServers, IReadOnlyList<WatchedGroup> Groups)
{
    /// <summary>Further client settings in librdkafka's names.</summary>
    public IReadOnlyDictionary<string, string> KafkaSettings { get; init; } = new Dictionary<string, string>();

    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);
}

/// <summary>How far a group is behind on one partition; only records that a read_committed consumer can see count.</summary>
public sealed record GroupLag(string Group, string Topic, int Partition, long Committed, long End)
{
    /// <summary>Never negative: the end may have been read before the commit.</summary>
    public long Records => Math.Max(0, End - Committed);
}

/// <summary>
/// Reads the groups' committed offsets and the partitions' ends, shown as the gauge <c>streams.kafka.consumer.lag</c>. It asks through consumers that
/// never join: the admin client of librdkafka 2.15 ends the process when a coordinator answers a question about a group's offsets with NOT_COORDINATOR.
/// </summary>
public sealed class GroupLagCollector(GroupLagOptions options, TimeProvider time, ILogger<GroupLagCollector> logger) : BackgroundService
{
    static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    /// <summary>One reading, by group, topic and partition. A partition without a commit has no lag to show.</summary>
    /// <exception cref="KafkaException">Kafka refused or did not answer in time.</exception>
    public static IReadOnlyList<GroupLag> Read(GroupLagOptions options)
    {
        var lags = new List<GroupLag>();
        foreach (var watched in options.Groups.OrderBy(g => g.Group, StringComparer.Ordinal).ThenBy(g => g.Topic, StringComparer.Ordinal)) lags.AddRange(Read(options, watched));
        return lags;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Interval, time);
        try
        {
            do await Task.Run(Collect, stoppingToken); while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Telemetry.Show([]);
        }
    }

    void Collect()
    {
        try
        {
            Telemetry.Show(Read(options));
        }
        catch (KafkaException e)
        {
            Telemetry.Show([]);
            Telemetry.LagFailures.Add(1);
            Log.LagUnreadable(logger, e.Error.Reason);
        }
    }

    static IEnumerable<GroupLag> Read(GroupLagOptions options, WatchedGroup watched)
    {
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(Config(options, watched.Group)).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var topic = admin.GetMetadata(Timeout).Topics.FirstOrDefault(t => t.Topic == watched.Topic);
        if (topic is null) return [];
        var committed = consumer.Committed(topic.Partitions.Select(p => new TopicPartition(topic.Topic, p.PartitionId)), Timeout).Where(p => p.Offset.Value >= 0);
        return [.. committed.OrderBy(p => p.Partition.Value)
            .Select(p => new GroupLag(watched.Group, p.Topic, p.Partition.Value, p.Offset.Value, consumer.QueryWatermarkOffsets(p.TopicPartition, Timeout).High.Value))];
    }

    static ConsumerConfig Config(GroupLagOptions options, string group) => new(options.KafkaSettings.ToDictionary())
    {
        BootstrapServers = options.BootstrapServers, GroupId = group, EnableAutoCommit = false, IsolationLevel = IsolationLevel.ReadCommitted, AllowAutoCreateTopics = false, ClientId = "streams-lag",
    };
}
