using Streams.Schemas;

namespace Streams.Rating.Pricing;

/// <summary>Usage (or fees) to be covered, at its time.</summary>
public sealed record CreditUse(Timestamp At, Exact Amount);

/// <summary>The balance starts anew: each grant keeps what its roll-over says. <paramref name="PreserveOverage"/>: what was used beyond all credit is taken from that; else it is forgotten here.</summary>
public sealed record CreditReset(Timestamp At, bool PreserveOverage);

/// <summary>What a grant that becomes effective does about usage that no credit covered before.</summary>
public enum OlderOverage
{
    /// <summary>It covers it first.</summary>
    Deduct,

    /// <summary>It covers only what comes after it.</summary>
    Keep,
}

/// <summary>An amount burned from one grant, and the revenue it stands for by the grant's cost basis.</summary>
public sealed record CreditBurn(Timestamp At, string Grant, Exact Amount, Exact Revenue);

/// <summary>Where an account stands: what each grant (in the order given) still holds, what expired or was taken back, and what no credit covered.</summary>
public sealed record CreditStatement(IReadOnlyList<Exact> Balances, IReadOnlyList<CreditBurn> Burns, Exact Lapsed, Exact Overage)
{
    public Exact Balance => Exact.Sum(Balances);

    public Exact Burned => Exact.Sum(Burns.Select(b => b.Amount));
}

/// <summary>A grant with what it holds and, before it begins (<paramref name="Active"/> is then false), what has rolled over into it.</summary>
public sealed record HeldGrant(Grant Terms, Exact Balance, Exact Carried, bool Active)
{
    /// <summary>It has ended, and <see cref="Balance"/> is what it held then: kept as long as usage of its time can be corrected.</summary>
    public bool Ended { get; init; }
}

/// <summary>
/// Where an account stands at a time, as a value that can be stored: its grants in the order in which they were given, what no credit covered, and what lapsed so far.
/// </summary>
public sealed record CreditState(Timestamp At, IReadOnlyList<HeldGrant> Grants, Exact Overage, Exact Lapsed)
{
    public static CreditState Empty { get; } = new(new(long.MinValue), [], Exact.Zero, Exact.Zero);

    public Exact Balance => Exact.Sum(Grants.Where(g => g.Active).Select(g => g.Balance));
}
