using Streams.Schemas;

namespace Streams.Rating.Pricing;

/// <summary>Where credit comes from.</summary>
public enum GrantKind
{
    /// <summary>Given: it cost the customer nothing.</summary>
    Granted,

    /// <summary>Paid for in advance.</summary>
    Purchased,
}

/// <summary>What goes over when a balance is reset or a grant is followed by the next: at least <paramref name="Minimum"/>, at most <paramref name="Maximum"/>.</summary>
public sealed record Rollover(Exact Minimum, Exact Maximum)
{
    public Exact Apply(Exact balance) => Exact.Min(Maximum, Exact.Max(balance, Minimum));
}

/// <summary>
/// Credit of <paramref name="Amount"/> (money or units) from <see cref="EffectiveAt"/> until <see cref="ExpiresAt"/> (exclusive), burned in the order of
/// <see cref="BurnOrder"/>.
/// </summary>
public sealed record Grant(string Id, Exact Amount)
{
    /// <summary>The lowest burns first.</summary>
    public int Priority { get; init; }

    public GrantKind Kind { get; init; }

    /// <summary>What one of it cost the customer: 0 for what was given, 0.8 for a fifth off. Each burn says what revenue it stands for.</summary>
    public Exact CostBasis { get; init; }

    public Timestamp CreatedAt { get; init; }

    public Timestamp EffectiveAt { get; init; }

    public Timestamp? ExpiresAt { get; init; }

    /// <summary>What is left at this time is taken back, and does not roll over.</summary>
    public Timestamp? VoidedAt { get; init; }

    /// <summary>Null: nothing goes over.</summary>
    public Rollover? Rollover { get; init; }

    /// <summary>The grant that what rolls over at the expiry is added to.</summary>
    public string? Successor { get; init; }

    internal Timestamp? EndsAt => VoidedAt is { } voided && (ExpiresAt is not { } expiry || voided < expiry) ? voided : ExpiresAt;
}

/// <summary>What the order of burning looks at.</summary>
public enum BurnKey
{
    Priority,

    /// <summary>The soonest first; what never expires last.</summary>
    Expiry,

    /// <summary>What was given before what was paid for.</summary>
    GrantedFirst,

    /// <summary>The cheapest first.</summary>
    CostBasis,

    /// <summary>The oldest first.</summary>
    Created,
}

/// <summary>By which keys grants burn, one after the other; grants equal in all of them burn in the order in which they are listed.</summary>
public sealed record BurnOrder(params IReadOnlyList<BurnKey> Keys)
{
    public static BurnOrder Default { get; } = new(BurnKey.Priority, BurnKey.Expiry, BurnKey.Created);

    public int Compare(Grant a, Grant b)
    {
        foreach (var key in Keys)
        {
            var order = Compare(key, a, b);
            if (order != 0) return order;
        }
        return 0;
    }

    static int Compare(BurnKey key, Grant a, Grant b) => key switch
    {
        BurnKey.Priority => a.Priority.CompareTo(b.Priority),
        BurnKey.Expiry => (a.ExpiresAt?.Micros ?? long.MaxValue).CompareTo(b.ExpiresAt?.Micros ?? long.MaxValue),
        BurnKey.GrantedFirst => a.Kind.CompareTo(b.Kind),
        BurnKey.CostBasis => a.CostBasis.CompareTo(b.CostBasis),
        BurnKey.Created => a.CreatedAt.CompareTo(b.CreatedAt),
        _ => throw new ArgumentOutOfRangeException(nameof(key), key, "Unknown key"),
    };
}
