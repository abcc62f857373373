using Streams.Rating.Pricing;

namespace Streams.Rating.Tests.Pricing;

/// <summary>What holds for any prices: splits add up, the order does not matter, steps explain the amount, mass rating allocates nothing.</summary>
public sealed class PricingLawTests
{
    static Exact E(string text) => Exact.Parse(text);

    static readonly Graduated Prices = new([new(1000, E("0.0125"), 1), new(10_000, E("0.01")), new(null, E("0.0075"), 5)]);

    [Theory]
    [InlineData(null)]
    [InlineData(RoundingPlace.Tier)]
    [InlineData(RoundingPlace.Document)]
    public void The_lines_of_a_period_add_up_to_its_price(RoundingPlace? place)
    {
        const int Seed = 20260403;
        var random = new Random(Seed);
        PriceModel[] models = [Prices, new Volume(Prices.Tiers), new Package(7, 3), new BaseFee(5, 100, Prices), new PerUnit(E("0.0033"))];
        foreach (var model in models)
        {
            var charge = new Charge("c", model, new() { Rounding = place is { } at ? new(new(2, RoundingMode.Ceiling), at) : null });
            var ends = Enumerable.Range(0, 20).Select(_ => (Exact)random.Next(20_000) / 4).Order().ToList();
            var sum = charge.Rate(new(ends[0])).Amount;
            foreach (var (before, after) in ends.Zip(ends.Skip(1))) sum += charge.Rate(new(after, (Usage)before)).Amount;
            Assert.Equal(charge.Rate(new(ends[^1])).Amount, sum);
        }
    }

    [Fact]
    public void The_fast_table_and_the_tiers_agree()
    {
        const int Seed = 20260404;
        var random = new Random(Seed);
        for (var i = 0; i < 2_000; i++)
        {
            var (a, b) = ((Exact)random.NextInt64(20_000_000_000_000) / 1_000_000_000, (Exact)random.NextInt64(20_000_000_000_000) / 1_000_000_000);
            Assert.True(Prices.Price(a) == Prices.Price(a, new(new Trail())), $"seed {Seed}, case {i}: {a}");
            Assert.True(Prices.Between(a, b) == Prices.Between(a, b, new(new Trail())), $"seed {Seed}, case {i}: {a} to {b}");
        }
    }

    [Fact]
    public void The_order_of_items_does_not_change_a_matrix()
    {
        var matrix = new Matrix(["r"], [new(["a"], Prices), new(["b"], new PerUnit(2))]);
        UsageItem[] items = [new(900, "a"), new(5, "b"), new(200, "a")];
        Assert.Equal(matrix.Price(new Usage(items)), matrix.Price(new Usage(items.Reverse().ToList())));
        Assert.Equal(Prices.Price(1100) + 10, matrix.Price(new Usage(items)));
    }

    [Fact]
    public void Steps_are_written_as_finance_writes_them()
    {
        var terms = new ChargeTerms { Discounts = [new(DiscountKind.Percent, 10)], Maximum = 15, Rounding = new(new(2), RoundingPlace.Line) };
        var line = new Charge("calls", Prices, terms).Explain(new(E("1200.5")));
        Assert.Equal(
            """
            tier 1, up to 1000: 1000 × 0.0125 = 12.5
            flat fee of tier 1, up to 1000: 1
            tier 2, above 1000 up to 10000: 200.5 × 0.01 = 2.005
            less 10 %: 13.9545
            rounded to 2 places, HalfUp: 13.95
            """, string.Join(Environment.NewLine, line.Steps));
        Assert.Equal(E("13.9545"), line.Unrounded);
        Assert.Equal(E("13.95"), line.Amount);
    }

    [Fact]
    public void Cents_are_neither_lost_nor_made_by_an_allocation()
    {
        const int Seed = 20260405;
        var random = new Random(Seed);
        for (var i = 0; i < 1_000; i++)
        {
            var amount = (Exact)random.Next(-100_000, 100_000) / 100;
            var weights = Enumerable.Range(0, 1 + random.Next(9)).Select(_ => (Exact)random.Next(1000)).Append(1).ToList();
            var shares = Allocation.LargestRemainder(amount, weights, 2);
            Assert.True(Exact.Sum(shares) == amount, $"seed {Seed}, case {i}");
            Assert.All(shares.Zip(weights), s => Assert.True(Exact.Abs(s.First - amount * s.Second / Exact.Sum(weights)) < E("0.01"), $"seed {Seed}, case {i}"));
        }
    }

    [Fact]
    public void A_steep_trail_is_bounded()
    {
        var trail = new Trail();
        new Percentage(1).Price(Usage.Of(Enumerable.Repeat(Exact.One, Trail.MaxSteps + 5)), new(trail));
        Assert.Equal(Trail.MaxSteps, trail.Steps.Count);
        Assert.Equal(5, trail.Unrecorded);
    }

    [Fact]
    public void Rating_in_mass_allocates_nothing()
    {
        var charge = new Charge("c", Prices, new()
        {
            Minimum = 1, Maximum = 500, Discounts = [new(DiscountKind.Percent, 10), new(DiscountKind.Amount, 3)], Quantity = new(UsageDiscount: 10), Rounding = new(new(2), RoundingPlace.Line),
        });
        Exact Run()
        {
            var sum = Exact.Zero;
            for (var i = 1; i < 1000; i++) sum += charge.Rate(new((Exact)(i * 20), (Usage)(Exact)(i * 20 - 7))).Amount;
            return sum;
        }
        Run();
        var before = GC.GetAllocatedBytesForCurrentThread();
        var sum = Run();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(sum.Sign > 0);
        Assert.Equal(0, allocated);
    }
}
