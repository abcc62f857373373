using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Tests.Examples;

/// <summary>Prepaid credit and grants.</summary>
public sealed partial class RatingExamples
{
    static readonly Timestamp Start = Timestamp.From(new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero));

    static Timestamp Days(int days) => new(Start.Micros + days * TimeSpan.TicksPerDay / TimeSpan.TicksPerMicrosecond);

    [SkippableTheory, MemberData(nameof(Of), "credit_burndown")]
    public void Credit_burndown(string id)
    {
        var example = Read(id);
        var grants = example.Params.Objects("grants").Select((g, i) => new Grant($"{i}", g.Number("amount"))
        {
            Priority = g.Has("priority") ? g.Int("priority") : 0, ExpiresAt = g.OptionalTime("expiresAt"), CreatedAt = g.OptionalTime("createdAt") ?? default,
        }).ToList();
        var uses = example.Usage.Has("steps") ? example.Usage.Numbers("steps") : [example.Usage.Number("consume")];
        Assert.Equal(example.Usage.Number("consume"), Exact.Sum(uses));
        var statement = CreditAccount.Run(grants, uses.Select(u => new CreditUse(Start, u)).ToList(), Start);
        example.Equal("balances", statement.Balances);
        example.Equal("uncovered", statement.Overage);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "credit_burndown_scale")]
    public void Credit_burndown_scale(string id)
    {
        var example = Read(id);
        Skip.IfNot(example.Params.Text("grants") == "100000 grants of 100, all expire after 30 days except one after 29 days", "the grants are words");
        const int Seed = 20240101;
        var order = Enumerable.Range(0, 100_000).ToArray();
        new Random(Seed).Shuffle(order);
        var grants = order.Select(i => new Grant($"{i}", 100) { ExpiresAt = Days(i == 0 ? 29 : 30) }).ToList();
        var statement = CreditAccount.Run(grants, [new(Days(1), example.Usage.Number("consume"))], Days(1));
        var soonest = Array.IndexOf(order, 0);
        example.Equal("soonestExpiringBalance", statement.Balances[soonest]);
        Assert.All(statement.Balances.Where((_, i) => i != soonest), balance => Assert.Equal(example.Expected.Number("allOthers"), balance));
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "credit_expiry")]
    public void Credit_expiry(string id)
    {
        var example = Read(id);
        var grants = example.Params.Objects("grants").Select((g, i) => new Grant($"{i}", g.Number("amount")) { EffectiveAt = Start, ExpiresAt = g.Flag("expires") ? Days(30) : null }).ToList();
        var statement = CreditAccount.Run(grants, [new(Days(1), example.Usage.Number("consume"))], Days(30));
        example.Equal("expired", statement.Lapsed);
        example.Equal("balance", statement.Balance);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "credit_lifecycle")]
    public void Credit_lifecycle(string id)
    {
        var example = Read(id);
        var grants = example.Params.Objects("grants").Select((g, i) => new Grant($"{i}", g.Number("amount"))
        {
            EffectiveAt = g.Time("effectiveAt"), VoidedAt = g.OptionalTime("deletedAt") ?? g.OptionalTime("voidedAt"),
        }).ToList();
        var statement = CreditAccount.Run(grants, Uses(example), Days(365));
        example.Equal("balance", statement.Balance);
        example.Equal("overage", statement.Overage);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "credit_retroactive")]
    public void Credit_retroactive(string id)
    {
        var example = Read(id);
        var grants = example.Params.Objects("grants").Select((g, i) => new Grant($"{i}", g.Number("amount")) { EffectiveAt = g.Time("effectiveAt") }).ToList();
        example.Equal("balance", CreditAccount.Run(grants, Uses(example), Days(365), older: OlderOverage.Deduct).Balance);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "credit_recurring")]
    public void Credit_recurring(string id)
    {
        var example = Read(id);
        var at = example.Usage.Time("evaluateAt");
        var grants = example.Params.Objects("grants").SelectMany((g, i) =>
        {
            Skip.IfNot(g.Text("recurrence") == "P1D", "only days recur here");
            return Recurrence.Every(TimeSpan.FromDays(1)).Expand(new($"{i}", g.Number("amount")) { EffectiveAt = g.Time("anchor") }, at);
        }).ToList();
        example.Equal("balance", CreditAccount.Run(grants, Uses(example), at).Balance);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "credit_rollover")]
    public void Credit_rollover(string id)
    {
        var example = Read(id);
        var rollover = new Rollover(example.Params.Number("resetMinRollover"), example.Params.Number("resetMaxRollover"));
        var grant = new Grant("0", example.Params.Number("grant")) { EffectiveAt = Start, Rollover = rollover };
        var resets = new[] { new CreditReset(Days(2), example.Params.Flag("preserveOverage")) };
        example.Equal("balanceAfterReset", CreditAccount.Run([grant], [new(Days(1), example.Usage.Number("consumeBeforeReset"))], Days(2), resets: resets).Balance);
        example.EverythingRead();
    }

    [SkippableTheory, MemberData(nameof(Of), "wallet_sequence")]
    public void Wallet_sequence(string id)
    {
        var example = Read(id);
        var uses = example.Usage.Numbers("consume").Select((amount, i) => new CreditUse(Days(i + 1), amount)).ToList();
        var grant = new Grant("0", example.Params.Number("opening")) { EffectiveAt = Start };
        example.Equal("balances", uses.Select(u => CreditAccount.Run([grant], uses, u.At).Balance));
        example.EverythingRead();
    }

    static List<CreditUse> Uses(Example example) => example.Usage.Objects("events").Select(e => new CreditUse(e.Time("at"), e.Number("value"))).ToList();
}
