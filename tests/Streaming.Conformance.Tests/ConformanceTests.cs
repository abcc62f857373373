namespace Streams.Streaming.Conformance.Tests;

/// <summary>Every case of ours against Kafka Streams itself, over many sequences, where it can be run.</summary>
public sealed class ConformanceTests(OracleRun run) : IClassFixture<OracleRun>
{
    [SkippableTheory]
    [MemberData(nameof(Catalogue.Names), MemberType = typeof(Catalogue))]
    public void AsKafkaStreams(string name)
    {
        Skip.If(KafkaStreams.Missing is not null, KafkaStreams.Missing);
        Comparison.Compare(Catalogue.Cases[name], run.Of(name));
    }

    [SkippableFact]
    public void RecordedIsWhatKafkaStreamsMakes()
    {
        Skip.If(KafkaStreams.Missing is not null, KafkaStreams.Missing);
        foreach (var name in Catalogue.Cases.Keys)
        {
            var made = Recorded.Of(run.Of(name)).ToString();
            if (Recorded.Again) File.WriteAllText(Recorded.Path(name), made);
            Assert.True(File.Exists(Recorded.Path(name)), $"{name} is not recorded: run this with STREAMS_RECORD=1");
            Assert.Equal(made, File.ReadAllText(Recorded.Path(name)));
        }
    }

    [SkippableFact]
    public void JavaAndThisHaveTheSameCases()
    {
        Skip.If(KafkaStreams.Missing is not null, KafkaStreams.Missing);
        Assert.Equal(Catalogue.Cases.Keys, run.Names.Order(StringComparer.Ordinal));
    }
}
