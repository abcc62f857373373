using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Streams.Cli.Observability;

/// <summary>Which consumer groups to measure, and how often.</summary>
public sealed record GroupLagOptions(string BootstrapServers, IReadOnlyList<string> Groups)
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

/// <summary>Reads the groups' committed offsets and the partitions' ends, shown as the gauge <c>streams.kafka.consumer.lag</c>.</summary>
public sealed class GroupLagCollector(GroupLagOptions options, TimeProvider time, ILogger<GroupLagCollector> logger) : BackgroundService
{
    static readonly TimeSpan Timeout = TimeSpan.FromSeconds(8);

    /// <summary>One reading. A group without commits has no lag to show.</summary>
    /// <exception cref="KafkaException">Kafka refused or did not answer in time.</exception>
    public static async Task<IReadOnlyList<GroupLag>> ReadAsync(IAdminClient admin, IReadOnlyList<string> groups)
    {
        var lags = new List<GroupLag>();
        foreach (var group in groups) lags.AddRange(await ReadAsync(admin, group));
        return [.. lags.OrderBy(l => l.Group, StringComparer.Ordinal).ThenBy(l => l.Topic, StringComparer.Ordinal).ThenBy(l => l.Partition)];
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // librdkafka's client does its first work in its constructor; the host's start must not wait for it.
        await Task.Yield();
        using var admin = new AdminClientBuilder(Config()).SetLogHandler((_, _) => { }).SetErrorHandler((_, e) => Log.LagClientError(logger, e.Reason)).Build();
        using var timer = new PeriodicTimer(options.Interval, time);
        try
        {
            do await CollectAsync(admin); while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            Telemetry.Show([]);
        }
    }

    async Task CollectAsync(IAdminClient admin)
    {
        try
        {
            Telemetry.Show(await ReadAsync(admin, options.Groups));
        }
        catch (KafkaException e)
        {
            Telemetry.Show([]);
            Telemetry.LagFailures.Add(1);
            Log.LagUnreadable(logger, e.Error.Reason);
        }
    }

    static async Task<IEnumerable<GroupLag>> ReadAsync(IAdminClient admin, string group)
    {
        var answers = await admin.ListConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitions(group, null)], new() { RequestTimeout = Timeout });
        var committed = answers.Single().Partitions.Where(p => !p.Error.IsError && p.Offset.Value >= 0).ToDictionary(p => p.TopicPartition, p => p.Offset.Value);
        if (committed.Count == 0) return [];
        var wanted = committed.Keys.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p, OffsetSpec = OffsetSpec.Latest() });
        var ends = await admin.ListOffsetsAsync(wanted, new() { RequestTimeout = Timeout, IsolationLevel = IsolationLevel.ReadCommitted });
        return ends.ResultInfos.Select(r => r.TopicPartitionOffsetError).Where(p => !p.Error.IsError)
            .Select(p => new GroupLag(group, p.Topic, p.Partition.Value, committed[p.TopicPartition], p.Offset.Value));
    }

    AdminClientConfig Config()
    {
        var config = new AdminClientConfig(options.KafkaSettings.ToDictionary()) { BootstrapServers = options.BootstrapServers };
        config.ClientId ??= "streams-lag";
        return config;
    }
}
