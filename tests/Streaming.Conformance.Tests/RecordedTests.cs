namespace Streams.Streaming.Conformance.Tests;

/// <summary>The records of recorded/ are what Kafka Streams makes.</summary>
public sealed class RecordedTests
{
    [SkippableFact]
    public async Task RecordedIsWhatKafkaStreamsMakes()
    {
        Skip.If(KafkaStreams.Missing is not null, KafkaStreams.Missing);
        var folder = Directory.CreateTempSubdirectory("streams-recorded-");
        try
        {
            await Recorded.PlayAsync(folder.FullName);
            foreach (var name in Catalogue.Cases.Keys)
            {
                var made = await File.ReadAllTextAsync(Path.Combine(folder.FullName, name + ".out"));
                if (Recorded.Again) await File.WriteAllTextAsync(Recorded.Path(name), made);
                Assert.True(File.Exists(Recorded.Path(name)), $"{name} is not recorded: run this with STREAMS_RECORD=1");
                Assert.Equal(made, await File.ReadAllTextAsync(Recorded.Path(name)));
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public async Task JavaAndThisHaveTheSameCases()
    {
        Skip.If(KafkaStreams.Missing is not null, KafkaStreams.Missing);
        Assert.Equal((await KafkaStreams.PlayAsync(null)).Order(StringComparer.Ordinal), Catalogue.Cases.Keys.Order(StringComparer.Ordinal));
    }
}
