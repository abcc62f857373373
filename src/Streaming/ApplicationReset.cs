using System.Globalization;
using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Streaming;

/// <summary>Where an application starts again in its input topics; each but the first two is within the bounds of each partition's log.</summary>
public abstract record ResetPoint
{
    private ResetPoint()
    {
    }

    public sealed record ToEarliest : ResetPoint;

    public sealed record ToLatest : ResetPoint;

    public sealed record ToOffset(long Offset) : ResetPoint;

    /// <summary>The first record at or after a time; the end where there is none.</summary>
    public sealed record ToDatetime(DateTimeOffset Time) : ResetPoint;

    /// <summary>So long before now.</summary>
    public sealed record ByDuration(TimeSpan Duration) : ResetPoint;

    /// <summary>So many offsets from the committed one, or from the first where none is committed.</summary>
    public sealed record ShiftBy(long Offsets) : ResetPoint;

    /// <summary>Offsets by topic and partition, as exported; other partitions are left alone.</summary>
    public sealed record FromList(IReadOnlyDictionary<TopicPartition, long> Offsets) : ResetPoint;
}

/// <summary>What a reset is to do.</summary>
public sealed record ApplicationResetOptions
{
    public required string ApplicationId { get; init; }

    public required string BootstrapServers { get; init; }

    public IReadOnlyList<string> InputTopics { get; init; } = [];

    /// <summary>Only these of the application's internal topics are deleted; empty: all that have an internal topic's name.</summary>
    public IReadOnlyList<string> InternalTopics { get; init; } = [];

    public ResetPoint Point { get; init; } = new ResetPoint.ToEarliest();

    /// <summary>Waits for members that are only remembered to drop out, and goes on where retention has already deleted what lies behind the point.</summary>
    public bool Force { get; init; }

    /// <summary>How long <see cref="Force"/> waits for members: their session time-outs.</summary>
    public TimeSpan ForceWait { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Further client settings in librdkafka's names.</summary>
    public IReadOnlyDictionary<string, string> ClientSettings { get; init; } = new Dictionary<string, string>();

    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;
}

/// <summary>What a reset does, or did.</summary>
/// <param name="Offsets">Where the application goes on, by input partition.</param>
/// <param name="DeletedTopics">Changelogs, repartition topics and the like that go.</param>
public sealed record ApplicationResetPlan(IReadOnlyList<TopicPartitionOffset> Offsets, IReadOnlyList<string> DeletedTopics);

/// <summary>The reset is not safe, and was not begun.</summary>
public sealed class ResetRefusedException(string message) : Exception(message);

/// <summary>
/// Lets an application begin anew (kafka-streams-application-reset): sets the group's offsets of its input topics and deletes its internal topics. Output
/// and dead-letter topics stay. Instances wipe their local state by themselves: it names the changelog topic, by its id, that it belongs to, and the
/// topic that is created in its place has another one.
/// </summary>
public sealed class ApplicationReset(ApplicationResetOptions options) : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly string[] InternalSuffixes = ["-changelog", "-repartition", "-subscription-registration-topic", "-subscription-response-topic"];
    private readonly IAdminClient admin = new AdminClientBuilder(new AdminClientConfig(new Dictionary<string, string>(options.ClientSettings))
    {
        BootstrapServers = options.BootstrapServers,
        ClientId = $"{options.ApplicationId}-reset",
    }).Build();

    /// <summary>Looks everything up and checks it; changes nothing.</summary>
    /// <exception cref="ResetRefusedException">The application runs, or the point lies before what retention has kept.</exception>
    /// <exception cref="StreamsException">A topic is missing.</exception>
    public async Task<ApplicationResetPlan> PlanAsync(CancellationToken cancellation = default)
    {
        await RequireNoMembersAsync(cancellation);
        var existing = admin.GetMetadata(Timeout).Topics.Select(t => t.Topic).Order(StringComparer.Ordinal).ToList();
        if (options.InputTopics.Concat(options.InternalTopics).FirstOrDefault(t => !existing.Contains(t)) is { } missing)
            throw new StreamsException($"topic \"{missing}\" does not exist");
        var partitions = options.InputTopics.SelectMany(PartitionsOf).ToList();
        var offsets = partitions.Count == 0 ? [] : await OffsetsAsync(partitions);
        return new ApplicationResetPlan(offsets, [.. existing.Where(IsDeleted)]);
    }

