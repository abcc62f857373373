namespace Streams.Streaming.Conformance.Tests;

/// <summary>What Kafka Streams made of a few sequences of each case, kept in recorded/ so that ours is compared with it where no Java is.</summary>
static class Recorded
{
    private const ulong Seed = 20260501;

    /// <summary>STREAMS_RECORD=1: what Java makes now is written into the checkout.</summary>
    public static bool Again { get; } = Environment.GetEnvironmentVariable("STREAMS_RECORD") == "1";

    public static string Path(string name) => System.IO.Path.Combine(Checkout.Root, "tests", "Streaming.Conformance.Tests", "recorded", name + ".txt");

    /// <summary>Plays the recorded sequences' input on Kafka Streams; the folder then holds NAME.out.</summary>
    public static async Task PlayAsync(string folder)
    {
        foreach (var each in Catalogue.Cases.Values)
        {
            Script.Write(System.IO.Path.Combine(folder, each.Name + ".in"), each.Name,
                Enumerable.Range(0, 2).Select(n => ($"{n}", Generator.Sequence(each.Name, each.Shape, Seed, n, 35))));
        }
        await KafkaStreams.PlayAsync(folder);
    }
}
