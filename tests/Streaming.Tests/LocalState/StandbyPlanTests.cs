using Confluent.Kafka;
using Streams.Streaming.Runtime;
using Streams.Testing;

namespace Streams.Streaming.Tests.LocalState;

public sealed class StandbyPlanTests
{
    /// <summary>Whoever is first choice gets the partition when the owner's instance leaves: against a range assignment that is written out anew.</summary>
    [Fact]
    public void The_first_standby_is_who_gets_the_partition_when_the_owner_leaves()
    {
        var random = new Random(5);
        for (var round = 0; round < Tier.Of(500, 5000); round++)
        {
            var partitions = random.Next(1, 13);
            var members = Enumerable.Range(0, random.Next(1, 8)).Select(_ => (Instance: "i" + random.Next(4), Id: Guid.NewGuid().ToString())).ToList();
            var assigned = Range(members, partitions);
            var group = members.ConvertAll(m => new GroupMember(m.Instance, m.Id, "", [.. assigned[m.Id].Select(p => new TopicPartition("t", p))]));
            for (var partition = 0; partition < partitions; partition++)
            {
                var owner = members.First(m => assigned[m.Id].Contains(partition)).Instance;
                var left = members.Where(m => m.Instance != owner).ToList();
                var choice = StandbyPlan.Choose(group, new TopicPartition("t", partition), partitions, 3);
                Assert.Equal(Math.Min(3, left.Select(m => m.Instance).Distinct().Count()), choice.Count);
                Assert.DoesNotContain(owner, choice);
                Assert.Equal(choice.Distinct(), choice);
                if (left.Count > 0)
                    Assert.Equal(left.First(m => Range(left, partitions)[m.Id].Contains(partition)).Instance, choice[0]);
            }
        }
    }

    [Fact]
    public void Without_an_owner_nobody_is_standby() =>
        Assert.Empty(StandbyPlan.Choose([new GroupMember("a", "1", "", [])], new TopicPartition("t", 0), 1, 1));

    private static Dictionary<string, List<int>> Range(List<(string Instance, string Id)> members, int partitions)
    {
        var result = members.ToDictionary(m => m.Id, _ => new List<int>());
        var order = members.Select(m => m.Id).Order(StringComparer.Ordinal).ToList();
        var next = 0;
        for (var i = 0; i < order.Count; i++)
        {
            for (var n = partitions / order.Count + (i < partitions % order.Count ? 1 : 0); n > 0; n--)
                result[order[i]].Add(next++);
        }
        return result;
    }
}
