using System.Diagnostics;
using Streams.Rating.Pricing;

namespace Streams.Perf.Rating;

/// <summary>Priced windows a second on one core: a charge with its price, and rounding to cents. The usage differs from window to window.</summary>
static class Models
{
    const int Windows = 4096;

    static readonly PriceTier[] Tiers = [new(1_000, D("0.0125")), new(10_000, D("0.0100")), new(100_000, D("0.0075")), new(1_000_000, D("0.0050")), new(null, D("0.0025"))];

    static readonly PriceTier[] WithFees = [.. Tiers.Select((t, i) => t with { Flat = i + 1 })];

    public static void Measure(TimeSpan time)
    {
        Console.WriteLine($"{"model",-34}{"windows/s and core",20}");
        var results = All().Select(m => (m.Name, Rate: Rate(m.Charge, m.Usages, time))).ToList();
        foreach (var (name, rate) in results) Console.WriteLine(FormattableString.Invariant($"{name,-34}{rate,20:N0}"));
        var slowest = results.MinBy(r => r.Rate);
        Console.WriteLine(FormattableString.Invariant($"graduated {results.Single(r => r.Name == "graduated").Rate:N0} (goal 2,000,000), costliest {slowest.Name} {slowest.Rate:N0} (goal 300,000)"));
    }

    static double Rate(Charge charge, LineUsage[] usages, TimeSpan time)
    {
        Run(charge, usages, TimeSpan.FromTicks(time.Ticks / 4));
        return Run(charge, usages, time);
    }

    static double Run(Charge charge, LineUsage[] usages, TimeSpan time)
    {
        var (count, sum, clock) = (0L, Exact.Zero, Stopwatch.StartNew());
        while (clock.Elapsed < time)
        {
            foreach (ref readonly var usage in usages.AsSpan()) sum += charge.Rate(usage).Amount;
            count += usages.Length;
            sum = sum.Round(-18, RoundingMode.Down);
        }
        return count / clock.Elapsed.TotalSeconds;
    }

    static IEnumerable<(string Name, Charge Charge, LineUsage[] Usages)> All()
    {
        var random = new Random(20260501);
        LineUsage[] quantities = [.. Enumerable.Range(0, Windows).Select(_ => new LineUsage(new Usage(Quantity(random))))];
        LineUsage[] growths = [.. quantities.Select(q => new LineUsage(q.Total, new Usage(q.Total.Quantity * D("0.5"))))];
        LineUsage[] Items(int count, params string[][] keys) => [.. Enumerable.Range(0, Windows).Select(_ => new LineUsage(new Usage(Enumerable.Range(0, count).Select(i => new UsageItem(Quantity(random), keys[i % keys.Length])).ToList())))];

        yield return ("perUnit", Of(new PerUnit(D("0.0125"))), quantities);
        yield return ("package", Of(new Package(1000, 5, 100)), quantities);
        yield return ("graduated", Of(new Graduated(Tiers)), quantities);
        yield return ("graduated, with flat fees", Of(new Graduated(WithFees)), quantities);
        yield return ("graduated, growth", Of(new Graduated(Tiers)), growths);
        yield return ("graduated, tiers rounded", Of(new Graduated(WithFees), RoundingPlace.Tier), quantities);
        yield return ("volume", Of(new Volume(WithFees)), quantities);
        yield return ("volume, growth", Of(new Volume(WithFees)), growths);
        yield return ("stairstep", Of(new Stairstep([new(1_000, 10), new(100_000, 50), new(null, 90)])), quantities);
        yield return ("percentage, one event", Of(new Percentage(D("1.4"), D("0.25"), null, 100, D("0.5"), 100)), Items(1, [""]));
        yield return ("percentage, ten events", Of(new Percentage(D("1.4"), D("0.25"), null, 100, D("0.5"), 100)), Items(10, [""]));
        yield return ("graduatedPercentage", Of(new GraduatedPercentage(WithFees)), quantities);
        yield return ("matrix, one cell", Of(Matrix()), Items(1, ["eu", "small"], ["us", "large"]));
        yield return ("matrix, four cells", Of(Matrix()), Items(4, ["eu", "small"], ["us", "large"], ["eu", "large"], ["us", "small"]));
        yield return ("baseFee over graduated", Of(new BaseFee(100, 1000, new Graduated(Tiers))), quantities);
        yield return ("dynamic", Of(new DynamicPrice(D("0.01"))), quantities);
        yield return ("costPlus", Of(new CostPlus(20)), quantities);
        yield return ("blockTiers", Of(new BlockTiers([new(10, 100, 5), new(100, 50, 40), new(1000, null, 300)], BlockPolicy.AllTiers)), quantities);
        yield return ("capacityTiers, two units", Of(new CapacityTiers([new(Limits(100_000), 10), new(Limits(500_000), 20), new(Limits(2_000_000), 30)])), Items(2, ["cpu"], ["memory"]));
        yield return ("grouped, four groups", Of(new Grouped(new Graduated(Tiers), RatingGroup.Key)), Items(4, ["a"], ["b"], ["c"], ["d"]));
        yield return ("windowed with commitments", Of(new Windowed([new("day", new Graduated(Tiers), new Commitment(100, D("1.5"))), new("night", new PerUnit(D("0.01")))])), Items(1, ["day"], ["night"]));
        yield return ("committed graduated", Of(new Committed(new Graduated(Tiers), new Commitment(500, D("1.25")))), quantities);
        yield return ("graduated with all terms", new("c", new Graduated(Tiers), new()
        {
            Quantity = new(Conversion: new(1000, true, new Rounding(3, RoundingMode.Up)), UsageDiscount: 10), Discounts = [new(DiscountKind.Percent, 10), new(DiscountKind.Amount, 5)],
            Minimum = 10, Maximum = 100_000, Rounding = new(new(2), RoundingPlace.Line),
        }), quantities);
    }

    static Charge Of(PriceModel model, RoundingPlace place = RoundingPlace.Line) => new("c", model, new() { Rounding = new(new(2), place) });

    static Matrix Matrix() => new(["region", "size"], [.. new[] { "eu", "us" }.SelectMany(r => new[] { "small", "large" }.Select(s => new MatrixCell([r, s], new Graduated(Tiers))))]);

    static Dictionary<string, Exact> Limits(int limit) => new() { ["cpu"] = limit, ["memory"] = limit };

    /// <summary>From 0 to 1,500,000 with three decimals: through all tiers.</summary>
    static Exact Quantity(Random random) => (Exact)random.NextInt64(1_500_000_000) * D("0.001");

    static Exact D(string text) => Exact.Parse(text);
}
