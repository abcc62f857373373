namespace Streams.Rating.Pricing;

/// <summary>Billing by differences: a run rates everything known and books what it differs from what is booked.</summary>
public static class Deltas
{
    /// <summary>What a run adds on the current period: its whole amount (rounded as the charge says) less what earlier runs booked.</summary>
    public static Exact Current(Charge charge, in LineUsage whole, Exact booked) => charge.Rate(whole).Amount - booked;

    /// <summary>
    /// What a run adds to each period: differences stay with the period that they belong to, so a late event of January is billed on January.
    /// </summary>
    /// <param name="charge">Whose tiers count through all the periods.</param>
    /// <param name="cumulative">The quantity up to the end of each period, as known to this run.</param>
    /// <param name="booked">What earlier runs booked on each of the first periods.</param>
    public static IReadOnlyList<Exact> PeriodPreserving(Charge charge, IReadOnlyList<Exact> cumulative, IReadOnlyList<Exact> booked)
    {
        if (booked.Count > cumulative.Count) throw new PricingException("booked", $"has {booked.Count} periods, the run has {cumulative.Count}");
        var deltas = new Exact[cumulative.Count];
        for (var i = 0; i < deltas.Length; i++)
        {
            var usage = i == 0 ? new LineUsage(cumulative[0]) : new LineUsage(cumulative[i], cumulative[i - 1]);
            deltas[i] = charge.Rate(usage).Amount - (i < booked.Count ? booked[i] : Exact.Zero);
        }
        return deltas;
    }
}
