using Streams.Streaming.Dsl;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>java/StatelessCases.java.</summary>
static class StatelessCases
{
    private static readonly Shape Two = new(["a", "b"], 8, 0);

    public static IEnumerable<Case> All() =>
    [
        Of("map", b => b.In("a").Map((k, v) => KeyValuePair.Create(Fn.Text(v), Fn.Text(k))).Out()),
        Of("mapValues", b => b.In("a").MapValues(v => Fn.Text(v) + "!").Out()),
        Of("mapValues-key", b => b.In("a").MapValues((k, v) => Fn.Text(k) + "=" + Fn.Text(v)).Out()),
        Of("flatMap", b => b.In("a").FlatMap((k, v) => Enumerable.Range(0, Fn.Number(v) % 4).Select(i => KeyValuePair.Create($"{Fn.Text(k)}{i}", v))).Out()),
        Of("flatMapValues", b => b.In("a").FlatMapValues(v => v is null ? Array.Empty<string>() : [v[..1], v[2..]]).Out()),
        Of("filter", b => b.In("a").Filter((k, v) => Fn.Odd(v)).Out()),
        Of("filterNot", b => b.In("a").FilterNot((k, v) => Fn.Odd(v)).Out()),
        Of("selectKey", b => b.In("a").SelectKey((k, v) => Fn.Letter(v)!).Out()),
        Of("split", b =>
        {
            var branches = b.In("a").Split("by-").Branch((k, v) => v is null, "none").Branch((k, v) => Fn.Odd(v), "odd").DefaultBranch("even");
            branches["by-none"].To("out-none");
            branches["by-odd"].To("out-odd");
            branches["by-even"].Out();
        }),
        Of("split-noDefault", b => b.In("a").Split("by-").Branch((k, v) => Fn.Odd(v), "odd").NoDefaultBranch()["by-odd"].Out()),
        new("merge", Two, Dsl.Build(b => b.In("a").Merge(b.In("b").MapValues(v => Fn.Text(v) + "!")).Out())),
        Of("merge-diamond", b =>
        {
            var stream = b.In("a");
            stream.Filter((k, v) => Fn.Odd(v)).Merge(stream.MapValues(v => Fn.Text(v) + "!")).Out();
        }),
        Of("peek", b => b.In("a").Peek((k, v) => { }).Out()),
        Of("repartition", b => b.In("a").SelectKey((k, v) => Fn.Letter(v)!).Repartition(Repartitioned<string, string>.As("by-letter").With(Dsl.S, Dsl.S).WithNumberOfPartitions(1)).Out()),
        Of("to-two", b =>
        {
            var stream = b.In("a");
            stream.Filter((k, v) => Fn.Odd(v)).Out();
            stream.To("copy");
        }),
        Of("to-dynamic", b => b.In("a").To((in Record<string, string> record) => Fn.Odd(record.Value) ? "out-odd" : "out")),
        Of("process", b => b.In("a").Process(() => new Twice()).To("out", Dsl.S, Dsl.S)),
        Of("punctuate", b => b.In("a").Process(() => new Ticks()).To("out", Dsl.S, Dsl.S)),
        Of("extractor", b => b.Stream("a", Dsl.S, Dsl.S, (record, partitionTime) => Fn.Odd(record.Value) ? partitionTime - 5 : record.Timestamp + 3).Out()),
        Of("toTable", b => b.In("a").ToTable(Dsl.Kept("store"), "tabled").Out()),
        Of("selectKey-toTable", b => b.In("a").SelectKey((k, v) => Fn.Letter(v)!).ToTable(Dsl.Kept("store"), "tabled").Out()),
        Of("named-some", b => b.In("a").Filter((k, v) => Fn.Odd(v), "odd").MapValues(v => v + "!").SelectKey((k, v) => k, "same").FilterNot((k, v) => k is null).Out()),
    ];

    private static Case Of(string name, Action<StreamBuilder> build) => new(name, Shape.Stream, Dsl.Build(build));
}
