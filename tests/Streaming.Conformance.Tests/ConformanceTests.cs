namespace Streams.Streaming.Conformance.Tests;

/// <summary>Every case of ours against what Kafka Streams made of the same records.</summary>
public sealed class ConformanceTests(OracleRun run) : IClassFixture<OracleRun>
{
    /// <summary>A few sequences, whose results are kept in recorded/: everywhere.</summary>
    [Theory]
    [MemberData(nameof(Catalogue.Names), MemberType = typeof(Catalogue))]
    public void AsRecorded(string name) => Compare(Catalogue.Cases[name], Script.Read(Recorded.Path(name)));

    /// <summary>Many sequences, where Kafka Streams can be run.</summary>
    [SkippableTheory]
    [MemberData(nameof(Catalogue.Names), MemberType = typeof(Catalogue))]
    public void AsKafkaStreams(string name)
    {
        Skip.If(KafkaStreams.Missing is not null, KafkaStreams.Missing);
        Compare(Catalogue.Cases[name], run.Of(name));
    }

    [Theory]
    [MemberData(nameof(Catalogue.Names), MemberType = typeof(Catalogue))]
    public void DescribedAsRecorded(string name)
    {
        var each = Catalogue.Cases[name];
        Assert.Equal(string.Join('\n', Script.Read(Recorded.Path(name)).Description), string.Join('\n', Ours.Describe(each.Build!())));
    }

    private static void Compare(Case each, Script script)
    {
        Assert.NotEmpty(script.Sequences);
        foreach (var theirs in script.Sequences)
        {
            var difference = Comparison.Difference(theirs, Ours.Play(each.Build!(), theirs), headers: true);
            Assert.True(difference is null, $"{each.Name}, seed {OracleRun.Seed}: {difference}");
        }
    }
}
