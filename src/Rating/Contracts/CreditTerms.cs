using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>Prepaid credit of a version: what is given, and how it burns.</summary>
public sealed record CreditTerms
{
    public static CreditTerms None { get; } = new();

    public IReadOnlyList<GrantTerms> Grants { get; init; } = [];

    public BurnOrder BurnOrder { get; init; } = BurnOrder.Default;

    public OlderOverage OlderOverage { get; init; } = OlderOverage.Deduct;
}

/// <summary>
/// Credit that the customer is given or buys: an amount of the contract's currency, or units of <see cref="Meter"/>. Its id differs from all others of the contract;
/// a later version does not give it again.
/// </summary>
public sealed record GrantTerms(string Id, Exact Amount)
{
    /// <summary>Null: money.</summary>
    public string? Meter { get; init; }

    /// <summary>Ids of the charges that it pays; null: all.</summary>
    public IReadOnlyList<string>? Charges { get; init; }

    /// <summary>The lowest burns first.</summary>
    public int Priority { get; init; }

    public GrantKind Kind { get; init; }

    /// <summary>What one of it cost the customer.</summary>
    public Exact CostBasis { get; init; }

    /// <summary>Null: from the version's start.</summary>
    public Timestamp? From { get; init; }

    /// <summary>Null: never. Of one that comes again: when it comes no more.</summary>
    public Timestamp? Expires { get; init; }

    public Rollover? RollOver { get; init; }

    /// <summary>Null: given once.</summary>
    public Recurrence? Recurrence { get; init; }

    public bool Pays(string charge) => Charges is null || Charges.Contains(charge, StringComparer.Ordinal);

    /// <summary>
    /// The grants that are given before <paramref name="until"/>: one, or one each time it comes again while its version is in force. Months are counted on the
    /// contract's calendar, so that one given at midnight is given at midnight whatever the clocks do.
    /// </summary>
    /// <exception cref="PricingException">It comes again more than 10,000 times.</exception>
    public IReadOnlyList<Grant> Expand(ContractVersion version, ZoneClock zone, Timestamp until)
    {
        var start = From ?? version.From;
        if (start >= until) return [];
        var first = new Grant(Id, Amount) { Priority = Priority, Kind = Kind, CostBasis = CostBasis, CreatedAt = start, EffectiveAt = start, ExpiresAt = Expires, Rollover = RollOver };
        if (Recurrence is null) return [first];
        var end = Earliest(until, Earliest(version.To ?? until, Expires ?? until));
        var grants = new List<Grant>();
        for (var n = 0; Time(start, n, zone) is var at && at < end; n++)
        {
            if (n == TermsCheck.MaxItems) throw new PricingException("recurrence", $"comes more than {TermsCheck.MaxItems} times");
            var next = Time(start, n + 1, zone);
            grants.Add(first with { Id = $"{Id}#{n + 1}", CreatedAt = at, EffectiveAt = at, ExpiresAt = next, Successor = next < end ? $"{Id}#{n + 2}" : null });
        }
        return grants;
    }

    Timestamp Time(Timestamp start, int n, ZoneClock zone)
    {
        if (Recurrence!.Months == 0) return Recurrence.At(start, n);
        var day = zone.DateOf(start);
        return new(zone.StartOf(Recurrence.At(day, n)).Micros + (start.Micros - zone.StartOf(day).Micros));
    }

    static Timestamp Earliest(Timestamp a, Timestamp b) => a < b ? a : b;
}
