namespace Streams.Broker.Groups;

/// <summary>A member as an assignor sees it: the topics that it reads and exist, and what it has by the last assignment.</summary>
internal sealed record AssignorMember(string Id, string? InstanceId, HashSet<string> Topics, IReadOnlySet<PartitionId> Before);

/// <summary>The assignors of the consumer protocol that run in the broker.</summary>
internal static class Assignors
{
    public const string Uniform = "uniform";
    public const string Range = "range";

    public static bool Exists(string name) => name is Uniform or Range;

    public static Dictionary<string, HashSet<PartitionId>> Assign(string name, List<AssignorMember> members, IEnumerable<SubscribedTopic> topics)
    {
        var sorted = topics.OrderBy(t => t.Name, StringComparer.Ordinal).ToList();
        return name == Range ? AssignRanges(members, sorted) : AssignUniformly(members, sorted);
    }

    /// <summary>Each topic's partitions in runs, in the order of the members: static ones by instance id, then the others by member id.</summary>
    private static Dictionary<string, HashSet<PartitionId>> AssignRanges(List<AssignorMember> members, List<SubscribedTopic> topics)
    {
        var target = members.ToDictionary(m => m.Id, _ => new HashSet<PartitionId>(), StringComparer.Ordinal);
        var ordered = members.OrderBy(m => m.InstanceId is null).ThenBy(m => m.InstanceId ?? m.Id, StringComparer.Ordinal).ToList();
        foreach (var topic in topics)
        {
            var readers = ordered.Where(m => m.Topics.Contains(topic.Name)).ToList();
            var next = 0;
            for (var r = 0; r < readers.Count; r++)
            {
                var count = (topic.Partitions / readers.Count) + (r < topic.Partitions % readers.Count ? 1 : 0);
                target[readers[r].Id].UnionWith(Enumerable.Range(next, count).Select(p => new PartitionId(topic.Id, p)));
                next += count;
            }
        }
        return target;
    }

    /// <summary>As even as subscriptions allow, with as few moves as possible: all keep what they may, the rest goes to who has least, then surplus moves.</summary>
    private static Dictionary<string, HashSet<PartitionId>> AssignUniformly(List<AssignorMember> members, List<SubscribedTopic> topics)
    {
        var ordered = members.OrderBy(m => m.Id, StringComparer.Ordinal).ToList();
        var target = ordered.ToDictionary(m => m.Id, _ => new HashSet<PartitionId>(), StringComparer.Ordinal);
        var nameOf = topics.ToDictionary(t => t.Id, t => t);
        var taken = new HashSet<PartitionId>();
        foreach (var member in ordered)
        {
            foreach (var partition in member.Before)
            {
                var stays = nameOf.TryGetValue(partition.Topic, out var topic) && partition.Partition < topic.Partitions && member.Topics.Contains(topic.Name);
                if (stays && taken.Add(partition)) target[member.Id].Add(partition);
            }
        }
        foreach (var topic in topics)
        {
            var readers = ordered.Where(m => m.Topics.Contains(topic.Name)).ToList();
            if (readers.Count == 0) continue;
            for (var p = 0; p < topic.Partitions; p++)
            {
                var partition = new PartitionId(topic.Id, p);
                if (!taken.Contains(partition)) target[readers.MinBy(m => target[m.Id].Count)!.Id].Add(partition);
            }
        }
        while (MoveOne(ordered, target, nameOf))
        {
        }
        return target;
    }

    /// <summary>Moves a partition from a member to one that has at least two fewer; false where that cannot be done any more.</summary>
    private static bool MoveOne(List<AssignorMember> members, Dictionary<string, HashSet<PartitionId>> target, Dictionary<Guid, SubscribedTopic> topics)
    {
        var byLoad = members.OrderBy(m => target[m.Id].Count).ToList();
        for (var from = byLoad.Count - 1; from > 0; from--)
        {
            var giver = target[byLoad[from].Id];
            if (giver.Count - target[byLoad[0].Id].Count < 2) return false;
            foreach (var taker in byLoad.TakeWhile(m => giver.Count - target[m.Id].Count >= 2))
            {
                var movable = giver.Where(p => taker.Topics.Contains(topics[p.Topic].Name)).OrderBy(p => topics[p.Topic].Name, StringComparer.Ordinal).ThenBy(p => p.Partition);
                var partition = movable.LastOrDefault();
                if (partition == default) continue;
                giver.Remove(partition);
                target[taker.Id].Add(partition);
                return true;
            }
        }
        return false;
    }
}
