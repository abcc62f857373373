using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Tests.Pricing;

public sealed class CreditTests
{
    static Timestamp Day(int day) => Timestamp.From(new(2026, 1, day, 0, 0, 0, TimeSpan.Zero));

    static CreditUse Use(int day, int amount) => new(Day(day), amount);

    [Fact]
    public void What_expires_within_the_period_covers_only_what_came_before()
    {
        Grant[] grants = [new("short", 100) { EffectiveAt = Day(1), ExpiresAt = Day(10) }, new("long", 100) { EffectiveAt = Day(1) }];
        var statement = CreditAccount.Run(grants, [Use(9, 30), Use(10, 30)], Day(31));
        Assert.Equal<Exact>([0, 70], statement.Balances);
        Assert.Equal<Exact>(70, statement.Lapsed);
        Assert.Equal(["short", "long"], statement.Burns.Select(b => b.Grant));
    }

    [Fact]
    public void The_order_is_priority_expiry_creation_and_can_be_another()
    {
        Grant[] grants =
        [
            new("paid", 10) { Priority = 1, Kind = GrantKind.Purchased, CostBasis = 1, CreatedAt = Day(1) },
            new("late", 10) { Priority = 2, ExpiresAt = Day(31), CreatedAt = Day(1) },
            new("soon", 10) { Priority = 2, ExpiresAt = Day(20), CreatedAt = Day(2) },
        ];
        IEnumerable<string> Order(BurnOrder? order) => CreditAccount.Run(grants, [Use(3, 30)], Day(3), order).Burns.Select(b => b.Grant);
        Assert.Equal(["paid", "soon", "late"], Order(null));
        Assert.Equal(["late", "soon", "paid"], Order(new(BurnKey.CostBasis, BurnKey.Created)));
        Assert.Equal(["soon", "late", "paid"], Order(new(BurnKey.GrantedFirst, BurnKey.Expiry)));
    }

    [Fact]
    public void A_burn_says_what_revenue_it_stands_for()
    {
        var statement = CreditAccount.Run([new("a", 100) { CostBasis = Exact.Parse("0.8") }], [Use(2, 50)], Day(2));
        Assert.Equal<Exact>(40, statement.Burns.Single().Revenue);
    }

    [Theory]
    [InlineData(OlderOverage.Deduct, 60, 0)]
    [InlineData(OlderOverage.Keep, 100, 40)]
    public void A_new_grant_covers_older_overage_or_not(OlderOverage older, int balance, int overage)
    {
        var statement = CreditAccount.Run([new("a", 100) { EffectiveAt = Day(5) }], [Use(2, 40)], Day(6), older: older);
        Assert.Equal<Exact>(balance, statement.Balance);
        Assert.Equal<Exact>(overage, statement.Overage);
    }

    [Fact]
    public void A_monthly_grant_rolls_over_within_its_limit()
    {
        var monthly = new Grant("m", 100) { EffectiveAt = Timestamp.From(new(2026, 1, 31, 0, 0, 0, TimeSpan.Zero)), Rollover = new(0, 30) };
        var april = Timestamp.From(new(2026, 4, 1, 0, 0, 0, TimeSpan.Zero));
        var grants = Recurrence.EveryMonths(1).Expand(monthly, april);
        Assert.Equal(["2026-01-31", "2026-02-28", "2026-03-31"], grants.Select(g => g.EffectiveAt.ToString()[..10]));
        var statement = CreditAccount.Run(grants, [new(Timestamp.From(new(2026, 2, 1, 0, 0, 0, TimeSpan.Zero)), 20)], april);
        Assert.Equal<Exact>(130, statement.Balance);
        Assert.Equal<Exact>(50 + 100, statement.Lapsed);
    }

    [Fact]
    public void Nothing_is_lost_between_grants_burns_lapses_and_balances()
    {
        const int Seed = 20260402;
        var random = new Random(Seed);
        for (var i = 0; i < 500; i++)
        {
            var grants = Enumerable.Range(0, 1 + random.Next(5)).Select(g => new Grant($"{g}", random.Next(100))
            {
                Priority = random.Next(3), EffectiveAt = Day(1 + random.Next(10)), ExpiresAt = random.Next(2) == 0 ? Day(11 + random.Next(15)) : null,
            }).ToList();
            var uses = Enumerable.Range(0, random.Next(6)).Select(_ => Use(1 + random.Next(28), random.Next(80))).ToList();
            var s = CreditAccount.Run(grants, uses, Day(30));
            Assert.True(Exact.Sum(grants.Select(g => g.Amount)) == s.Balance + s.Burned + s.Lapsed, $"seed {Seed}, case {i}");
            Assert.True(Exact.Sum(uses.Select(u => u.Amount)) == s.Burned + s.Overage, $"seed {Seed}, case {i}");
        }
    }

    [Fact]
    public void An_account_gone_on_with_from_its_state_ends_where_one_played_at_once_ends()
    {
        const int Seed = 20260403;
        var random = new Random(Seed);
        for (var i = 0; i < 500; i++)
        {
            var grants = Enumerable.Range(0, 1 + random.Next(6)).Select(g => new Grant($"{g}", random.Next(100))
            {
                Priority = random.Next(3), EffectiveAt = Day(1 + random.Next(10)), ExpiresAt = random.Next(2) == 0 ? Day(5 + random.Next(15)) : null, Rollover = random.Next(2) == 0 ? new(0, 20) : null,
            }).Append(new Grant("a", 50) { EffectiveAt = Day(3), ExpiresAt = Day(12), Rollover = new(5, 30), Successor = "b" }).Append(new Grant("b", 10) { EffectiveAt = Day(12) }).ToList();
            var uses = Enumerable.Range(0, random.Next(12)).Select(_ => Use(1 + random.Next(28), random.Next(60))).OrderBy(u => u.At).ToList();
            var reset = new CreditReset(new(Day(8 + random.Next(4)).Micros + 1), random.Next(2) == 0);
            var older = (OlderOverage)random.Next(2);
            var whole = CreditAccount.Run(grants, uses, Day(30), older: older, resets: [reset]);

            var state = CreditState.Empty;
            var burns = new List<CreditBurn>();
            void Go(Action<CreditAccount> step)
            {
                var account = new CreditAccount(null, older, state);
                step(account);
                burns.AddRange(account.Burns);
                state = account.State();
            }
            Go(a => a.Add(grants));
            foreach (var use in uses.Where(u => u.At < reset.At)) Go(a => a.Use(use));
            Go(a => a.Reset(reset));
            foreach (var use in uses.Where(u => u.At >= reset.At)) Go(a => a.Use(use));
            Go(a => a.Advance(Day(30)));
            Assert.True(whole.Balance == state.Balance && whole.Overage == state.Overage && whole.Lapsed == state.Lapsed, $"seed {Seed}, case {i}");
            Assert.Equal(whole.Burns, burns);
        }
    }
}
