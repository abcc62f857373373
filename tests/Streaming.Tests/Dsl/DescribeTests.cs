using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Tests.Dsl;

/// <summary>Descriptions of topologies are those that Kafka Streams 4.3.0 gives of the same ones: the texts are its own.</summary>
public sealed class DescribeTests
{
    private static readonly Dictionary<string, string> OfKafkaStreams = new(StringComparer.Ordinal)
    {
        ["stateless"] =
            """
            Topologies:
               Sub-topology: 0
                Source: KSTREAM-SOURCE-0000000000 (topics: [in])
                  --> KSTREAM-FILTER-0000000001
                Processor: KSTREAM-FILTER-0000000001 (stores: [])
                  --> KSTREAM-MAPVALUES-0000000002
                  <-- KSTREAM-SOURCE-0000000000
                Processor: KSTREAM-MAPVALUES-0000000002 (stores: [])
                  --> KSTREAM-KEY-SELECT-0000000003
                  <-- KSTREAM-FILTER-0000000001
                Processor: KSTREAM-KEY-SELECT-0000000003 (stores: [])
                  --> KSTREAM-PEEK-0000000004
                  <-- KSTREAM-MAPVALUES-0000000002
                Processor: KSTREAM-PEEK-0000000004 (stores: [])
                  --> KSTREAM-FLATMAPVALUES-0000000005
                  <-- KSTREAM-KEY-SELECT-0000000003
                Processor: KSTREAM-FLATMAPVALUES-0000000005 (stores: [])
                  --> KSTREAM-FLATMAP-0000000006
                  <-- KSTREAM-PEEK-0000000004
                Processor: KSTREAM-FLATMAP-0000000006 (stores: [])
                  --> KSTREAM-MAP-0000000007
                  <-- KSTREAM-FLATMAPVALUES-0000000005
                Processor: KSTREAM-MAP-0000000007 (stores: [])
                  --> KSTREAM-SINK-0000000008
                  <-- KSTREAM-FLATMAP-0000000006
                Sink: KSTREAM-SINK-0000000008 (topic: out)
                  <-- KSTREAM-MAP-0000000007
            """,
        ["named"] =
            """
            Topologies:
               Sub-topology: 0
                Source: src (topics: [in])
                  --> f
                Processor: f (stores: [])
                  --> KSTREAM-MAPVALUES-0000000002
                  <-- src
                Processor: KSTREAM-MAPVALUES-0000000002 (stores: [])
                  --> snk
                  <-- f
                Sink: snk (topic: out)
                  <-- KSTREAM-MAPVALUES-0000000002
            """,
        ["merge"] =
            """
            Topologies:
               Sub-topology: 0
                Source: KSTREAM-SOURCE-0000000000 (topics: [in])
                  --> KSTREAM-MERGE-0000000002, KSTREAM-PRINTER-0000000004
                Source: KSTREAM-SOURCE-0000000001 (topics: [in2])
                  --> KSTREAM-MERGE-0000000002
                Processor: KSTREAM-MERGE-0000000002 (stores: [])
                  --> KSTREAM-FOREACH-0000000003
                  <-- KSTREAM-SOURCE-0000000000, KSTREAM-SOURCE-0000000001
                Processor: KSTREAM-FOREACH-0000000003 (stores: [])
                  --> none
                  <-- KSTREAM-MERGE-0000000002
                Processor: KSTREAM-PRINTER-0000000004 (stores: [])
                  --> none
                  <-- KSTREAM-SOURCE-0000000000
            """,
        ["repartition"] =
            """
            Topologies:
               Sub-topology: 0
                Source: KSTREAM-SOURCE-0000000000 (topics: [in])
                  --> KSTREAM-KEY-SELECT-0000000001
                Processor: KSTREAM-KEY-SELECT-0000000001 (stores: [])
                  --> by-value-repartition-filter
                  <-- KSTREAM-SOURCE-0000000000
                Processor: by-value-repartition-filter (stores: [])
                  --> by-value-repartition-sink
                  <-- KSTREAM-KEY-SELECT-0000000001
                Sink: by-value-repartition-sink (topic: by-value-repartition)
                  <-- by-value-repartition-filter

              Sub-topology: 1
                Source: by-value-repartition-source (topics: [by-value-repartition])
                  --> KSTREAM-SINK-0000000005
                Sink: KSTREAM-SINK-0000000005 (topic: out)
                  <-- by-value-repartition-source
            """,
        ["process"] =
            """
            Topologies:
               Sub-topology: 0
                Source: KSTREAM-SOURCE-0000000000 (topics: [in])
                  --> KSTREAM-PROCESSOR-0000000001
                Processor: KSTREAM-PROCESSOR-0000000001 (stores: [st])
                  --> KSTREAM-PROCESSVALUES-0000000002
                  <-- KSTREAM-SOURCE-0000000000
                Processor: KSTREAM-PROCESSVALUES-0000000002 (stores: [st])
                  --> KSTREAM-SINK-0000000003
                  <-- KSTREAM-PROCESSOR-0000000001
                Sink: KSTREAM-SINK-0000000003 (topic: out)
                  <-- KSTREAM-PROCESSVALUES-0000000002
            """,
        ["table"] =
            """
            Topologies:
               Sub-topology: 0
                Source: KSTREAM-SOURCE-0000000001 (topics: [in])
                  --> KTABLE-SOURCE-0000000002
                Processor: KTABLE-SOURCE-0000000002 (stores: [])
                  --> KTABLE-TOSTREAM-0000000003
                  <-- KSTREAM-SOURCE-0000000001
                Processor: KTABLE-TOSTREAM-0000000003 (stores: [])
                  --> KSTREAM-SINK-0000000004
                  <-- KTABLE-SOURCE-0000000002
                Sink: KSTREAM-SINK-0000000004 (topic: out)
                  <-- KTABLE-TOSTREAM-0000000003
            """,
        ["table-mat"] =
            """
            Topologies:
               Sub-topology: 0
                Source: KSTREAM-SOURCE-0000000000 (topics: [in])
                  --> KTABLE-SOURCE-0000000001
                Processor: KTABLE-SOURCE-0000000001 (stores: [st])
                  --> KTABLE-TOSTREAM-0000000002
                  <-- KSTREAM-SOURCE-0000000000
                Processor: KTABLE-TOSTREAM-0000000002 (stores: [])
                  --> KSTREAM-SINK-0000000003
                  <-- KTABLE-SOURCE-0000000001
                Sink: KSTREAM-SINK-0000000003 (topic: out)
                  <-- KTABLE-TOSTREAM-0000000002
            """,
        ["table-named"] =
            """
            Topologies:
               Sub-topology: 0
                Source: src-source (topics: [in])
                  --> src
                Processor: src (stores: [st])
                  --> KTABLE-FILTER-0000000002
                  <-- src-source
                Processor: KTABLE-FILTER-0000000002 (stores: [])
                  --> KTABLE-MAPVALUES-0000000003
                  <-- src
                Processor: KTABLE-MAPVALUES-0000000003 (stores: [mv])
                  --> KTABLE-TOSTREAM-0000000004
                  <-- KTABLE-FILTER-0000000002
                Processor: KTABLE-TOSTREAM-0000000004 (stores: [])
                  --> KSTREAM-SINK-0000000005
                  <-- KTABLE-MAPVALUES-0000000003
                Sink: KSTREAM-SINK-0000000005 (topic: out)
                  <-- KTABLE-TOSTREAM-0000000004
            """,
        ["table-tostreamkey"] =
            """
            Topologies:
               Sub-topology: 0
                Source: KSTREAM-SOURCE-0000000000 (topics: [in])
                  --> KTABLE-SOURCE-0000000001
                Processor: KTABLE-SOURCE-0000000001 (stores: [st])
                  --> fn
                  <-- KSTREAM-SOURCE-0000000000
                Processor: fn (stores: [fm])
                  --> KTABLE-TOSTREAM-0000000003
                  <-- KTABLE-SOURCE-0000000001
                Processor: KTABLE-TOSTREAM-0000000003 (stores: [])
                  --> KSTREAM-KEY-SELECT-0000000004
                  <-- fn
                Processor: KSTREAM-KEY-SELECT-0000000004 (stores: [])
                  --> KSTREAM-SINK-0000000005
                  <-- KTABLE-TOSTREAM-0000000003
                Sink: KSTREAM-SINK-0000000005 (topic: out)
                  <-- KSTREAM-KEY-SELECT-0000000004
            """,
        ["group-count"] =
            """
            Topologies:
               Sub-topology: 0
                Source: KSTREAM-SOURCE-0000000000 (topics: [in])
                  --> KTABLE-SOURCE-0000000001
                Processor: KTABLE-SOURCE-0000000001 (stores: [st])
                  --> by-v
                  <-- KSTREAM-SOURCE-0000000000
                Processor: by-v (stores: [])
                  --> KSTREAM-SINK-0000000003
                  <-- KTABLE-SOURCE-0000000001
                Sink: KSTREAM-SINK-0000000003 (topic: by-v-repartition)
                  <-- by-v

              Sub-topology: 1
                Source: KSTREAM-SOURCE-0000000004 (topics: [by-v-repartition])
                  --> KTABLE-AGGREGATE-0000000005
                Processor: KTABLE-AGGREGATE-0000000005 (stores: [cnt])
                  --> KTABLE-TOSTREAM-0000000006
                  <-- KSTREAM-SOURCE-0000000004
                Processor: KTABLE-TOSTREAM-0000000006 (stores: [])
                  --> KSTREAM-SINK-0000000007
                  <-- KTABLE-AGGREGATE-0000000005
                Sink: KSTREAM-SINK-0000000007 (topic: out)
                  <-- KTABLE-TOSTREAM-0000000006
            """,
        ["group-agg-named"] =
            """
            Topologies:
               Sub-topology: 0
                Source: KSTREAM-SOURCE-0000000000 (topics: [in])
                  --> KTABLE-SOURCE-0000000001
                Processor: KTABLE-SOURCE-0000000001 (stores: [st])
                  --> by-v
                  <-- KSTREAM-SOURCE-0000000000
                Processor: by-v (stores: [])
                  --> agg-sink
                  <-- KTABLE-SOURCE-0000000001
                Sink: agg-sink (topic: by-v-repartition)
                  <-- by-v

              Sub-topology: 1
                Source: agg-source (topics: [by-v-repartition])
                  --> agg
                Processor: agg (stores: [cnt])
                  --> KTABLE-TOSTREAM-0000000006
                  <-- agg-source
                Processor: KTABLE-TOSTREAM-0000000006 (stores: [])
                  --> KSTREAM-SINK-0000000007
                  <-- agg
                Sink: KSTREAM-SINK-0000000007 (topic: out)
                  <-- KTABLE-TOSTREAM-0000000006
            """,
        ["group-reduce"] =
            """
            Topologies:
               Sub-topology: 0
                Source: KSTREAM-SOURCE-0000000000 (topics: [in])
                  --> KTABLE-SOURCE-0000000001
                Processor: KTABLE-SOURCE-0000000001 (stores: [st])
                  --> by-v
                  <-- KSTREAM-SOURCE-0000000000
                Processor: by-v (stores: [])
                  --> KSTREAM-SINK-0000000003
                  <-- KTABLE-SOURCE-0000000001
                Sink: KSTREAM-SINK-0000000003 (topic: by-v-repartition)
                  <-- by-v

              Sub-topology: 1
                Source: KSTREAM-SOURCE-0000000004 (topics: [by-v-repartition])
                  --> KTABLE-REDUCE-0000000005
                Processor: KTABLE-REDUCE-0000000005 (stores: [red])
                  --> KTABLE-TOSTREAM-0000000006
                  <-- KSTREAM-SOURCE-0000000004
                Processor: KTABLE-TOSTREAM-0000000006 (stores: [])
                  --> KSTREAM-SINK-0000000007
                  <-- KTABLE-REDUCE-0000000005
                Sink: KSTREAM-SINK-0000000007 (topic: out)
                  <-- KTABLE-TOSTREAM-0000000006
            """,
        ["totable"] =
            """
            Topologies:
               Sub-topology: 0
                Source: KSTREAM-SOURCE-0000000000 (topics: [in])
                  --> KSTREAM-TOTABLE-0000000001
                Processor: KSTREAM-TOTABLE-0000000001 (stores: [st])
                  --> KTABLE-TOSTREAM-0000000002
                  <-- KSTREAM-SOURCE-0000000000
                Processor: KTABLE-TOSTREAM-0000000002 (stores: [])
                  --> KSTREAM-SINK-0000000003
                  <-- KSTREAM-TOTABLE-0000000001
                Sink: KSTREAM-SINK-0000000003 (topic: out)
                  <-- KTABLE-TOSTREAM-0000000002
            """,
        ["totable-rekey"] =
            """
            Topologies:
               Sub-topology: 0
                Source: KSTREAM-SOURCE-0000000000 (topics: [in])
                  --> KSTREAM-KEY-SELECT-0000000001
                Processor: KSTREAM-KEY-SELECT-0000000001 (stores: [])
                  --> tt-repartition-filter
                  <-- KSTREAM-SOURCE-0000000000
                Processor: tt-repartition-filter (stores: [])
                  --> tt-repartition-sink
                  <-- KSTREAM-KEY-SELECT-0000000001
                Sink: tt-repartition-sink (topic: tt-repartition)
                  <-- tt-repartition-filter

              Sub-topology: 1
                Source: tt-repartition-source (topics: [tt-repartition])
                  --> tt
                Processor: tt (stores: [st])
                  --> KTABLE-TOSTREAM-0000000006
                  <-- tt-repartition-source
                Processor: KTABLE-TOSTREAM-0000000006 (stores: [])
                  --> KSTREAM-SINK-0000000007
                  <-- tt
                Sink: KSTREAM-SINK-0000000007 (topic: out)
                  <-- KTABLE-TOSTREAM-0000000006
            """,
        ["totable-unnamed"] =
            """
            Topologies:
               Sub-topology: 0
                Source: KSTREAM-SOURCE-0000000000 (topics: [in])
                  --> KSTREAM-TOTABLE-0000000001
                Processor: KSTREAM-TOTABLE-0000000001 (stores: [])
                  --> KTABLE-TOSTREAM-0000000003
                  <-- KSTREAM-SOURCE-0000000000
                Processor: KTABLE-TOSTREAM-0000000003 (stores: [])
                  --> KSTREAM-SINK-0000000004
                  <-- KSTREAM-TOTABLE-0000000001
                Sink: KSTREAM-SINK-0000000004 (topic: out)
                  <-- KTABLE-TOSTREAM-0000000003
            """,
    };

