namespace Streams.Streaming.Conformance.Tests;

/// <summary>Every case of ours against the results of Kafka Streams that recorded/ keeps: everywhere.</summary>
public sealed class RecordedTests
{
    [Theory]
    [MemberData(nameof(Catalogue.Names), MemberType = typeof(Catalogue))]
    public void AsRecorded(string name) => Comparison.Compare(Catalogue.Cases[name], Script.Read(Recorded.Path(name)));

    [Theory]
    [MemberData(nameof(Catalogue.Names), MemberType = typeof(Catalogue))]
    public void DescribedAsRecorded(string name) =>
        Assert.Equal(Description.Comparable(Script.Read(Recorded.Path(name)).Description), Description.Comparable(Ours.Describe(Catalogue.Cases[name].Build())));
}
