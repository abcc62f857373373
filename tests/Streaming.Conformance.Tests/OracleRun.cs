namespace Streams.Streaming.Conformance.Tests;

/// <summary>All cases over many sequences on Kafka Streams, in one run; none where <see cref="KafkaStreams.Missing"/> says why.</summary>
public sealed class OracleRun : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("streams-conformance-");

    /// <summary>STREAMS_SEED, or the same at each run.</summary>
    internal static ulong Seed { get; } = ulong.Parse(Environment.GetEnvironmentVariable("STREAMS_SEED") ?? "1", System.Globalization.CultureInfo.InvariantCulture);

    private static int Sequences => Tier.Of(25, 250);

    public async Task InitializeAsync()
    {
        if (KafkaStreams.Missing is not null) return;
        foreach (var each in Catalogue.Cases.Values)
        {
            Script.Write(Path.Combine(_folder.FullName, each.Name + ".in"), each.Name,
                Enumerable.Range(0, Sequences).Select(n => ($"{n}", Generator.Sequence(each.Name, each.Shape, Seed, n, 40))));
        }
        await KafkaStreams.PlayAsync(_folder.FullName);
    }

    internal Script Of(string name) => Script.Read(Path.Combine(_folder.FullName, name + ".out"));

    public Task DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }
}
