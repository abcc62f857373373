using System.Globalization;
using Streams.Streaming.Dsl;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>java/AggregateCases.java.</summary>
static class AggregateCases
{
    public static IEnumerable<Case> All() =>
    [
        Of("count", b => b.ByKey().Count(Dsl.Counts()).Texts().Out()),
        Of("count-groupBy", b => b.ByLetter().Count(Dsl.Counts()).Texts().Out()),
        Of("reduce", b => b.ByKey().Reduce(Dsl.Append, Dsl.Kept("reduced")).Out()),
        Of("reduce-groupBy", b => b.ByLetter().Reduce(Dsl.Append, Dsl.Kept("reduced")).Out()),
        Of("aggregate", b => b.ByKey().Aggregate(() => "", Dsl.Append, Dsl.Kept("aggregated")).Out()),
        Of("aggregate-groupBy", b => b.ByLetter().Aggregate(() => "", (k, v, a) => Dsl.Append(a, k + v), Dsl.Kept("aggregated")).Out()),
        Of("aggregate-twice", b =>
        {
            var grouped = b.ByKey();
            grouped.Reduce(Dsl.Append, Dsl.Kept("reduced")).Out();
            grouped.Count(Dsl.Counts()).Texts().ToStream().To("counts", Dsl.S, Dsl.S);
        }),
        Of("count-map-count", b => b.ByLetter().Count(Dsl.Counts()).ToStream()
            .Map((k, v) => KeyValuePair.Create("n" + v.ToString(CultureInfo.InvariantCulture), k)).GroupByKey(Dsl.Grouped("second"))
            .Count(State.InMemory.As<string, long>("second-counts")).Texts().Out()),
        new("count-merged", new(["a", "b"], 8, 0), Dsl.Build(b => b.In("a").SelectKey((k, v) => Fn.Letter(v)!).Merge(b.In("b")).GroupByKey(Dsl.Grouped("merged")).Count(Dsl.Counts()).Texts().Out())),
        Of("table-count-groupBy", b => b.ByKey().Count(Dsl.Counts()).GroupBy((k, v) => KeyValuePair.Create("n" + v.ToString(CultureInfo.InvariantCulture), k), Dsl.S, Dsl.S, "by-count")
            .Aggregate(() => "", (k, v, a) => a + "+" + v, (k, v, a) => a + "-" + v, Dsl.Kept("aggregated")).Out()),
        Of("named", b => b.Stream("a", Dsl.S, Dsl.S, named: "records").Filter((k, v) => Fn.Odd(v), "odd").MapValues(v => v + "!", "loud").SelectKey((k, v) => v[..1], "keyed")
            .GroupByKey(Dsl.Grouped("grouped")).Count(Dsl.Counts(), "counting").MapValues(v => v.ToString(CultureInfo.InvariantCulture), "texts").ToStream("changes").To("out", Dsl.S, Dsl.S, named: "results")),
    ];

    private static Case Of(string name, Action<StreamBuilder> build) => new(name, Shape.Stream, Dsl.Build(build));
}
