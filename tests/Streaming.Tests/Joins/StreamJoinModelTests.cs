using Streams.Streaming.Dsl;

namespace Streams.Streaming.Tests.Joins;

/// <summary>
/// Joins of streams against all pairs of their records: which join, which stay alone. Records come out of order, but never later than the grace, so that
/// nobody's window closes before his partner has come.
/// </summary>
public sealed class StreamJoinModelTests
{
    private const int Jitter = 14, Grace = 15;

    public static TheoryData<string, int, int> Joins
    {
        get
        {
            var joins = new TheoryData<string, int, int>();
            foreach (var kind in new[] { "inner", "left", "outer" })
            {
                joins.Add(kind, 8, 8);
                joins.Add(kind, 0, 9);
                joins.Add(kind, 7, 0);
                joins.Add(kind, 0, 0);
            }
            return joins;
        }
    }

    [Theory]
    [MemberData(nameof(Joins))]
    public void Results_are_those_of_all_pairs(string kind, int before, int after)
    {
        for (var seed = 1; seed <= JoinRig.Sequences / 12 + 1; seed++)
        {
            var inputs = Inputs(new Random(seed));
            var expected = Expected(inputs, kind, before, after);
            Assert.True(expected.SequenceEqual(Run(inputs, kind, before, after, restart: null)), Tell(seed, expected, Run(inputs, kind, before, after, restart: null)));
            var restarted = Run(inputs, kind, before, after, new Random(seed));
            Assert.True(expected.SequenceEqual(restarted), "with restarts: " + Tell(seed, expected, restarted));
        }
    }

    [Fact]
    public void A_model_that_forgets_the_end_of_the_window_is_caught()
    {
        var differ = Enumerable.Range(1, 50).Count(seed =>
        {
            var inputs = Inputs(new Random(seed));
            return !Expected(inputs, "inner", 8, 7).SequenceEqual(Run(inputs, "inner", 8, 8, restart: null));
        });
        Assert.True(differ > 10, $"{differ} of 50");
    }

    private static string Tell(int seed, IReadOnlyList<string> expected, IReadOnlyList<string> got) =>
        $"seed {seed}\nmissing: {string.Join("; ", expected.Except(got))}\ntoo many: {string.Join("; ", got.Except(expected))}";

    private static List<Input> Inputs(Random random)
    {
        var inputs = new List<Input>();
        var now = 100L;
        for (var i = 0; i < 40; i++)
        {
            now += random.Next(4);
            inputs.Add(new Input(random.Next(2) == 0, $"k{random.Next(3)}", $"v{i}", Math.Max(now - random.Next(Jitter), 0)));
        }
        // Far ahead on both sides, so that every window closes: the second of a side lets the first one's time be seen as well.
        for (var i = 0; i < 4; i++) inputs.Add(new Input(i % 2 == 0, $"end{i}", "end", now + 1000 + 1000 * i));
        return inputs;
    }

    /// <summary>Sorted; without the last records, which only move time.</summary>
    private static List<string> Expected(List<Input> inputs, string kind, int before, int after)
    {
        var results = new List<string>();
        for (var i = 0; i < inputs.Count; i++)
        {
            var mine = inputs[i];
            if (mine.Value == "end") continue;
            var partners = inputs.Where(other => other.Key == mine.Key && other.IsLeft != mine.IsLeft && Close(mine, other, before, after)).ToList();
            var earlier = partners.Where(p => inputs.IndexOf(p) < i).ToList();
            results.AddRange(earlier.Select(p => Result(mine, p)));
            var unmatched = kind == "outer" || (kind == "left" && mine.IsLeft);
            if (!unmatched || earlier.Count > 0) continue;
            // Whose window is over when he comes does not wait for a partner.
            var seen = inputs.Take(i + 1).Max(n => n.Time);
            var over = mine.Time + (mine.IsLeft ? after : before) < seen;
            if (over || partners.Count == 0) results.Add(Result(mine, null));
        }
        return [.. results.Order(StringComparer.Ordinal)];
    }

    private static bool Close(Input one, Input other, int before, int after)
    {
        var (left, right) = one.IsLeft ? (one, other) : (other, one);
        return right.Time >= left.Time - before && right.Time <= left.Time + after;
    }

    private static string Result(Input one, Input? other)
    {
        var (left, right) = one.IsLeft ? (one.Value, other?.Value) : (other?.Value, one.Value);
        return $"{one.Key} {JoinRig.Join(left, right)} @{Math.Max(one.Time, other?.Time ?? 0)}";
    }

    private static List<string> Run(List<Input> inputs, string kind, int before, int after, Random? restart)
    {
        using var driver = new TopologyTestDriver(Topology(kind, before, after), 1);
        var (left, right) = (driver.CreateInputTopic("left", JoinRig.Text, JoinRig.Text), driver.CreateInputTopic("right", JoinRig.Text, JoinRig.Text));
        var committed = new List<string>();
        foreach (var input in inputs)
        {
            (input.IsLeft ? left : right).PipeInput(input.Key, input.Value, input.Time);
            if (restart?.Next(4) == 0)
            {
                driver.Commit();
                Read(driver, committed);
            }
            if (restart?.Next(8) == 0) driver.Restart();
        }
        driver.Commit();
        Read(driver, committed);
        return [.. committed.Where(r => !r.StartsWith("end", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];
    }

    private static void Read(TopologyTestDriver driver, List<string> into) =>
        into.AddRange(driver.CreateOutputTopic("out", JoinRig.Text, JoinRig.Text).ReadRecords().Select(r => $"{r.Key} {r.Value} @{r.Timestamp}"));

    private static Topology Topology(string kind, int before, int after)
    {
        var builder = new StreamBuilder();
        var left = builder.Stream("left", JoinRig.Text, JoinRig.Text);
        var right = builder.Stream("right", JoinRig.Text, JoinRig.Text);
        var windows = JoinWindowOptions.OfTimeDifferenceAndGrace(TimeSpan.Zero, TimeSpan.FromMilliseconds(Grace)).Before(TimeSpan.FromMilliseconds(before)).After(TimeSpan.FromMilliseconds(after));
        var props = StreamJoinProps.With<string, string, string>("joined");
        var joined = kind switch
        {
            "inner" => left.Join(right, JoinRig.Join, windows, props),
            "left" => left.LeftJoin(right, JoinRig.Join, windows, props),
            _ => left.OuterJoin(right, JoinRig.Join, windows, props),
        };
        joined.To("out");
        return builder.Build();
    }

    private sealed record Input(bool IsLeft, string Key, string Value, long Time);
}
