namespace Streams.Streaming.Conformance.Tests;

/// <summary>The comparison finds what it is there to find.</summary>
public sealed class ComparisonTests
{
    private static readonly Sequence Theirs = Played("out\ta\t1\t10\tn=0", "out\tb\t~\t11\tn=0", "other\ta\t1\t10\tn=0");

    [Fact]
    public void TheSameIsNoDifference() => Assert.Null(Comparison.Difference(Theirs, Theirs, headers: true));

    [Fact]
    public void TopicsHaveNoOrderAmongEachOther() =>
        Assert.Null(Comparison.Difference(Theirs, Played("other\ta\t1\t10\tn=0", "out\ta\t1\t10\tn=0", "out\tb\t~\t11\tn=0"), headers: true));

    [Theory]
    [InlineData("out\ta\t1\t10\tn=0", "out\tb\t~\t11\tn=0")]
    [InlineData("out\tb\t~\t11\tn=0", "out\ta\t1\t10\tn=0", "other\ta\t1\t10\tn=0")]
    [InlineData("out\ta\t1\t9\tn=0", "out\tb\t~\t11\tn=0", "other\ta\t1\t10\tn=0")]
    [InlineData("out\ta\t2\t10\tn=0", "out\tb\t~\t11\tn=0", "other\ta\t1\t10\tn=0")]
    [InlineData("out\ta\t1\t10\tn=1", "out\tb\t~\t11\tn=0", "other\ta\t1\t10\tn=0")]
    [InlineData("out\ta\t1\t10\tn=0", "out\tb\t~\t11\tn=0", "other\ta\t1\t10\tn=0", "other\ta\t1\t10\tn=0")]
    public void EveryDifferenceIsFound(params string[] outputs) => Assert.NotNull(Comparison.Difference(Theirs, Played(outputs), headers: true));

    private static Sequence Played(params string[] outputs) => new("0", [new Step(new Input("a", "a", "b:1", 10), outputs)]);
}
