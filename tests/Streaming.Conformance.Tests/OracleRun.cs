namespace Streams.Streaming.Conformance.Tests;

/// <summary>All cases on Kafka Streams, in one run: the recorded sequences, then many others. None where <see cref="KafkaStreams.Missing"/> says why.</summary>
public sealed class OracleRun : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("streams-conformance-");

    /// <summary>STREAMS_SEED, or the same at each run.</summary>
    internal static ulong Seed { get; } = ulong.Parse(Environment.GetEnvironmentVariable("STREAMS_SEED") ?? "1", System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>The cases that Java knows.</summary>
    internal IReadOnlyList<string> Names { get; private set; } = [];

    private static int Sequences => Tier.Of(15, 300);

    public async Task InitializeAsync()
    {
        if (KafkaStreams.Missing is not null) return;
        foreach (var each in Catalogue.Cases.Values)
        {
            var others = Enumerable.Range(0, Sequences).Select(n => ($"{n}", Generator.Sequence(each.Name, each.Shape, Seed, n, 40)));
            Script.Write(Path.Combine(_folder.FullName, each.Name + ".in"), each.Name, Recorded.Inputs(each).Concat(others));
        }
        Names = await KafkaStreams.PlayAsync(_folder.FullName);
    }

    /// <summary>What Kafka Streams made of a case, the recorded sequences first.</summary>
    internal Script Of(string name) => Script.Read(Path.Combine(_folder.FullName, name + ".out"));

    public Task DisposeAsync()
    {
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }
}
