using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using Streams.Schemas;

namespace Streams.Rating.Invoicing;

/// <summary>Why a document is written.</summary>
public enum InvoiceKind
{
    /// <summary>What is due when the contract begins.</summary>
    Opening,

    /// <summary>Spending reached a threshold in mid-period.</summary>
    Threshold,

    /// <summary>The period has ended.</summary>
    Period,

    /// <summary>Usage or terms of a closed period have changed: the differences.</summary>
    Correction,

    /// <summary>What the running period would cost if it ended with the usage known; nothing is booked.</summary>
    Preview,
}

/// <summary>An amount that a coupon took from a document.</summary>
public sealed record CouponUse(string Coupon, Exact Amount);

/// <summary>
/// A document and its sums: net = subtotal - coupons + adjustment; total = net + tax - credit - carried + carried forward.
/// A total is never below zero: what a customer is owed is carried forward (<see cref="CarriedForward"/>) and pays later documents (<see cref="Carried"/>).
/// </summary>
public sealed record InvoiceDocument
{
    /// <summary>Contract, period, kind and, where there can be several, a number: the same input gives the same id.</summary>
    public required string Id { get; init; }

    public required InvoiceKind Kind { get; init; }

    public required string Contract { get; init; }

    public required string Customer { get; init; }

    public required string Payer { get; init; }

    public required string Currency { get; init; }

    /// <summary>The billing period in which it is booked, counted from 0.</summary>
    public required int Ordinal { get; init; }

    /// <summary>That period, as far as the contract holds in it.</summary>
    public required TimeWindow Period { get; init; }

    /// <summary>The moment that it was due by the contract; no clock is read.</summary>
    public required Timestamp At { get; init; }

    /// <summary>The document whose lines it corrects.</summary>
    public string? Corrects { get; init; }

    public required IReadOnlyList<InvoiceLine> Lines { get; init; }

    /// <summary>The lines' amounts added up, rounded as the contract says.</summary>
    public required Exact SubTotal { get; init; }

    /// <summary>In the order in which they apply, with the decimals that the contract keeps of their shares.</summary>
    public IReadOnlyList<CouponUse> Coupons { get; init; } = [];

    /// <summary>The coupons added up, rounded as the contract says.</summary>
    public Exact CouponTotal { get; init; }

    /// <summary>What the document's minimum added or (below zero) its maximum took.</summary>
    public Exact Adjustment { get; init; }

    public Exact Tax { get; init; }

    /// <summary>Credit burned from grants, in order.</summary>
    public IReadOnlyList<CreditBurn> Burns { get; init; } = [];

    /// <summary>What earlier documents owed and this one is paid with.</summary>
    public Exact Carried { get; init; }

    /// <summary>What this document owes, to be paid with later ones.</summary>
    public Exact CarriedForward { get; init; }

    /// <summary>The document's own steps (coupons, limits, tax), where they were asked for; no part of its bytes.</summary>
    public IReadOnlyList<PricingStep>? Steps { get; init; }

    public Exact Net => SubTotal - CouponTotal + Adjustment;

    public Exact Credit => Exact.Sum(Burns.Select(b => b.Amount));

    public Exact Total => Net + Tax - Credit - Carried + CarriedForward;

    public InvoiceLine? Line(string key) => Lines.FirstOrDefault(l => l.Key == key);
}
