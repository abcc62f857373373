using Streams.Broker.Groups;

namespace Streams.Broker.Tests.Groups;

/// <summary>The assignors and the reconciliation, on random groups.</summary>
public sealed class AssignorTests
{
    [Theory]
    [InlineData("uniform")]
    [InlineData("range")]
    public void Every_partition_that_somebody_reads_has_one_owner_who_reads_it(string assignor)
    {
        for (var seed = 0; seed < Tier.Of(200, 2000); seed++)
        {
            var random = new Random(seed);
            var (members, topics) = (Members(random), Topics(random));
            var target = Assignors.Assign(assignor, members, topics);
            var owned = target.SelectMany(t => t.Value).ToList();
            Assert.True(owned.Count == owned.Distinct().Count(), $"seed {seed}");
            Assert.True(topics.Where(t => members.Any(m => m.Topics.Contains(t.Name))).Sum(t => t.Partitions) == owned.Count, $"seed {seed}");
            foreach (var member in members) Assert.All(target[member.Id], p => Assert.Contains(topics.Single(t => t.Id == p.Topic).Name, member.Topics));
        }
    }

    [Fact]
    public void Uniform_is_even_where_all_read_the_same_and_moves_no_more_than_it_must()
    {
        var topics = new List<SubscribedTopic> { new("a", Guid.NewGuid(), 7), new("b", Guid.NewGuid(), 4) };
        var before = new Dictionary<string, HashSet<PartitionId>>();
        for (var count = 1; count <= 6; count++)
        {
            var members = Enumerable.Range(0, count).Select(m => new AssignorMember($"m{m}", null, ["a", "b"], before.GetValueOrDefault($"m{m}") ?? [])).ToList();
            var target = Assignors.Assign("uniform", members, topics);
            Assert.True(target.Values.Max(t => t.Count) - target.Values.Min(t => t.Count) <= 1);
            // Who was there only gives: nothing moves between two that stay.
            Assert.All(before, b => Assert.Subset(b.Value, target[b.Key]));
            before = target;
        }
    }

    [Fact]
    public void Uniform_is_as_even_as_subscriptions_allow()
    {
        for (var seed = 0; seed < Tier.Of(200, 2000); seed++)
        {
            var random = new Random(seed);
            var (members, topics) = (Members(random), Topics(random));
            var target = Assignors.Assign("uniform", members, topics);
            foreach (var giver in members)
            {
                var better = members.Where(m => target[giver.Id].Count - target[m.Id].Count >= 2 && target[giver.Id].Any(p => m.Topics.Contains(topics.Single(t => t.Id == p.Topic).Name)));
                Assert.True(!better.Any(), $"seed {seed}: {giver.Id} has too much");
            }
        }
    }

    [Theory]
    [InlineData("orders-.*", "orders-1", true)]
    [InlineData("orders", "orders-1", false)]
    [InlineData("a|b", "ab", false)]
    [InlineData(@"(?P<x>\pL+)\d", "abc1", true)]
    [InlineData("(", "", null)]
    [InlineData(@"(a)\1", "", null)]
    [InlineData("(?=a)a", "", null)]
    [InlineData("[[:alpha:]]", "", null)]
    public void Patterns_are_those_of_RE2_and_match_whole_names(string pattern, string topic, bool? matches) =>
        Assert.Equal(matches, TopicPattern.Parse(pattern)?.Matches(topic));

    private static List<AssignorMember> Members(Random random) =>
        [.. Enumerable.Range(0, random.Next(1, 8)).Select(m => new AssignorMember($"m{m}", null, [.. Enumerable.Range(0, 5).Where(_ => random.Next(2) == 0).Select(t => $"t{t}")], new HashSet<PartitionId>()))];

    private static List<SubscribedTopic> Topics(Random random) =>
        [.. Enumerable.Range(0, 5).Select(t => new SubscribedTopic($"t{t}", Guid.NewGuid(), random.Next(1, 9)))];
}
