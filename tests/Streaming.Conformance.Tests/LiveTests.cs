using Xunit.Abstractions;

namespace Streams.Streaming.Conformance.Tests;

/// <summary>The driver that the oracle stands on gives what a Kafka Streams application at a broker does, with its stores on disk.</summary>
public sealed class LiveTests(ITestOutputHelper output)
{
    private static readonly string[] Names =
    [
        "count-map-count", "flatMap", "hopping-grace0-suppress", "session-grace15-aggregate", "sliding-grace0-aggregate", "suppress-timeLimit", "table-groupBy-aggregate",
        "tumbling-grace15-onClose",
    ];

    [SkippableFact]
    public async Task TheDriverIsAsAnApplicationAtABroker()
    {
        Skip.If(KafkaStreams.Missing is not null, KafkaStreams.Missing);
        Skip.If(!Tier.IsFull, "a part of the full tier");
        var kafka = new RealKafka();
        var folder = Directory.CreateTempSubdirectory("streams-live-");
        try
        {
            await kafka.InitializeAsync();
            foreach (var each in Names.Select(name => Catalogue.Cases[name]))
                Script.Write(Path.Combine(folder.FullName, each.Name + ".in"), each.Name, [("0", Generator.Sequence(each.Name, each.Shape, OracleRun.Seed, 0, 400))]);
            var done = await KafkaStreams.PlayLiveAsync(kafka.BootstrapServers!, folder.FullName);
            output.WriteLine(string.Join('\n', done));
            Assert.Equal(Names.Length, done.Count);
        }
        finally
        {
            await kafka.DisposeAsync();
            folder.Delete(recursive: true);
        }
    }
}
