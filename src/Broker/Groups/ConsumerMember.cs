using Streams.Broker.Protocol;

namespace Streams.Broker.Groups;

/// <summary>A partition by its topic's id.</summary>
internal readonly record struct PartitionId(Guid Topic, int Partition);

internal enum ConsumerMemberState
{
    /// <summary>Has what the target assigns.</summary>
    Stable,

    /// <summary>Was told to give partitions up and has not said that it did.</summary>
    UnrevokedPartitions,

    /// <summary>Waits for partitions that others have not given up.</summary>
    UnreleasedPartitions,
}

/// <summary>A member's heartbeat in the consumer protocol; null means unchanged since the last.</summary>
internal sealed record ConsumerHeartbeat(
    string Group, string MemberId, int Epoch, string? InstanceId, string? RackId, string ClientId, int RebalanceTimeoutMs,
    string[]? Topics, string? Regex, string? Assignor, HashSet<PartitionId>? Owned)
{
    /// <summary>The member says all there is to say, and is told its whole assignment.</summary>
    public bool IsFull => Epoch == 0 || (RebalanceTimeoutMs != -1 && (Topics is not null || Regex is not null) && Owned is not null);
}

internal sealed record HeartbeatResult(ErrorCode Error, string? Message, string? MemberId, int Epoch, IReadOnlySet<PartitionId>? Assignment)
{
    public static HeartbeatResult Refused(ErrorCode error, string? message = null) => new(error, message, null, 0, null);
}

/// <summary>A member of the consumer protocol as the journal has it.</summary>
internal sealed record ConsumerMember(string Id, string? InstanceId, string ClientId)
{
    /// <summary>The epoch of a static member that went away for a while.</summary>
    public const int AwayEpoch = -2;

    public string? RackId { get; init; }

    public int Epoch { get; init; }

    public int PreviousEpoch { get; init; }

    public ConsumerMemberState State { get; init; }

    public int RebalanceTimeoutMs { get; init; }

    public SortedSet<string> Topics { get; init; } = [];

    public string? Regex { get; init; }

    public string? Assignor { get; init; }

    /// <summary>What the member may read.</summary>
    public HashSet<PartitionId> Assigned { get; init; } = [];

    /// <summary>What it must stop reading, and still holds for all that is known.</summary>
    public HashSet<PartitionId> PendingRevocation { get; init; } = [];

    public bool SubscribesLike(ConsumerMember other) => Topics.SetEquals(other.Topics) && Regex == other.Regex;

    public ConsumerMember With(ConsumerHeartbeat heartbeat) => this with
    {
        ClientId = heartbeat.ClientId,
        RackId = heartbeat.RackId ?? RackId,
        RebalanceTimeoutMs = heartbeat.RebalanceTimeoutMs == -1 ? RebalanceTimeoutMs : heartbeat.RebalanceTimeoutMs,
        Topics = heartbeat.Topics is null ? Topics : new SortedSet<string>(heartbeat.Topics, StringComparer.Ordinal),
        Regex = heartbeat.Regex is null ? Regex : heartbeat.Regex.Length == 0 ? null : heartbeat.Regex,
        Assignor = heartbeat.Assignor ?? Assignor,
    };

    /// <summary>Whether the two say the same in the journal.</summary>
    public bool Same(ConsumerMember other) =>
        Id == other.Id && RackId == other.RackId && ClientId == other.ClientId && Epoch == other.Epoch && PreviousEpoch == other.PreviousEpoch && State == other.State
        && RebalanceTimeoutMs == other.RebalanceTimeoutMs && Assignor == other.Assignor && SubscribesLike(other)
        && Assigned.SetEquals(other.Assigned) && PendingRevocation.SetEquals(other.PendingRevocation);

    public ConsumerMemberChanged ToEntry(string group) => new(group, Id, InstanceId, RackId, ClientId, Epoch, PreviousEpoch, State, RebalanceTimeoutMs,
        [.. Topics], Regex, Assignor, ByTopic(Assigned), ByTopic(PendingRevocation));

    public static ConsumerMember From(ConsumerMemberChanged e) => new(e.Id, e.InstanceId, e.ClientId)
    {
        RackId = e.RackId, Epoch = e.Epoch, PreviousEpoch = e.PreviousEpoch, State = e.State, RebalanceTimeoutMs = e.RebalanceTimeoutMs,
        Topics = new SortedSet<string>(e.Topics, StringComparer.Ordinal), Regex = e.Regex, Assignor = e.Assignor,
        Assigned = Partitions(e.Assigned), PendingRevocation = Partitions(e.PendingRevocation),
    };

    public static Dictionary<Guid, int[]> ByTopic(IEnumerable<PartitionId> partitions) =>
        partitions.GroupBy(p => p.Topic).ToDictionary(t => t.Key, t => t.Select(p => p.Partition).Order().ToArray());

    public static HashSet<PartitionId> Partitions(Dictionary<Guid, int[]> byTopic) => [.. byTopic.SelectMany(t => t.Value.Select(p => new PartitionId(t.Key, p)))];
}