    private static readonly Dictionary<string, Action<StreamBuilder>> Described = new(StringComparer.Ordinal)
    {
        ["stateless"] = b => In(b).Filter((_, _) => true).MapValues(v => v).SelectKey((_, v) => v).Peek((_, _) => { }).FlatMapValues(v => new[] { v })
            .FlatMap((k, v) => new[] { KeyValuePair.Create(k, v) }).Map((k, v) => KeyValuePair.Create(k, v)).To("out"),
        ["named"] = b => b.Stream<string, string>("in", named: "src").Filter((_, _) => true, "f").MapValues(v => v).To("out", named: "snk"),
        ["merge"] = b =>
        {
            var stream = In(b);
            stream.Merge(b.Stream<string, string>("in2")).Foreach((_, _) => { });
            stream.Print(Printed<string, string>.ToWriter(TextWriter.Null));
        },
        ["repartition"] = b => In(b).SelectKey((_, v) => v).Repartition(Repartitioned<string, string>.As("by-value")).To("out"),
        ["process"] = b => b.AddStateStore(Stores.KeyValueStoreBuilder(Stores.InMemoryKeyValueStore("st"), new StringSerDes(), new StringSerDes()))
            .Stream<string, string>("in").Process(Nothing, null, "st").ProcessValues(Nothing, null, "st").To("out"),
        ["table"] = b => b.Table<string, string>("in").ToStream().To("out"),
        ["table-mat"] = b => Table(b).ToStream().To("out"),
        ["table-named"] = b => b.Table("in", Kept("st"), named: "src").Filter((_, _) => true).MapValues(v => v, Kept("mv")).ToStream().To("out"),
        ["table-tostreamkey"] = b => Table(b).FilterNot((_, _) => true, Kept("fm"), "fn").ToStream((_, v) => v).To("out"),
        ["group-count"] = b => ByValue(b).Count(InMemory.As<string, long>("cnt")).ToStream().To("out"),
        ["group-agg-named"] = b => ByValue(b).Aggregate(() => "", (_, _, a) => a, (_, _, a) => a, Kept("cnt"), "agg").ToStream().To("out"),
        ["group-reduce"] = b => ByValue(b).Reduce((a, _) => a, (a, _) => a, Kept("red")).ToStream().To("out"),
        ["totable"] = b => In(b).ToTable(Kept("st")).ToStream().To("out"),
        ["totable-rekey"] = b => In(b).SelectKey((_, v) => v).ToTable(Kept("st"), "tt").ToStream().To("out"),
        ["totable-unnamed"] = b => In(b).ToTable().ToStream().To("out"),
    };

