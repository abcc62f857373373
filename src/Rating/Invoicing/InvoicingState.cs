using System.Collections.Immutable;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Invoicing;

/// <summary>
/// What has run up for tiers, minimum and maximum that hold for more than a period: quantity and amount, in the year <paramref name="Year"/> of the contract
/// (0 for the whole term).
/// </summary>
public sealed record Accumulated(int Year, Exact Quantity, Exact Billed);

/// <summary>How far a usage line of the open period was billed by threshold documents.</summary>
public sealed record BilledPart(Exact Quantity, Exact Covered, Exact Amount);

/// <summary>What was billed of the open period before it ends.</summary>
public sealed record OpenPeriod
{
    static readonly ImmutableSortedDictionary<string, Exact> NoAmounts = ImmutableSortedDictionary.Create<string, Exact>(StringComparer.Ordinal);

    public static readonly OpenPeriod Untouched = new();

    /// <summary>Threshold documents so far.</summary>
    public int Thresholds { get; init; }

    /// <summary>By the lines' keys.</summary>
    public ImmutableSortedDictionary<string, BilledPart> Parts { get; init; } = ImmutableSortedDictionary.Create<string, BilledPart>(StringComparer.Ordinal);

    /// <summary>What coupons gave in this period's documents, by coupon.</summary>
    public ImmutableSortedDictionary<string, Exact> Coupons { get; init; } = NoAmounts;

    /// <summary>Of that, what they gave in the opening document.</summary>
    public ImmutableSortedDictionary<string, Exact> OpeningCoupons { get; init; } = NoAmounts;

    /// <summary>The net of the threshold documents.</summary>
    public Exact Net { get; init; }

    /// <summary>What grants of units paid for in the threshold documents, by meter.</summary>
    public IReadOnlyList<PaidUnits> Units { get; init; } = [];

    /// <summary>What usage cost when a threshold was last looked for.</summary>
    public Exact Spent { get; init; }
}

/// <summary>A closed period that can still be corrected: what its rating started from and what it came to, threshold documents included.</summary>
public sealed record ClosedPeriod
{
    public required int Ordinal { get; init; }

    /// <summary>The document that closed it.</summary>
    public required string Document { get; init; }

    /// <summary>Corrections so far.</summary>
    public int Corrections { get; init; }

    /// <summary>The period's documents were voided: it costs nothing until it is billed again.</summary>
    public bool Voided { get; init; }

    /// <summary>What had run up before it, by charge.</summary>
    public required ImmutableSortedDictionary<string, Accumulated> Before { get; init; }

    /// <summary>What had been billed in advance for it.</summary>
    public required IReadOnlyList<InvoiceLine> AdvanceBefore { get; init; }

    /// <summary>What its document billed in advance for the period behind it.</summary>
    public required IReadOnlyList<InvoiceLine> AdvanceBilled { get; init; }

    /// <summary>Units that grants paid for, by line; of a void period, when it was voided.</summary>
    public required ImmutableSortedDictionary<string, Exact> Covered { get; init; }

    /// <summary>What each grant paid of them and has not got back, by meter. Empty where there were no such grants, and in states that know <see cref="Covered"/> alone.</summary>
    public IReadOnlyList<PaidUnits> Units { get; init; } = [];

    /// <summary>What coupons had given before.</summary>
    public required ImmutableSortedDictionary<string, Exact> CouponsBefore { get; init; }

    /// <summary>The lines that rating all of it at once gives, with every correction booked so far.</summary>
    public required IReadOnlyList<InvoiceLine> Lines { get; init; }

    public required DocumentSums Sums { get; init; }
}

/// <summary>
/// Where the invoicing of a contract stands between two documents: an immutable value that can be stored (<see cref="InvoicingStateJson"/>). The same state, terms and
/// usage give the same documents.
/// </summary>
public sealed record InvoicingState
{
    public required string Contract { get; init; }

    /// <summary>The period that is open, counted from 0.</summary>
    public int Next { get; init; }

    /// <summary>By charge.</summary>
    public ImmutableSortedDictionary<string, Accumulated> Accumulated { get; init; } = ImmutableSortedDictionary.Create<string, Accumulated>(StringComparer.Ordinal);

    /// <summary>Lines billed in advance, for time that has not ended.</summary>
    public IReadOnlyList<InvoiceLine> Advance { get; init; } = [];

    public OpenPeriod Open { get; init; } = OpenPeriod.Untouched;

    /// <summary>Grants of money.</summary>
    public CreditState Credits { get; init; } = CreditState.Empty;

    /// <summary>Grants of units, by meter.</summary>
    public ImmutableSortedDictionary<string, CreditState> UnitCredits { get; init; } = ImmutableSortedDictionary.Create<string, CreditState>(StringComparer.Ordinal);

    /// <summary>How many times each grant was given.</summary>
    public ImmutableSortedDictionary<string, int> Granted { get; init; } = ImmutableSortedDictionary.Create<string, int>(StringComparer.Ordinal);

    /// <summary>What earlier documents owe the customer.</summary>
    public Exact Carried { get; init; }

    /// <summary>Fees billed since the contract began, by charge, for commitments of the term.</summary>
    public ImmutableSortedDictionary<string, Exact> Fees { get; init; } = ImmutableSortedDictionary.Create<string, Exact>(StringComparer.Ordinal);

    /// <summary>What usage of closed periods cost, for thresholds that count since the contract began.</summary>
    public Exact LifetimeSpent { get; init; }

    /// <summary>The periods that can still be corrected, in order.</summary>
    public IReadOnlyList<ClosedPeriod> Closed { get; init; } = [];

    /// <summary>Whether the contract's last period was closed.</summary>
    public bool Ended { get; init; }
}
