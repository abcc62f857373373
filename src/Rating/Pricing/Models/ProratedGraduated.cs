namespace Streams.Rating.Pricing;

/// <summary>Units added (or removed: negative) in the period, and what they count for, e.g. 1 seat for 22 of 31 days as 0.7097.</summary>
public readonly record struct ProratedUnits(Exact Full, Exact Prorated);

/// <summary>
/// Graduated prices of units that count for part of the period: the running number of full units chooses the tier, the prorated units are priced; a change across
/// a tier's end is split in proportion. Flat fees are due up to the highest level reached. The whole is never below zero.
/// </summary>
public sealed record ProratedGraduated
{
    public ProratedGraduated(IReadOnlyList<PriceTier> tiers, bool flatAtZeroUsage = false) => (Tiers, FlatAtZeroUsage) = (PriceTiers.Checked(tiers), flatAtZeroUsage);

    public IReadOnlyList<PriceTier> Tiers { get; }

    public bool FlatAtZeroUsage { get; }

    public Exact Price(IReadOnlyList<ProratedUnits> changes, in Calculation calculation)
    {
        var (sum, level, highest) = (Exact.Zero, Exact.Zero, Exact.Zero);
        foreach (var change in changes)
        {
            var next = level + change.Full;
            sum += Change(level, next, change.Prorated, calculation);
            level = next;
            highest = Exact.Max(highest, level);
        }
        sum += FlatFees(highest, calculation);
        if (sum.Sign >= 0) return sum;
        calculation.Trail?.Add(StepKind.Minimum, "not below zero", Exact.Zero);
        return Exact.Zero;
    }

    Exact Change(Exact from, Exact to, Exact prorated, in Calculation calculation)
    {
        if (from == to) return Part(PriceTiers.Reached(Tiers, Exact.Max(from, Exact.Zero)), prorated, calculation);
        var (low, high) = from < to ? (from, to) : (to, from);
        var sum = Exact.Zero;
        for (var i = 0; i < Tiers.Count; i++)
        {
            // What lies below zero units is priced as the first tier.
            var start = i == 0 ? low : Exact.Max(low, Tiers[i - 1].UpTo!.Value);
            var end = Tiers[i].UpTo is { } upTo ? Exact.Min(high, upTo) : high;
            if (end > start) sum += Part(i, prorated * (end - start) / (high - low), calculation);
        }
        return Tiers[^1].UpTo is { } last && high > last ? throw PriceTiers.Beyond(high, last) : sum;
    }

    Exact FlatFees(Exact highest, Calculation calculation)
    {
        var sum = Exact.Zero;
        if (highest.IsZero && !FlatAtZeroUsage) return sum;
        var reached = PriceTiers.Reached(Tiers, highest);
        for (var i = 0; i <= reached; i++)
        {
            if (!Tiers[i].Flat.IsZero) sum += calculation.Part(StepKind.FlatFee, null, null, Tiers[i].Flat, calculation.Records ? $"flat fee of {PriceTiers.Name(Tiers, i)}" : "");
        }
        return sum;
    }

    Exact Part(int tier, Exact prorated, Calculation calculation) =>
        calculation.Part(StepKind.Tier, prorated, Tiers[tier].Unit, calculation.Records ? PriceTiers.Name(Tiers, tier) : "");
}
