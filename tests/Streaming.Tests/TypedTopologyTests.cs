using System.Text;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.Tests;

/// <summary>Processors of typed records: serdes, repartitioning, punctuation, drops.</summary>
public sealed class TypedTopologyTests
{
    private static readonly StringSerDes Text = new();
    private static readonly Int64SerDes Number = new();

    [Fact]
    public void Records_go_through_an_internal_topic_to_the_partition_of_their_new_key()
    {
        var topology = new Topology()
            .AddSource("in", ["in"], Text, Text)
            .AddProcessor("rekey", () => new Rekey(), "in")
            .AddRepartitionTopic("by-value-repartition", null)
            .AddSink("to", new Runtime.TopicName("by-value-repartition", IsInternal: true), Text, Number, null, "rekey")
            .AddSource("from", new Runtime.TopicName("by-value-repartition", IsInternal: true), Text, Number)
            .AddSink<string, long>("out", "out", Text, Number, (in record, partitions) => (int)(record.Value % partitions), "from");
        using var driver = new TopologyTestDriver(topology, 4, "app");
        driver.CreateInputTopic("in", Text, Text).PipeInput("a", "foobar", 17);

        var moved = Assert.Single(driver.ReadOutput("app-by-value-repartition"));
        Assert.Equal((-790332482 & 0x7fffffff) % 4, moved.Partition);
        var written = Assert.Single(driver.ReadOutput("out"));
        Assert.Equal((6 % 4, 17L), (written.Partition, written.Timestamp));
        Assert.Contains("topics: [by-value-repartition]", topology.Describe(), StringComparison.Ordinal);
    }

    [Fact]
    public void Stream_time_punctuation_starts_with_the_first_record_and_makes_up_for_missed_intervals_at_once()
    {
        var calls = new List<long>();
        using var driver = new TopologyTestDriver(Punctuated(PunctuationType.StreamTime, calls), 1);
        var input = driver.CreateInputTopic("in", Text, Text);
        foreach (var time in new long[] { 5, 8, 9, 11, 45, 46, 50 }) input.PipeInput("k", "v", time);
        Assert.Equal([5, 11, 45, 50], calls);
    }

    [Fact]
    public void Wall_clock_punctuation_follows_the_clock_until_it_is_cancelled()
    {
        var calls = new List<long>();
        TaskScheduled? handle = null;
        using var driver = new TopologyTestDriver(Punctuated(PunctuationType.WallClockTime, calls, h => handle = h), 1, initialWallClock: DateTimeOffset.UnixEpoch);
        driver.CreateInputTopic("in", Text, Text).PipeInput("k", "v", 1_000_000);
        driver.AdvanceWallClockTime(TimeSpan.FromMilliseconds(9));
        Assert.Empty(calls);
        driver.AdvanceWallClockTime(TimeSpan.FromMilliseconds(1));
        driver.AdvanceWallClockTime(TimeSpan.FromMilliseconds(35));
        handle!.Cancel();
        driver.AdvanceWallClockTime(TimeSpan.FromMilliseconds(100));
        Assert.Equal([10, 45], calls);
    }

    [Fact]
    public void A_dropped_record_goes_whole_to_the_dead_letters_with_where_it_stood()
    {
        using var driver = new TopologyTestDriver(new Topology().AddSource("in", ["in"], Text, Text).AddProcessor("drop", () => new DropAll(), "in"), 1, "app");
        driver.CreateInputTopic("in", Text, Text).PipeInput("k", "v", 3);
        var letter = Assert.Single(driver.ReadOutput("app-dead-letters"));
        Assert.Equal(("k", "v", 3L), (Encoding.UTF8.GetString(letter.Key!), Encoding.UTF8.GetString(letter.Value!), letter.Timestamp));
        var headers = letter.Headers!.ToDictionary(h => h.Key, h => Encoding.UTF8.GetString(h.GetValueBytes()));
        Assert.Equal(("in", "0", "0", "LATE_RECORD"), (headers["__streams.errors.topic"], headers["__streams.errors.partition"], headers["__streams.errors.offset"], headers["streams.errors.code"]));
    }

    [Fact]
    public void Bytes_that_are_no_value_are_told_by_part_and_type()
    {
        using var driver = new TopologyTestDriver(new Topology().AddSource("in", ["in"], Text, Number).AddSink<string, long>("out", "out", Text, Number, null, "in"), 1);
        var e = Assert.Throws<DeserializationException>(() => driver.PipeInput("in", 0, [], [1, 2], 0));
        Assert.Equal("the value is no Int64: 2 bytes where 8 are needed", e.Message);
    }

    [Fact]
    public void Missing_keys_and_values_stay_missing_for_value_types_too()
    {
        using var driver = new TopologyTestDriver(new Topology().AddSource("in", ["in"], Number, Number).AddSink<long, long>("out", "out", Number, Number, null, "in"), 1);
        driver.PipeInput("in", 0, null, null, 7);
        var written = Assert.Single(driver.ReadOutput("out"));
        Assert.Null(written.Key);
        Assert.Null(written.Value);
    }

    [Fact]
    public void A_child_of_other_types_is_refused_by_name()
    {
        var topology = new Topology().AddSource("in", ["in"], Text, Text).AddSink<string, long>("out", "out", Text, Number, null, "in");
        using var driver = new TopologyTestDriver(topology, 1);
        var e = Assert.Throws<TopologyException>(() => driver.PipeInput("in", 0, [], [], 0));
        Assert.Equal("node \"in\" gives <String, String> to node \"out\", which takes something else", e.Message);
    }

    private static Topology Punctuated(PunctuationType type, List<long> calls, Action<TaskScheduled>? scheduled = null) =>
        new Topology().AddSource("in", ["in"], Text, Text).AddProcessor("p", () => new Punctual(type, calls, scheduled), "in");

    private sealed class Rekey : IProcessor<string, string, string, long>
    {
        private IProcessorContext<string, long> context = null!;

        public void Init(IProcessorContext<string, long> context) => this.context = context;

        public void Process(in Record<string, string> record) => context.Forward(record.WithKey(record.Value).WithValue((long)record.Value.Length));
    }

    private sealed class DropAll : IProcessor<string, string, string, string>
    {
        private IProcessingContext context = null!;

        public void Init(IProcessorContext<string, string> context) => this.context = context;

        public void Process(in Record<string, string> record) => context.Drop("LATE_RECORD", "too late");
    }

    private sealed class Punctual(PunctuationType type, List<long> calls, Action<TaskScheduled>? scheduled) : IProcessor<string, string, string, string>
    {
        public void Init(IProcessorContext<string, string> context)
        {
            var handle = context.Schedule(TimeSpan.FromMilliseconds(10), type, calls.Add);
            scheduled?.Invoke(handle);
        }

        public void Process(in Record<string, string> record)
        {
        }
    }
}
