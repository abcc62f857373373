using Streams.Streaming.Dsl;
using Streams.Streaming.SerDes;
using Streams.Streaming.State;
using Streams.Testing;

namespace Streams.Streaming.Tests.Joins;

/// <summary>What the joins' tests share.</summary>
internal static class JoinRig
{
    public static StringSerDes Text { get; } = new();

    /// <summary>Random sequences: hundreds daily, ten thousand in the full tier.</summary>
    public static int Sequences => Tier.Of(300, 10_000);

    public static string Join(string? left, string? right) => $"{left ?? "-"}+{right ?? "-"}";

    /// <summary>A table of a topic, kept in the store "&lt;topic&gt;-store".</summary>
    public static IKTable<string, string> Table(StreamBuilder builder, string topic) => builder.Table(topic, Text, Text, InMemory.As<string, string>($"{topic}-store"));

    /// <summary>Writes a table's changes to a topic.</summary>
    public static void Out(StreamBuilder builder, IKTable<string, string> table, string topic = "out") => table.ToStream().To(topic, Text, Text);
}