    /// <summary>Carries a plan out: offsets first, then topics. May be repeated after a failure.</summary>
    public async Task ExecuteAsync(ApplicationResetPlan plan, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        await RequireNoMembersAsync(cancellation);
        if (plan.Offsets.Count > 0)
            await admin.AlterConsumerGroupOffsetsAsync([new ConsumerGroupTopicPartitionOffsets(options.ApplicationId, [.. plan.Offsets])], new() { RequestTimeout = Timeout });
        if (plan.DeletedTopics.Count > 0)
            await admin.DeleteTopicsAsync(plan.DeletedTopics, new DeleteTopicsOptions { OperationTimeout = Timeout });
    }

    public void Dispose() => admin.Dispose();

    private bool IsDeleted(string topic) =>
        topic.StartsWith(options.ApplicationId + "-", StringComparison.Ordinal)
        && Array.Exists(InternalSuffixes, s => topic.EndsWith(s, StringComparison.Ordinal) && topic.Length > options.ApplicationId.Length + s.Length)
        && !options.InputTopics.Contains(topic)
        && (options.InternalTopics.Count == 0 || options.InternalTopics.Contains(topic));

    private async Task RequireNoMembersAsync(CancellationToken cancellation)
    {
        var since = options.TimeProvider.GetTimestamp();
        while (true)
        {
            var members = await MembersAsync(cancellation);
            if (members.Count == 0)
                return;
            var names = string.Join(", ", members.Select(m => $"{m.ClientId} on {m.Host}"));
            if (!options.Force)
                throw new ResetRefusedException($"the group \"{options.ApplicationId}\" has active members ({names}): stop all instances first, or wait for dead ones with --force");
            if (options.TimeProvider.GetElapsedTime(since) > options.ForceWait)
                throw new ResetRefusedException($"the group \"{options.ApplicationId}\" still has active members after {options.ForceWait.TotalSeconds} s ({names}): they are alive, stop them");
            await Task.Delay(Pause, options.TimeProvider, cancellation);
        }
    }

    private async Task<List<MemberDescription>> MembersAsync(CancellationToken cancellation)
    {
        var since = options.TimeProvider.GetTimestamp();
        while (true)
        {
            try
            {
                var answer = await admin.DescribeConsumerGroupsAsync([options.ApplicationId], new DescribeConsumerGroupsOptions { RequestTimeout = Timeout });
                return answer.ConsumerGroupDescriptions[0].Members;
            }
            catch (DescribeConsumerGroupsException e) when (e.Results.ConsumerGroupDescriptions[0].Error.Code is ErrorCode.GroupIdNotFound)
            {
                return [];
            }
            catch (DescribeConsumerGroupsException e) when (options.TimeProvider.GetElapsedTime(since) < Timeout
                && e.Results.ConsumerGroupDescriptions[0].Error.Code is ErrorCode.GroupLoadInProgress or ErrorCode.GroupCoordinatorNotAvailable or ErrorCode.NotCoordinatorForGroup)
            {
                await Task.Delay(Pause, options.TimeProvider, cancellation);
            }
        }
    }

    private IEnumerable<TopicPartition> PartitionsOf(string topic) =>
        admin.GetMetadata(topic, Timeout).Topics[0].Partitions.Select(p => new TopicPartition(topic, p.PartitionId)).OrderBy(p => p.Partition.Value);

    private async Task<List<TopicPartitionOffset>> OffsetsAsync(List<TopicPartition> partitions)
    {
        var starts = await ListAsync(partitions, OffsetSpec.Earliest());
        var ends = await ListAsync(partitions, OffsetSpec.Latest());
        var wanted = await WantedAsync(partitions, starts, ends);
        var offsets = new List<TopicPartitionOffset>();
        foreach (var partition in partitions.Where(wanted.ContainsKey))
        {
            if (wanted[partition] < starts[partition] && !options.Force)
                throw new ResetRefusedException(string.Create(CultureInfo.InvariantCulture,
                    $"{partition.Topic}[{partition.Partition.Value}]: the point is offset {wanted[partition]}, but retention has deleted everything before {starts[partition]}; --force begins there"));
            offsets.Add(new TopicPartitionOffset(partition, Math.Clamp(wanted[partition], starts[partition], ends[partition])));
        }
        if (options.Point is ResetPoint.ToDatetime or ResetPoint.ByDuration && !options.Force)
            await RequireKeptAsync(offsets, starts);
        return offsets;
    }

