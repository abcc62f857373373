using System.Globalization;
using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>The operators that the cases share, as java/Fn.java has them.</summary>
static class Dsl
{
    public static StringSerDes S { get; } = new();

    public static Int64SerDes L { get; } = new();

    public static Func<Topology> Build(Action<StreamBuilder> build) => () =>
    {
        var builder = new StreamBuilder();
        build(builder);
        return builder.Build();
    };

    public static IKStream<string, string> In(this StreamBuilder builder, string topic) => builder.Stream(topic, S, S);

    /// <summary>A table that is kept in the store "a-table".</summary>
    public static IKTable<string, string> Kept(this StreamBuilder builder, string topic) => builder.Table(topic, S, S, Kept(topic + "-table"));

    /// <summary>A store of texts of that name.</summary>
    public static Materialized<string, string, IKeyValueStore<string, string>> Kept(string name) =>
        InMemory.As<string, string>(name).WithKeySerdes(S).WithValueSerdes(S);

    /// <summary>The store "counts".</summary>
    public static Materialized<string, long, IKeyValueStore<string, long>> Counts() => InMemory.As<string, long>("counts").WithKeySerdes(S).WithValueSerdes(L);

    public static IKGroupedStream<string, string> ByKey(this StreamBuilder builder) => builder.In("a").GroupByKey(Grouped<string, string>.With(S, S));

    public static IKGroupedStream<string, string> ByLetter(this StreamBuilder builder) => builder.In("a").GroupBy((k, v) => Fn.Letter(v)!, Grouped("letter"));

    public static Grouped<string, string> Grouped(string name) => Grouped<string, string>.With(S, S).WithName(name);

    public static string Append(string aggregate, string value) => Fn.Append(aggregate, value)!;

    public static string Append(string key, string value, string aggregate) => Fn.Append(aggregate, value)!;

    public static IKTable<string, string> Texts(this IKTable<string, long> counts) => counts.MapValues(v => v.ToString(CultureInfo.InvariantCulture));

    /// <summary>A windowed table's changes, with "key@start/end" as their key.</summary>
    public static void OutWindowed(this IKTable<Windowed<string>, string> table) => table.ToStream((w, v) => Text(w)).To("out", S, S);

    public static void OutCounts(this IKTable<Windowed<string>, long> table) =>
        table.MapValues(v => v.ToString(CultureInfo.InvariantCulture)).OutWindowed();

    private static string Text(Windowed<string> windowed) => FormattableString.Invariant($"{windowed.Key}@{windowed.Window.StartMs}/{windowed.Window.EndMs}");

    public static void Out(this IKStream<string, string> stream) => stream.To("out", S, S);

    public static void Out(this IKTable<string, string> table) => table.ToStream().Out();
}
