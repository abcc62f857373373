namespace Streams.Rating.Pricing;

/// <summary>What is given back of a billed amount, with the tax on it.</summary>
public sealed record CreditNote(Exact Amount, Exact Tax)
{
    public Exact Total => Amount + Tax;

    /// <summary>For the unused share of a line; amount and tax are rounded each, the tax from the rounded amount.</summary>
    public static CreditNote Unused(Exact amount, Exact unusedShare, Exact taxPercent, Rounding rounding)
    {
        var item = Prorated.Flat(amount, unusedShare, rounding);
        return new(item, rounding.Apply(item * Exact.Percent(taxPercent)));
    }

    /// <summary>What may be given back: no more than was paid, less what was given back already, and never below zero.</summary>
    public static Exact Limit(Exact wanted, Exact paid, Exact givenBefore) => Exact.Max(Exact.Min(wanted, Exact.Min(paid, paid - givenBefore)), Exact.Zero);
}