    private async Task<IReadOnlyDictionary<TopicPartition, long>> WantedAsync(
        List<TopicPartition> partitions, IReadOnlyDictionary<TopicPartition, long> starts, IReadOnlyDictionary<TopicPartition, long> ends)
    {
        switch (options.Point)
        {
            case ResetPoint.ToEarliest:
                return starts;
            case ResetPoint.ToLatest:
                return ends;
            case ResetPoint.ToOffset point:
                return partitions.ToDictionary(p => p, _ => point.Offset);
            case ResetPoint.FromList list:
                return list.Offsets;
            case ResetPoint.ShiftBy shift:
                var committed = await CommittedAsync(partitions);
                return partitions.ToDictionary(p => p, p => committed.GetValueOrDefault(p, starts[p]) + shift.Offsets);
            default:
                var found = await ListAsync(partitions, OffsetSpec.ForTimestamp(TimeOfPoint()));
                return partitions.ToDictionary(p => p, p => found[p] < 0 ? ends[p] : found[p]);
        }
    }

    private long TimeOfPoint() => options.Point switch
    {
        ResetPoint.ToDatetime at => at.Time.ToUnixTimeMilliseconds(),
        ResetPoint.ByDuration before => (options.TimeProvider.GetUtcNow() - before.Duration).ToUnixTimeMilliseconds(),
        _ => throw new InvalidOperationException($"{options.Point} is no time"),
    };

    /// <summary>A log whose first records are gone, and that begins at the point only because they are, no longer has everything since the point.</summary>
    private async Task RequireKeptAsync(List<TopicPartitionOffset> offsets, IReadOnlyDictionary<TopicPartition, long> starts)
    {
        var cut = offsets.Where(o => o.Offset.Value == starts[o.TopicPartition] && starts[o.TopicPartition] > 0).ToList();
        if (cut.Count == 0)
            return;
        var configs = await admin.DescribeConfigsAsync(cut.Select(o => o.Topic).Distinct().Select(t => new ConfigResource { Type = ResourceType.Topic, Name = t }));
        foreach (var topic in configs)
        {
            var retention = long.Parse(topic.Entries["retention.ms"].Value, CultureInfo.InvariantCulture);
            var reach = options.TimeProvider.GetUtcNow().ToUnixTimeMilliseconds() - TimeOfPoint();
            if (retention >= 0 && retention < reach && topic.Entries["cleanup.policy"].Value.Contains("delete", StringComparison.Ordinal))
                throw new ResetRefusedException(string.Create(CultureInfo.InvariantCulture,
                    $"{topic.ConfigResource.Name}: retention.ms is {retention}, shorter than the {reach} ms back to the point, and its first records are deleted; --force begins with what is left"));
        }
    }

    private async Task<IReadOnlyDictionary<TopicPartition, long>> ListAsync(List<TopicPartition> partitions, OffsetSpec which)
    {
        var answer = await admin.ListOffsetsAsync(
            partitions.Select(p => new TopicPartitionOffsetSpec { TopicPartition = p, OffsetSpec = which }), new ListOffsetsOptions { RequestTimeout = Timeout });
        return answer.ResultInfos.ToDictionary(r => r.TopicPartitionOffsetError.TopicPartition, r => r.TopicPartitionOffsetError.Error.IsError
            ? throw new KafkaException(r.TopicPartitionOffsetError.Error)
            : r.TopicPartitionOffsetError.Offset.Value);
    }

    // By a consumer that joins nothing: librdkafka's admin client ends the process when the coordinator fails while it lists a group's offsets (librdkafka issue 5040).
    private Task<Dictionary<TopicPartition, long>> CommittedAsync(List<TopicPartition> partitions) => Task.Run(() =>
    {
        var config = new ConsumerConfig(new Dictionary<string, string>(options.ClientSettings))
        {
            BootstrapServers = options.BootstrapServers, ClientId = $"{options.ApplicationId}-reset", GroupId = options.ApplicationId, EnableAutoCommit = false,
        };
        using var consumer = new ConsumerBuilder<Ignore, Ignore>(config).Build();
        return consumer.Committed(partitions, Timeout).Where(p => p.Offset.Value >= 0).ToDictionary(p => p.TopicPartition, p => p.Offset.Value);
    });
}
