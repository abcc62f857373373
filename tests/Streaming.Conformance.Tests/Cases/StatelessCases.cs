using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;

namespace Streams.Streaming.Conformance.Tests;

static class StatelessCases
{
    public static StringSerDes S { get; } = new();

    public static IEnumerable<Case> All()
    {
        yield return Of("filter", b => b.In("a").Filter((k, v) => Fn.Odd(v)).Out());
        yield return new("punctuate", Shape.Stream, () => new Topology().AddSource("KSTREAM-SOURCE-0000000000", ["a"], S, S).AddProcessor("KSTREAM-PROCESSOR-0000000001", () => new Ticks(), "KSTREAM-SOURCE-0000000000").AddSink("KSTREAM-SINK-0000000002", "out", S, S, null, "KSTREAM-PROCESSOR-0000000001"));
        yield return new("process", Shape.Stream, () => new Topology().AddSource("KSTREAM-SOURCE-0000000000", ["a"], S, S).AddProcessor("KSTREAM-PROCESSOR-0000000001", () => new Twice(), "KSTREAM-SOURCE-0000000000").AddSink("KSTREAM-SINK-0000000002", "out", S, S, null, "KSTREAM-PROCESSOR-0000000001"));
    }

    private static Case Of(string name, Action<StreamBuilder> build) => new(name, Shape.Stream, () => { var b = new StreamBuilder(); build(b); return b.Build(); });

    public static IKStream<string, string> In(this StreamBuilder b, string topic) => b.Stream(topic, S, S);
    public static void Out(this IKStream<string, string> s) => s.To("out");
}
