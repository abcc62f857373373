using Streams.Streaming.Dsl;
using Streams.Streaming.State;

namespace Streams.Streaming.Tests.Dsl;

/// <summary>Records are repartitioned exactly where their key changed and equal keys must meet.</summary>
public sealed class RepartitionTests
{
    [Fact]
    public void Repartition_sends_records_to_the_partition_of_their_key_and_null_keys_to_their_exit()
    {
        using var d = new DslDriver(
            b => b.Stream<string, string>("in").SelectKey((_, v) => v == "none" ? null! : v).Repartition(Repartitioned<string, string>.As("by-value")).To("out"), partitions: 4);
        d.In("a", "foobar", 1).In("a", "none", 2);
        Assert.Equal("foobar=foobar@1", d.Out());
        Assert.Equal("NULL_KEY", d.Dropped());
        Assert.Equal((-790332482 & 0x7fffffff) % 4, Assert.Single(d.Driver.ReadOutput("app-by-value-repartition")).Partition);
    }

    [Theory]
    [InlineData("keeps", false)]
    [InlineData("selectKey", true)]
    [InlineData("map", true)]
    [InlineData("flatMap", true)]
    [InlineData("process", true)]
    [InlineData("transform", true)]
    [InlineData("after merge", true)]
    [InlineData("after branch", true)]
    [InlineData("repartitioned already", false)]
    public void A_table_of_a_stream_repartitions_exactly_when_the_key_changed(string how, bool expected)
    {
        var b = new StreamBuilder();
        var s = b.Stream<string, string>("in");
        var changed = how switch
        {
            "keeps" => s.Filter((_, _) => true).MapValues(v => v).FlatMapValues(v => new[] { v }).Peek((_, _) => { }).ProcessValues(() => new Same()).TransformValues(() => new SameTransformer()).WithRecordTimestamp((_, _) => 1),
            "selectKey" => s.SelectKey((_, v) => v),
            "map" => s.Map((k, v) => KeyValuePair.Create(v, k)),
            "flatMap" => s.FlatMap((k, v) => new[] { KeyValuePair.Create(v, k) }),
            "process" => s.Process(() => new Same()),
            "transform" => s.Transform(() => new SameTransformer()),
            "after merge" => b.Stream<string, string>("in2").Merge(s.SelectKey((_, v) => v)),
            "after branch" => s.SelectKey((_, v) => v).Branch((_, _) => true)[0],
            _ => s.SelectKey((_, v) => v).Repartition(Repartitioned<string, string>.As("before")),
        };
        changed.ToTable(InMemory.As<string, string>("store"), "table").ToStream().To("out");
        Assert.Equal(expected, b.Build().Describe().Contains("table-repartition", StringComparison.Ordinal));
    }

    [Fact]
    public void What_gets_an_internal_topic_must_be_named_and_the_error_says_how()
    {
        var b = new StreamBuilder();
        var rekeyed = b.Stream<string, string>("in").SelectKey((_, v) => v);
        var e = Assert.Throws<TopologyException>(() => rekeyed.ToTable(InMemory.As<string, string>("store")));
        Assert.Contains("\"KSTREAM-KEY-SELECT-0000000001\" the records must be repartitioned by their new key: name the operator", e.Message, StringComparison.Ordinal);
        var unnamed = b.Table<string, string>("table");
        e = Assert.Throws<TopologyException>(() => unnamed.GroupBy((k, v) => KeyValuePair.Create(v, k)));
        Assert.Contains("must be kept for what follows it: name its store", e.Message, StringComparison.Ordinal);
        e = Assert.Throws<TopologyException>(() => b.Table("t2", InMemory.As<string, string>("s2")).GroupBy((k, v) => KeyValuePair.Create(v, k)).Count(InMemory.As<string, long>()));
        Assert.Contains("name its store", e.Message, StringComparison.Ordinal);
    }

    private sealed class Same : IProcessor<string, string, string, string>
    {
        private IProcessorContext<string, string> context = null!;

        public void Init(IProcessorContext<string, string> context) => this.context = context;

        public void Process(in Record<string, string> record) => context.Forward(in record);
    }

    private sealed class SameTransformer : ITransformer<string, string, string, string>
    {
        public void Init(IProcessorContext<string, string> context)
        {
        }

        public Record<string, string>? Process(in Record<string, string> record) => record;
    }
}
