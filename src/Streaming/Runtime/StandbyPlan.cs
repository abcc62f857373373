using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Streams.Streaming.Runtime;

/// <summary>A member of the application's group: a stream thread of some instance.</summary>
internal sealed record GroupMember(string Instance, string MemberId, string StaticId, IReadOnlyCollection<TopicPartition> Assigned)
{
    /// <summary>A stream thread's client id is its instance's name and its number.</summary>
    public static GroupMember Of(MemberDescription member) => new(
        member.ClientId[..Math.Max(0, member.ClientId.LastIndexOf('-'))], member.ConsumerId, member.GroupInstanceId ?? "", member.Assignment.TopicPartitions);
}

/// <summary>
/// Who is standby for a task: the instance whose thread would get its partition if the owning instance left, under the range assignment; then
/// the one that would get it if that left too. Every instance comes to the same answer from the same description of the group.
/// </summary>
internal static class StandbyPlan
{
    /// <summary>The instances that are standby for a partition, first choice first.</summary>
    public static IReadOnlyList<string> Choose(IReadOnlyList<GroupMember> members, TopicPartition partition, int partitions, int replicas)
    {
        var chosen = new List<string>();
        if (members.FirstOrDefault(m => m.Assigned.Contains(partition)) is not { } owner)
            return chosen;
        var left = InOrder(members).Where(m => m.Instance != owner.Instance).ToList();
        while (chosen.Count < replicas && left.Count > 0)
        {
            var next = left[RangeOwner(partition.Partition.Value, partitions, left.Count)].Instance;
            chosen.Add(next);
            left.RemoveAll(m => m.Instance == next);
        }
        return chosen;
    }

    /// <summary>The range assignment of one topic: members in order take neighbouring partitions, the first ones one more where it does not divide.</summary>
    public static int RangeOwner(int partition, int partitions, int members)
    {
        var (each, more) = (partitions / members, partitions % members);
        return partition < more * (each + 1) ? partition / (each + 1) : more + (partition - more * (each + 1)) / each;
    }

    /// <summary>As the assignor sorts them: static members by their instance id.</summary>
    private static IOrderedEnumerable<GroupMember> InOrder(IReadOnlyList<GroupMember> members) =>
        members.OrderBy(m => m.StaticId, StringComparer.Ordinal).ThenBy(m => m.MemberId, StringComparer.Ordinal);
}
