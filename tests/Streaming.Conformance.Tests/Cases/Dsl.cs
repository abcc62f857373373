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

    public static void Out(this IKStream<string, string> stream) => stream.To("out", S, S);

    public static void Out(this IKTable<string, string> table) => table.ToStream().Out();
}
