using System.Text;
using Streams.Streaming.Dsl;
using Streams.Streaming.Dsl.Internal;

namespace Streams.Streaming.Tests.Joins;

/// <summary>A stream's records meet the table as it is when they come.</summary>
public sealed class StreamTableJoinTests
{
    [Fact]
    public void Each_record_meets_the_table_as_it_is() => Assert.Equal(
        ["k x+1 @5", "k z+2 @3"],
        Run(left: false, ("s", "k", "w", 1), ("t", "k", "1", 100), ("s", "k", "x", 5), ("t", "k", null, 101), ("s", "k", "y", 6), ("t", "k", "2", 102), ("s", "k", "z", 3)));

    [Fact]
    public void A_left_join_lets_all_pass() => Assert.Equal(
        ["k w+- @1", "k x+1 @5", " y+- @6"],
        Run(left: true, ("s", "k", "w", 1), ("t", "k", "1", 100), ("s", "k", "x", 5), ("s", null, "y", 6)));

    [Theory]
    [InlineData(false, null, "v", "NULL_KEY")]
    [InlineData(false, "k", null, "NULL_VALUE")]
    [InlineData(true, "k", null, "NULL_VALUE")]
    public void What_cannot_be_joined_has_its_exit(bool left, string? key, string? value, string code)
    {
        using var driver = new TopologyTestDriver(Topology(left), 1, "app");
        driver.CreateInputTopic("s", JoinRig.Text, JoinRig.Text).PipeInput(key!, value!, 1);
        Assert.Empty(driver.ReadOutput("out"));
        var letter = Assert.Single(driver.ReadOutput("app-dead-letters"));
        Assert.Equal(code, Encoding.UTF8.GetString(letter.Headers!.GetLastBytes("streams.errors.code")));
    }

    [Fact]
    public void A_stream_whose_key_changed_is_repartitioned_by_the_name_of_the_join()
    {
        var builder = new StreamBuilder();
        var stream = (KStream<string, string>)builder.Stream("s", JoinRig.Text, JoinRig.Text);
        var moved = stream.Then("moved", () => new ByValue(), keyChanged: true);
        var table = JoinRig.Table(builder, "t");
        Assert.Contains("name the operator", Assert.Throws<TopologyException>(() => moved.Join(table, JoinRig.Join)).Message, StringComparison.Ordinal);
        moved.Join(table, JoinRig.Join, new StreamTableJoinProps<string, string>("found")).To("out");
        using var driver = new TopologyTestDriver(builder.Build(), 4, "app");
        driver.CreateInputTopic("t", JoinRig.Text, JoinRig.Text).PipeInput("v", "1", 1);
        driver.CreateInputTopic("s", JoinRig.Text, JoinRig.Text).PipeInput("k", "v", 2);
        Assert.Equal("v+1", Assert.Single(driver.CreateOutputTopic("out", JoinRig.Text, JoinRig.Text).ReadRecords()).Value);
        Assert.Single(driver.ReadOutput("app-found-repartition"));
    }

    private static string[] Run(bool left, params (string Topic, string? Key, string? Value, long Time)[] inputs)
    {
        using var driver = new TopologyTestDriver(Topology(left), 1);
        foreach (var (topic, key, value, time) in inputs) driver.CreateInputTopic(topic, JoinRig.Text, JoinRig.Text).PipeInput(key!, value!, time);
        return [.. driver.CreateOutputTopic("out", JoinRig.Text, JoinRig.Text).ReadRecords().Select(r => $"{r.Key} {r.Value} @{r.Timestamp}")];
    }

    private static Topology Topology(bool left)
    {
        var builder = new StreamBuilder();
        var stream = builder.Stream("s", JoinRig.Text, JoinRig.Text);
        var table = JoinRig.Table(builder, "t");
        (left ? stream.LeftJoin(table, JoinRig.Join) : stream.Join(table, JoinRig.Join)).To("out");
        return builder.Build();
    }

    private sealed class ByValue : IProcessor<string, string, string, string>
    {
        private IProcessorContext<string, string> context = null!;

        public void Init(IProcessorContext<string, string> context) => this.context = context;

        public void Process(in Record<string, string> record) => context.Forward(record.WithKey(record.Value));
    }
}
