using Streams.Testing;
using Xunit.Abstractions;

namespace Streams.Streaming.Tests.LocalState;

/// <summary>Random lives of a task's local log against what the changelogs say.</summary>
public sealed class LocalStateSequenceTests(ITestOutputHelper output)
{
    private const int Steps = 40;

    [Fact]
    public void Whatever_happens_log_and_tail_give_what_the_changelogs_say()
    {
        var count = Tier.Of(1500, 20_000);
        int loads = 0, warm = 0, crashes = 0, compactions = 0;
        for (var seed = 0; seed < count; seed++)
        {
            var world = new LocalLogWorld(seed);
            try
            {
                world.Run(Steps);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"seed {seed}: {e.Message}", e);
            }
            (loads, warm, crashes, compactions) = (loads + world.Loads, warm + world.WarmLoads, crashes + world.Crashes, compactions + world.Compactions);
        }
        output.WriteLine($"{count} sequences (seeds 0 to {count - 1}): {loads} loads, {warm} with local entries, {crashes} crashes, {compactions} compactions");
        Assert.True(warm > loads / 2 && crashes > count && compactions > count, "the sequences do not reach what they are to check");
    }

    [Theory]
    [InlineData((int)Planted.AppendsBeforeTheCommit)]
    [InlineData((int)Planted.CountsAControlRecordThatIsNotThere)]
    [InlineData((int)Planted.ForgetsDeletionsInTheLog)]
    public void A_planted_error_is_found(int planted)
    {
        var found = Enumerable.Range(0, 100).Count(seed => Xunit.Record.Exception(() => new LocalLogWorld(seed, (Planted)planted).Run(Steps)) is not null);
        output.WriteLine($"{(Planted)planted}: {found} of 100 sequences fail");
        Assert.True(found > 10);
    }
}
