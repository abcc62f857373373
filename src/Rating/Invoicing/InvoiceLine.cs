using Streams.Rating.Periods;
using Streams.Rating.Pricing;

namespace Streams.Rating.Invoicing;

/// <summary>What a line is for.</summary>
public enum LineKind
{
    Usage,

    Recurring,

    OneOff,

    /// <summary>What fees left open of a commitment.</summary>
    TrueUp,
}

/// <summary>
/// A line of a document. <paramref name="Key"/> names it for good: the charge and the beginning of what it is for; a line that corrects another has the other's key.
/// </summary>
public sealed record InvoiceLine(string Key, LineKind Kind, string Charge)
{
    public required string Product { get; init; }

    public required string Description { get; init; }

    /// <summary>Null: no usage.</summary>
    public string? Meter { get; init; }

    public string? Unit { get; init; }

    /// <summary>The time that it is for.</summary>
    public required TimeWindow Service { get; init; }

    /// <summary>The contract's version that its terms come from.</summary>
    public required int Version { get; init; }

    /// <summary>What was priced; for a line that corrects another, what was added or (below zero) taken away.</summary>
    public Exact Quantity { get; init; }

    /// <summary>Units besides <see cref="Quantity"/> that grants of units paid for.</summary>
    public Exact Covered { get; init; }

    /// <summary>Before the line was rounded.</summary>
    public Exact Unrounded { get; init; }

    /// <summary>As billed. Not rounded where the contract rounds documents only.</summary>
    public Exact Amount { get; init; }

    public IReadOnlyList<Exact> TaxPercents { get; init; } = [];

    /// <summary>The calculation, where it was asked for; it is no part of the document's bytes.</summary>
    public IReadOnlyList<PricingStep>? Steps { get; init; }

    internal static string KeyOf(string charge, TimeWindow service) => $"{charge}@{service.Start}";

    /// <summary>What this line changes on another of the same key, or (null) on none.</summary>
    internal InvoiceLine Less(InvoiceLine? other) => other is null ? this : this with
    {
        Quantity = Quantity - other.Quantity, Covered = Covered - other.Covered, Unrounded = Unrounded - other.Unrounded, Amount = Amount - other.Amount,
    };

    /// <summary>The line that takes this one back.</summary>
    internal InvoiceLine Reversed() => this with { Quantity = -Quantity, Covered = -Covered, Unrounded = -Unrounded, Amount = -Amount, Steps = null };
}

/// <summary>Differences of lines by key.</summary>
static class LineDifferences
{
    /// <summary>What to book so that lines already booked become those expected: in the order of the expected, then those no longer expected. Lines without a difference are left out.</summary>
    public static IEnumerable<InvoiceLine> Of(IReadOnlyList<InvoiceLine> expected, IReadOnlyList<InvoiceLine> booked)
    {
        var known = booked.ToDictionary(l => l.Key, StringComparer.Ordinal);
        foreach (var line in expected)
        {
            var difference = line.Less(known.GetValueOrDefault(line.Key));
            if (!difference.Amount.IsZero || !difference.Quantity.IsZero || !difference.Covered.IsZero) yield return difference;
            known.Remove(line.Key);
        }
        foreach (var line in booked)
        {
            if (known.ContainsKey(line.Key) && !(line.Amount.IsZero && line.Quantity.IsZero && line.Covered.IsZero)) yield return line.Reversed();
        }
    }
}