    public static TheoryData<string> Names => [.. OfKafkaStreams.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_topology_is_described_as_Kafka_Streams_does(string name)
    {
        var builder = new StreamBuilder();
        Described[name](builder);
        Assert.Equal(OfKafkaStreams[name], builder.Build().Describe().TrimEnd());
    }

    [Fact]
    public void A_global_table_has_Kafka_Streams_names()
    {
        var b = new StreamBuilder();
        b.Stream<string, string>("in").To("out");
        b.GlobalTable<string, string>("g");
        Assert.EndsWith(
            """
              Sub-topology: 1 for global store (will not generate tasks)
                Source: KSTREAM-SOURCE-0000000003 (topics: [g])
                  --> KTABLE-SOURCE-0000000004
                Processor: KTABLE-SOURCE-0000000004 (stores: [g-STATE-STORE-0000000002])
                  --> none
                  <-- KSTREAM-SOURCE-0000000003


            """,
            b.Build().Describe(),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Branches_have_Kafka_Streams_names()
    {
        var b = new StreamBuilder();
        var branches = b.Stream<string, string>("in").Split().Branch((_, _) => true).DefaultBranch("rest");
        Assert.Equal(["KSTREAM-BRANCH-00000000011", "KSTREAM-BRANCH-0000000001rest"], branches.Keys.Order(StringComparer.Ordinal));
        foreach (var stream in branches.Values)
            stream.Foreach((_, _) => { });
        Assert.Contains("Processor: KSTREAM-FOREACH-0000000005", b.Build().Describe(), StringComparison.Ordinal);
    }

    private static IKStream<string, string> In(StreamBuilder b) => b.Stream<string, string>("in");

    private static IKTable<string, string> Table(StreamBuilder b) => b.Table("in", Kept("st"));

    private static IKGroupedTable<string, string> ByValue(StreamBuilder b) => Table(b).GroupBy((_, v) => KeyValuePair.Create(v, v), named: "by-v");

    private static Materialized<string, string, IKeyValueStore<string, string>> Kept(string name) => InMemory.As<string, string>(name);

    private static IProcessor<string, string, string, string> Nothing() => throw new NotSupportedException();
}
