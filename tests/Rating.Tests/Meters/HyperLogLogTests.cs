using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Schemas;
using Streams.Testing;
using Xunit.Abstractions;

namespace Streams.Rating.Tests.Meters;

public sealed class HyperLogLogTests(ITestOutputHelper output)
{
    const int Spread = 30;

    static readonly TimeWindow Window = new(new(0), new(1));

    static UsageMeter Meter(int precision, int exact = 1) =>
        UsageMeter.Compile(new() { Id = "users", Aggregation = Aggregation.UniqueCount, Value = "user", MaxValues = exact, HyperLogLogPrecision = precision });

    static MeterEvent User(string name) => new(0, new(0), ExactDecimal.Zero, new Dictionary<string, string> { ["user"] = name });

    static long Estimate(MeterState state) => long.Parse(state.Value().Value!.Value.ToString());

    [Fact]
    public void Errors_stay_within_what_is_stated()
    {
        int[] sizes = [2, 3, 5, 10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, .. Tier.IsFull ? [100_000, 300_000, 1_000_000] : Array.Empty<int>()];
        foreach (var precision in new[] { 10, 11, 12, 14, 16 })
        {
            var runs = Tier.Of(precision == 10 ? 40 : 6, precision == 10 ? 100 : 20);
            var squares = sizes.ToDictionary(s => s, _ => 0.0);
            for (var run = 0; run < runs; run++) Measure(precision, $"{precision}-{run}-", sizes, squares);
            var error = 1.04 / Math.Sqrt(1 << precision);
            // The mean over the runs of all sizes: beyond half as much again would be another distribution.
            var mean = Math.Sqrt(squares.Values.Sum() / sizes.Count(s => s >= Spread) / runs);
            output.WriteLine($"p = {precision}: stated {error:P2}, found {mean:P2} over {runs} runs of {sizes.Length} sizes up to {sizes[^1]}");
            Assert.InRange(mean, 0, 1.5 * error);
        }
    }

    static void Measure(int precision, string prefix, int[] sizes, Dictionary<int, double> squares)
    {
        var state = new MeterState(Meter(precision), Window);
        var users = 0;
        foreach (var size in sizes)
        {
            for (; users < size; users++) state.Add(User(prefix + users));
            var off = (Estimate(state) - size) / (double)size;
            // Half a user for the rounding to whole ones, and one that shares its register with another: of two users in 2048 registers that is one case in 2048.
            var bound = 4 * state.Value().ErrorPpm / 1e6 + 1.5 / size;
            Assert.True(Math.Abs(off) <= bound, $"p = {precision}, {size} users '{prefix}…': off by {off:P2}, bound {bound:P2}");
            // Of a handful of users nearly all estimates are exact and one in a thousand is off by a half: that says nothing of the spread.
            if (size >= Spread) squares[size] += off * off;
        }
    }

    [Fact]
    public void Up_to_the_limit_the_count_is_exact_and_beyond_it_says_its_error()
    {
        var state = new MeterState(Meter(12, exact: 1000), Window);
        for (var i = 0; i < 2000; i++) state.Add(User($"{i % 1000}"));
        Assert.Equal((1000, 0), (Estimate(state), state.Value().ErrorPpm));
        state.Add(User("one more"));
        Assert.Equal(16_250, state.Value().ErrorPpm);
        Assert.InRange(Estimate(state), 935, 1065);
        Assert.Equal(MeterCodes.RemovalNotPossible, Assert.Throws<MeterException>(() => state.Remove(User("1"))).Code);
    }

    [Fact]
    public void The_estimate_does_not_depend_on_order_merging_or_loading()
    {
        const int Seed = 5;
        var random = new Random(Seed);
        for (var i = 0; i < Tier.Of(100, 1000); i++)
        {
            var meter = Meter(random.Next(10, 13), random.Next(1, 60));
            var users = Enumerable.Range(0, random.Next(200)).Select(_ => User($"{random.Next(100)}")).ToArray();
            var whole = new MeterState(meter, Window);
            foreach (var user in users) whole.Add(user);
            random.Shuffle(users);
            var parts = Enumerable.Range(0, 4).Select(_ => new MeterState(meter, Window)).ToArray();
            foreach (var user in users) parts[random.Next(4)].Add(user);
            random.Shuffle(parts);
            var merged = MeterState.Read(meter, MeterModelTests.Written(parts[0]));
            foreach (var part in parts[1..]) merged.Merge(part);
            Assert.True(MeterModelTests.Written(whole).SequenceEqual(MeterModelTests.Written(merged)), $"seed {Seed}, case {i}");
        }
    }
}
