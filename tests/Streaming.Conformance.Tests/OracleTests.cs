namespace Streams.Streaming.Conformance.Tests;

public sealed class OracleTests(OracleRun run) : IClassFixture<OracleRun>
{
    [SkippableTheory]
    [MemberData(nameof(Catalogue.Names), MemberType = typeof(Catalogue))]
    public void X(string name)
    {
        Skip.If(KafkaStreams.Missing is not null, KafkaStreams.Missing);
        Assert.NotEmpty(run.Of(name).Sequences);
    }
}
