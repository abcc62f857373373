using Streams.Streaming.Dsl;
using Streams.Streaming.Dsl.Internal;
using Streams.Streaming.Runtime;

namespace Streams.Streaming.Tests.Joins;

/// <summary>Internal topics are partitioned as what is read beside them.</summary>
public sealed class PartitionCountsTests
{
    [Fact]
    public void A_repartitioned_side_takes_the_other_sides_count()
    {
        var builder = new StreamBuilder();
        Assert.Equal(7, Counts(Moved(builder, "s", "by-value").Partitioned("found"), JoinRig.Table(builder, "t"), ("sby", 3), ("t", 7)).OfInternal("app-found-repartition"));
    }

    [Fact]
    public void Topics_that_are_joined_must_have_equally_many_partitions()
    {
        var builder = new StreamBuilder();
        JoinRig.Table(builder, "a").Join(JoinRig.Table(builder, "b"), JoinRig.Join);
        var e = Assert.Throws<StreamsException>(() => All(builder, ("a", 3), ("b", 4)));
        Assert.Equal("topics that are read together (joined, merged, or sharing a store) must have equally many partitions: a has 3, b has 4. Repartition one of them, or create them with the same count", e.Message);
    }

    [Fact]
    public void A_foreign_keys_topics_follow_the_tables_that_read_them()
    {
        var builder = new StreamBuilder();
        JoinRig.Out(builder, JoinRig.Table(builder, "a").Join(JoinRig.Table(builder, "b"), v => v, JoinRig.Join, new ForeignKeyJoinProps<string>("f", JoinRig.Text)));
        var counts = All(builder, ("a", 3), ("b", 5));
        Assert.Equal((5, 3), (counts.OfInternal("app-f-subscription-registration-topic"), counts.OfInternal("app-f-subscription-response-topic")));
    }

    [Fact]
    public void A_topic_read_alone_takes_the_most_that_its_writers_read()
    {
        var builder = new StreamBuilder();
        Moved(builder, "s", "by-value").Partitioned("alone").To("out");
        Assert.Equal(3, All(builder, ("s", 3)).OfInternal("app-alone-repartition"));
    }

    private static KStream<string, string> Moved(StreamBuilder builder, string topic, string name) =>
        ((KStream<string, string>)builder.Stream(topic + name, JoinRig.Text, JoinRig.Text)).Then(name, () => new PassOn<string, string>(), keyChanged: true);

    private static PartitionCounts Counts(KStream<string, string> stream, IKTable<string, string> table, params (string Topic, int Count)[] existing)
    {
        stream.Join(table, JoinRig.Join).To("out");
        return All(stream.Builder, existing);
    }

    private static PartitionCounts All(StreamBuilder builder, params (string Topic, int Count)[] existing)
    {
        var subs = builder.Topology.Build("app");
        var counts = new PartitionCounts(subs, builder.Topology.RepartitionTopics, "app", topic => existing.First(e => topic.StartsWith(e.Topic, StringComparison.Ordinal)).Count);
        foreach (var sub in subs) counts.Of(sub);
        return counts;
    }
}
