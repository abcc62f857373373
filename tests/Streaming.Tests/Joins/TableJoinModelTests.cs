using Streams.Streaming.Dsl;
using Streams.Streaming.State;

namespace Streams.Streaming.Tests.Joins;

/// <summary>Joins of tables: after every change the result, followed as a changelog, is the join of what the two tables hold.</summary>
public sealed class TableJoinModelTests
{
    [Theory]
    [InlineData("inner", false)]
    [InlineData("left", false)]
    [InlineData("outer", false)]
    [InlineData("inner", true)]
    [InlineData("left", true)]
    [InlineData("outer", true)]
    public void The_result_is_the_join_of_both_tables(string kind, bool materialized)
    {
        for (var seed = 1; seed <= JoinRig.Sequences / 6 + 1; seed++)
            Check(seed, Topology(kind, materialized), partitions: 1, (lefts, rights) => Joined(kind, lefts, rights));
    }

    [Theory]
    [InlineData("inner")]
    [InlineData("left")]
    public void The_result_is_the_join_over_the_foreign_key(string kind)
    {
        for (var seed = 1; seed <= JoinRig.Sequences / 2 + 1; seed++)
            Check(seed, ForeignTopology(kind == "left"), partitions: 4, (lefts, rights) => ForeignJoined(kind == "left", lefts, rights));
    }

    [Fact]
    public void A_chain_of_foreign_keys_holds()
    {
        for (var seed = 1; seed <= JoinRig.Sequences / 10 + 1; seed++)
            Check(seed, ChainTopology(), partitions: 3, Chained);
    }

    [Fact]
    public void A_model_of_another_join_is_caught() =>
        Assert.ThrowsAny<Exception>(() =>
        {
            for (var seed = 1; seed <= 20; seed++)
                Check(seed, Topology("left", materialized: false), partitions: 1, (lefts, rights) => Joined("inner", lefts, rights));
        });

    private static void Check(
        int seed, Topology topology, int partitions, Func<SortedDictionary<string, string>, SortedDictionary<string, string>, SortedDictionary<string, string>> expected)
    {
        var random = new Random(seed);
        using var driver = new TopologyTestDriver(topology, partitions);
        var (left, right) = (driver.CreateInputTopic("left", JoinRig.Text, JoinRig.Text), driver.CreateInputTopic("right", JoinRig.Text, JoinRig.Text));
        var output = driver.CreateOutputTopic("out", JoinRig.Text, JoinRig.Text);
        var (lefts, rights, result) = (New(), New(), New());
        for (var i = 0; i < 40; i++)
        {
            var (isLeft, key) = (random.Next(2) == 0, $"{(char)('a' + random.Next(3))}");
            var value = random.Next(4) == 0 ? null : $"{(char)('a' + random.Next(4))}{i}";
            (isLeft ? left : right).PipeInput(key, value!, 100 + i + random.Next(-5, 6));
            Put(isLeft ? lefts : rights, key, value);
            foreach (var change in output.ReadRecords()) Put(result, change.Key, change.HasValue ? change.Value : null);
            var wanted = expected(lefts, rights);
            Assert.True(wanted.SequenceEqual(result), $"seed {seed}, after {i}: {string.Join(", ", wanted)} was due, not {string.Join(", ", result)}");
            if (random.Next(4) == 0) driver.Commit();
            // What was read may be taken back and come again: a changelog does not mind.
            if (random.Next(8) == 0) driver.Restart();
        }
    }

    private static SortedDictionary<string, string> New() => new(StringComparer.Ordinal);

    private static void Put(SortedDictionary<string, string> table, string key, string? value)
    {
        if (value is null) table.Remove(key);
        else table[key] = value;
    }

    private static SortedDictionary<string, string> Joined(string kind, SortedDictionary<string, string> lefts, SortedDictionary<string, string> rights)
    {
        var result = New();
        foreach (var key in lefts.Keys.Union(rights.Keys))
        {
            var (left, right) = (lefts.GetValueOrDefault(key), rights.GetValueOrDefault(key));
            if ((left is not null && right is not null) || (left is not null && kind != "inner") || (right is not null && kind == "outer")) result[key] = JoinRig.Join(left, right);
        }
        return result;
    }

    /// <summary>A value's first letter is the foreign key; d points nowhere.</summary>
    private static string? ForeignKey(string value) => value[0] == 'd' ? null : value[..1];

    private static SortedDictionary<string, string> ForeignJoined(bool left, SortedDictionary<string, string> lefts, SortedDictionary<string, string> rights)
    {
        var result = New();
        foreach (var (key, value) in lefts)
        {
            var found = ForeignKey(value) is { } foreign ? rights.GetValueOrDefault(foreign) : null;
            if (found is not null || left) result[key] = JoinRig.Join(value, found);
        }
        return result;
    }

    private static SortedDictionary<string, string> Chained(SortedDictionary<string, string> lefts, SortedDictionary<string, string> rights)
    {
        // The first join's result starts with the left value, so it points to the same key again.
        var once = ForeignJoined(false, lefts, rights);
        var twice = New();
        foreach (var (key, value) in once) twice[key] = JoinRig.Join(value, rights[value[..1]]);
        return twice;
    }

    private static Topology Topology(string kind, bool materialized)
    {
        var builder = new StreamBuilder();
        var (left, right) = (JoinRig.Table(builder, "left"), JoinRig.Table(builder, "right"));
        var store = materialized ? InMemory.As<string, string>("joined-store").WithValueSerdes(JoinRig.Text) : null;
        var joined = kind switch
        {
            "inner" => left.Join(right, JoinRig.Join, store),
            "left" => left.LeftJoin(right, JoinRig.Join, store),
            _ => left.OuterJoin(right, JoinRig.Join, store),
        };
        JoinRig.Out(builder, joined);
        return builder.Build();
    }

    private static Topology ForeignTopology(bool outer)
    {
        var builder = new StreamBuilder();
        var (left, right) = (JoinRig.Table(builder, "left"), JoinRig.Table(builder, "right"));
        var props = new ForeignKeyJoinProps<string>("foreign", JoinRig.Text);
        JoinRig.Out(builder, outer ? left.LeftJoin(right, ForeignKey, JoinRig.Join, props) : left.Join(right, ForeignKey, JoinRig.Join, props));
        return builder.Build();
    }

    private static Topology ChainTopology()
    {
        var builder = new StreamBuilder();
        var (left, right) = (JoinRig.Table(builder, "left"), JoinRig.Table(builder, "right"));
        var once = left.Join(right, ForeignKey, JoinRig.Join, new ForeignKeyJoinProps<string>("first", JoinRig.Text));
        JoinRig.Out(builder, once.Join(right, ForeignKey, JoinRig.Join, new ForeignKeyJoinProps<string>("second", JoinRig.Text)));
        return builder.Build();
    }
}
