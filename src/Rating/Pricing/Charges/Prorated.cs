using Streams.Rating.Periods;

namespace Streams.Rating.Pricing;

/// <summary>The two legs of a change in mid-period, each rounded by itself: what is given back of the old (negative) and asked for the new.</summary>
public readonly record struct ProratedChange(Exact Credit, Exact Charge)
{
    public Exact Net => Credit + Charge;
}

/// <summary>Shares of a period and what they cost. A share is an exact fraction; only amounts are rounded.</summary>
public static class Prorated
{
    /// <summary>So many of so many days (or seconds).</summary>
    public static Exact Share(long part, long whole)
    {
        if (whole <= 0) throw new PricingException("period", $"has {whole} days or seconds");
        if (part < 0 || part > whole) throw new PricingException("part", $"{part} is not between 0 and the period's {whole}");
        return (Exact)part / whole;
    }

    /// <summary>The share as it was counted on the calendar (<see cref="Shares.Of"/>).</summary>
    public static Exact Share(Share counted) => Share(counted.Numerator, counted.Denominator);

    /// <summary>A fee's share, rounded.</summary>
    public static Exact Flat(Exact amount, Exact share, Rounding rounding, Trail? trail = null)
    {
        var part = amount * share;
        trail?.Add(new(StepKind.Proration, "share of the period", amount, share, part));
        return new Calculation(trail).Rounded(rounding, part);
    }

    /// <summary>A fee that changes with <paramref name="remaining"/> of the period to come.</summary>
    public static ProratedChange Change(Exact oldAmount, Exact newAmount, Exact remaining, Rounding rounding, Trail? trail = null) =>
        new(-Flat(oldAmount, remaining, rounding, trail), Flat(newAmount, remaining, rounding, trail));
}
