using Streams.Broker.Metadata;

namespace Streams.Broker.Groups;

/// <summary>Offsets that expired or were deleted.</summary>
internal sealed record OffsetsRemoved(string Group, List<TopicPartitionName> Partitions) : JournalEntry;

internal sealed record ClassicMemberEntry(
    string Id, string? InstanceId, string ClientId, int SessionTimeoutMs, int RebalanceTimeoutMs, List<GroupProtocol> Protocols, byte[] Assignment);

/// <summary>A group of the classic protocol as it became stable, or empty with <paramref name="EmptySince"/>. What lies between is never written.</summary>
internal sealed record ClassicGroupChanged(
    string Group, int Generation, string ProtocolType, string? Protocol, string? Leader, long EmptySince, List<ClassicMemberEntry> Members) : JournalEntry;

/// <summary>A topic that members of a group subscribe to, as the group's target assignment knows it.</summary>
internal sealed record SubscribedTopic(string Name, Guid Id, int Partitions);

/// <summary>The epochs of a group of the consumer protocol, and the assignment that its members move to: member → topic → partitions.</summary>
internal sealed record ConsumerGroupChanged(
    string Group, int Epoch, int TargetEpoch, string Assignor, List<SubscribedTopic> Topics, Dictionary<string, Dictionary<Guid, int[]>> Target) : JournalEntry;

internal sealed record ConsumerMemberChanged(
    string Group, string Id, string? InstanceId, string? RackId, string ClientId, int Epoch, int PreviousEpoch, ConsumerMemberState State, int RebalanceTimeoutMs,
    List<string> Topics, string? Regex, string? Assignor, Dictionary<Guid, int[]> Assigned, Dictionary<Guid, int[]> PendingRevocation) : JournalEntry;

internal sealed record ConsumerMemberRemoved(string Group, string Id) : JournalEntry;
