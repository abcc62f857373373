namespace Streams.Broker;

/// <summary>Settings of the group coordinator, by Kafka's names and with its defaults unless said otherwise.</summary>
public sealed record GroupOptions
{
    /// <summary>group.min.session.timeout.ms. Kafka's default is 6000; a single node on loopback need not be protected from short ones.</summary>
    public int MinSessionTimeoutMs { get; init; } = 1;

    /// <summary>group.max.session.timeout.ms.</summary>
    public int MaxSessionTimeoutMs { get; init; } = 1_800_000;

    /// <summary>group.max.size and group.consumer.max.size: members of one group.</summary>
    public int MaxSize { get; init; } = int.MaxValue;

    /// <summary>offset.metadata.max.bytes of one committed offset.</summary>
    public int MaxOffsetMetadataBytes { get; init; } = 4096;

    /// <summary>offsets.retention.minutes: how long offsets outlive their group's last member, or their commit where there are no members to speak of.</summary>
    public TimeSpan OffsetsRetention { get; init; } = TimeSpan.FromDays(7);

    /// <summary>offsets.retention.check.interval.ms.</summary>
    public TimeSpan OffsetsRetentionCheckInterval { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>group.consumer.session.timeout.ms: silence after which a member of the consumer protocol is fenced.</summary>
    public int ConsumerSessionTimeoutMs { get; init; } = 45_000;

    /// <summary>group.consumer.assignment.interval.ms: the least time between two target assignments of a group. Kafka's default is 1000; 0 assigns at once.</summary>
    public int ConsumerAssignmentIntervalMs { get; init; }

    /// <summary>group.consumer.heartbeat.interval.ms, which members of the consumer protocol are told to keep.</summary>
    public int ConsumerHeartbeatIntervalMs { get; init; } = 5_000;
}
