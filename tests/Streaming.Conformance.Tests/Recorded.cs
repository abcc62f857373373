namespace Streams.Streaming.Conformance.Tests;

/// <summary>What Kafka Streams made of a few sequences of each case, kept in recorded/ so that ours is compared with it where no Java is.</summary>
static class Recorded
{
    private const ulong Seed = 20260501;

    /// <summary>STREAMS_RECORD=1: what Java makes now is written into the checkout.</summary>
    public static bool Again { get; } = Environment.GetEnvironmentVariable("STREAMS_RECORD") == "1";

    public static string Path(string name) => System.IO.Path.Combine(Checkout.Root, "tests", "Streaming.Conformance.Tests", "recorded", name + ".txt");

    /// <summary>The sequences that are recorded of a case.</summary>
    public static IEnumerable<(string Name, IReadOnlyList<Input> Inputs)> Inputs(Case each) =>
        Enumerable.Range(0, 2).Select(n => ($"recorded {n}", Generator.Sequence(each.Name, each.Shape, Seed, n, 35)));

    /// <summary>The recorded part of what Java made.</summary>
    public static Script Of(Script made) =>
        made with { Sequences = [.. made.Sequences.Where(s => s.Name.StartsWith("recorded", StringComparison.Ordinal))] };
}
