using Streams.Streaming.Dsl;
using Streams.Streaming.Tests.State;
using Xunit.Abstractions;

namespace Streams.Streaming.Tests.Windows;

/// <summary>
/// Each kind of windows against a naive model, over random sequences with restarts: every update, every final result by suppression and by emission on close and
/// their order, every record that left otherwise.
/// </summary>
public sealed class WindowModelTests(ITestOutputHelper output)
{
    [Fact]
    public void Tumbling_windows_do_as_their_model() => Sequences.Run(output, random => CheckTime(random, Bug.None, hops: false));

    [Fact]
    public void Hopping_windows_do_as_their_model() => Sequences.Run(output, random => CheckTime(random, Bug.None, hops: true));

    [Fact]
    public void Sessions_do_as_their_model() => Sequences.Run(output, random => CheckSessions(random, Bug.None));

    [Fact]
    public void Sliding_windows_do_as_their_model() => Sequences.Run(output, random => CheckSliding(random, Bug.None));

    [Theory]
    [InlineData(nameof(Bug.ClosesTooLate))]
    [InlineData(nameof(Bug.ForgetsGrace))]
    [InlineData(nameof(Bug.EdgeExcluded))]
    [InlineData(nameof(Bug.RestartForgetsTime))]
    [InlineData(nameof(Bug.ClosesByKey))]
    [InlineData(nameof(Bug.TimeOfCause))]
    [InlineData(nameof(Bug.LateVanish))]
    public void A_planted_bug_is_noticed(string bug)
    {
        Sequences.Catches(random => CheckTime(random, Enum.Parse<Bug>(bug), hops: true));
        Sequences.Catches(random => CheckSessions(random, Enum.Parse<Bug>(bug)));
        Sequences.Catches(random => CheckSliding(random, Enum.Parse<Bug>(bug)));
    }

    [Theory]
    [InlineData(nameof(Bug.NoTombstones))]
    [InlineData(nameof(Bug.JoinsClosed))]
    public void A_planted_bug_of_sessions_is_noticed(string bug) => Sequences.Catches(random => CheckSessions(random, Enum.Parse<Bug>(bug)));

    private static void CheckTime(Random random, Bug bug, bool hops)
    {
        var size = random.Next(1, 30);
        var (advance, grace) = (hops ? random.Next(Math.Max(1, size / 5), size + 1) : size, Grace(random));
        var arrivals = Arrivals.Random(random, random.Next(2, 20));
        var model = new TimeModel(arrivals, bug, size, advance, grace);
        TimeWindowOptions windows = hops ? HoppingWindowOptions.Of(size, advance).WithGrace(grace) : TumblingWindowOptions.Of(size).WithGrace(grace);
        Check(model, WindowRun.OfTime(arrivals, windows, size));
    }

    private static void CheckSessions(Random random, Bug bug)
    {
        var (gap, grace) = (random.Next(1, 15), Grace(random));
        var arrivals = Arrivals.Random(random, random.Next(2, 20));
        Check(new SessionModel(arrivals, bug, gap, grace), WindowRun.OfSessions(arrivals, SessionWindowOptions.Of(gap).WithGrace(grace)));
    }

    private static void CheckSliding(Random random, Bug bug)
    {
        var (difference, grace) = (random.Next(1, 20), Grace(random));
        var arrivals = Arrivals.Random(random, random.Next(2, 20)).WithoutHalfLate(difference, grace);
        Check(new SlidingModel(arrivals, bug, difference, grace), WindowRun.OfSliding(arrivals, SlidingWindowOptions.Of(difference).WithGrace(grace), difference));
    }

    private static int Grace(Random random) => random.Next(3) == 0 ? 0 : random.Next(40);

    private static void Check(WindowModel model, WindowRun run)
    {
        model.Run();
        var at = 0;
        foreach (var updates in model.Updates)
        {
            // In which order one record changes its windows is not said.
            Assert.Equal(updates.Order(StringComparer.Ordinal), run.Updates.Skip(at).Take(updates.Count).Order(StringComparer.Ordinal));
            at += updates.Count;
        }
        Assert.Equal(at, run.Updates.Count);
        Assert.Equal(model.Finals, run.Closed);
        Assert.Equal(model.Finals, run.Suppressed);
        Assert.Equal(model.Late, run.Late);
        Assert.Equal(model.Dropped, run.Dropped);
    }
}
