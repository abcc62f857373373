namespace Streams.Rating.Pricing;

/// <summary>What a threshold measures.</summary>
public enum ThresholdScope
{
    /// <summary>Spending since the billing period began.</summary>
    Period,

    /// <summary>Spending since the contract began.</summary>
    Lifetime,
}

/// <summary>
/// Billing before the period ends, when spending reaches an amount (inclusive): rising thresholds, and every <see cref="Recurring"/> beyond the last of them.
/// </summary>
public sealed record ThresholdBilling
{
    public ThresholdBilling(IReadOnlyList<Exact> thresholds, Exact? recurring = null, ThresholdScope scope = ThresholdScope.Lifetime)
    {
        var check = new TermsCheck();
        check.That(thresholds.Count > 0 || recurring is not null, "thresholds", "LIST_EMPTY", "is empty");
        check.That(thresholds.Count <= TermsCheck.MaxItems, "thresholds", "LIST_TOO_LONG", $"has more than {TermsCheck.MaxItems} entries");
        check.Rising("thresholds", "", thresholds.Select(t => (Exact?)t).ToList());
        check.Positive("recurring", recurring);
        check.Done();
        (Thresholds, Recurring, Scope) = (thresholds.ToArray(), recurring, scope);
    }

    public IReadOnlyList<Exact> Thresholds { get; }

    public Exact? Recurring { get; }

    public ThresholdScope Scope { get; }

    /// <summary>The highest threshold that spending reached by growing; null where it reached none. It is time for a document of what is not billed yet.</summary>
    public Exact? Reached(Exact before, Exact after)
    {
        var last = Thresholds.Count == 0 ? Exact.Zero : Thresholds[^1];
        if (Recurring is { } step && after >= last + step)
        {
            var highest = last + (after - last).Count(step, RoundingMode.Floor) * step;
            if (highest > before) return highest;
        }
        for (var i = Thresholds.Count - 1; i >= 0; i--)
        {
            if (Thresholds[i] <= after) return Thresholds[i] > before ? Thresholds[i] : null;
        }
        return null;
    }
}
