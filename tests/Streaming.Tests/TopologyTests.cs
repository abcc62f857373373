namespace Streams.Streaming.Tests;

public sealed class TopologyTests
{
    private static readonly Func<IProcessor> AnyProcessor = () => new CountingProcessor();

    [Fact]
    public void Describe_WritesKafkaStreamsForm()
    {
        var topology = CountingProcessor.Topology("in", "out")
            .AddSource("other", "in2")
            .AddProcessor("idle", AnyProcessor, "other")
            .AddGlobalStore("contracts", "contracts", (_, _, _) => { });

        Assert.Equal(
            """
            Topologies:
               Sub-topology: 0
                Source: source (topics: [in])
                  --> count
                Processor: count (stores: [counts])
                  --> sink
                  <-- source
                Sink: sink (topic: out)
                  <-- count

              Sub-topology: 1
                Source: other (topics: [in2])
                  --> idle
                Processor: idle (stores: [])
                  --> none
                  <-- other

              Sub-topology: 2 for global store (will not generate tasks)
                Source: contracts-source (topics: [contracts])
                  --> contracts
                Processor: contracts (stores: [contracts])
                  --> none
                  <-- contracts-source


            """,
            topology.Describe());
    }

    [Fact]
    public void ProcessorsThatShareAStore_AreOneSubTopology()
    {
        var topology = new Topology()
            .AddSource("a", "a")
            .AddSource("b", "b")
            .AddProcessor("pa", AnyProcessor, "a")
            .AddProcessor("pb", AnyProcessor, "b")
            .AddStateStore(() => new CountStore(), "counts", "pa", "pb");

        Assert.DoesNotContain("Sub-topology: 1", topology.Describe(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("node \"p\": there is no parent \"missing\"", "unknown parent")]
    [InlineData("there is already a node \"s\"", "name twice")]
    [InlineData("source \"s2\": topic \"t\" is already read by source \"s\"", "topic twice")]
    [InlineData("node \"p\" has no parent", "no parent")]
    [InlineData("node \"p\": the parent \"k\" is a sink", "sink as parent")]
    [InlineData("store \"counts\": there is no processor \"s\"", "store at source")]
    [InlineData("store \"counts\" is connected with no processor", "store unconnected")]
    [InlineData("source \"s\" has no child", "childless source")]
    [InlineData("the topology has no source", "no source")]
    [InlineData("node \"k\": \"a/b\" is no topic name, it holds '/'", "bad topic")]
    [InlineData("global store \"g\": topic \"t\" is already read by a source", "global topic read")]
    public void AMistake_IsNamed(string message, string mistake)
    {
        Func<Topology> source = () => new Topology().AddSource("s", "t");
        var thrown = Assert.Throws<TopologyException>(() => mistake switch
        {
            "unknown parent" => source().AddProcessor("p", AnyProcessor, "missing").Describe(),
            "name twice" => source().AddSink("s", "u", "s").Describe(),
            "topic twice" => source().AddSource("s2", "t").Describe(),
            "no parent" => source().AddProcessor("p", AnyProcessor).Describe(),
            "sink as parent" => source().AddSink("k", "u", "s").AddProcessor("p", AnyProcessor, "k").Describe(),
            "store at source" => source().AddStateStore(() => new CountStore(), "counts", "s").Describe(),
            "store unconnected" => source().AddStateStore(() => new CountStore(), "counts").Describe(),
            "bad topic" => source().AddSink("k", "a/b", "s").Describe(),
            "global topic read" => source().AddGlobalStore("g", "t", (_, _, _) => { }).Describe(),
            "childless source" => source().Describe(),
            _ => new Topology().Describe(),
        });
        Assert.Equal(message, thrown.Message);
    }
}
