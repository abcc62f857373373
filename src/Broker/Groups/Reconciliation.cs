namespace Streams.Broker.Groups;

/// <summary>
/// One step of a member towards its target. It first gives up what it is to lose, keeping its epoch; when it has said that it did, it moves on to the
/// target's epoch and is given what nobody else holds, and the rest as others give it up. So a partition has one owner at a time.
/// </summary>
/// <param name="Target">The member's part of the target assignment.</param>
/// <param name="TargetEpoch">The target assignment's epoch.</param>
/// <param name="IsHeldByOther">Whether another member has the partition, or has not given it up.</param>
/// <param name="Owned">What the member says it owns; null where it says nothing.</param>
internal sealed record Reconciliation(IReadOnlySet<PartitionId> Target, int TargetEpoch, Func<PartitionId, bool> IsHeldByOther, IReadOnlySet<PartitionId>? Owned)
{
    public ConsumerMember Step(ConsumerMember member) => member.State switch
    {
        ConsumerMemberState.Stable when member.Epoch == TargetEpoch => member,
        ConsumerMemberState.UnrevokedPartitions when StillOwns(member.PendingRevocation) => member,
        _ => Next(member),
    };

    private ConsumerMember Next(ConsumerMember member)
    {
        var kept = member.Assigned.Where(Target.Contains).ToHashSet();
        var lost = member.Assigned.Where(p => !Target.Contains(p)).ToHashSet();
        if (lost.Count > 0 && StillOwns(lost))
            return member with { State = ConsumerMemberState.UnrevokedPartitions, Assigned = kept, PendingRevocation = lost };
        var free = Target.Where(p => !kept.Contains(p) && !IsHeldByOther(p));
        HashSet<PartitionId> assigned = [.. kept, .. free];
        return member with
        {
            State = assigned.Count == Target.Count ? ConsumerMemberState.Stable : ConsumerMemberState.UnreleasedPartitions,
            PreviousEpoch = member.Epoch == TargetEpoch ? member.PreviousEpoch : member.Epoch,
            Epoch = TargetEpoch,
            Assigned = assigned,
            PendingRevocation = [],
        };
    }

    private bool StillOwns(HashSet<PartitionId> partitions) => Owned is null || Owned.Overlaps(partitions);
}
