using Streams.Schemas;

namespace Streams.Aggregators.Rating.Pricing;

/// <summary>How the days between two dates are counted.</summary>
public enum DayCount
{
    /// <summary>The end does not count: 17 to 31 March has 14 days, and the parts of a period add up to it.</summary>
    HalfOpen,

    /// <summary>Beginning and end count: 15 days. For contracts that say so; with an end that is the next period's first day a month gets a day too many.</summary>
    BothEnds,
}

/// <summary>The two legs of a change in mid-period, each rounded by itself: what is given back of the old (negative) and asked for the new.</summary>
public readonly record struct ProratedChange(Exact Credit, Exact Charge)
{
    public Exact Net => Credit + Charge;
}

/// <summary>Shares of a period and what they cost. A share is an exact fraction; only amounts are rounded.</summary>
public static class Prorated
{
    /// <summary>Days by the local calendar, whatever the clocks do: a day of 23 or 25 hours is a day.</summary>
    public static int Days(DateOnly from, DateOnly to, DayCount count = DayCount.HalfOpen)
    {
        if (to < from) throw new PricingException("to", "lies before from");
        return to.DayNumber - from.DayNumber + (count == DayCount.BothEnds ? 1 : 0);
    }

    /// <summary>The share that a part of a period has of it, by days.</summary>
    public static Exact Share(DateOnly from, DateOnly to, DateOnly periodFrom, DateOnly periodTo, DayCount count = DayCount.HalfOpen)
    {
        if (from < periodFrom || to > periodTo) throw new PricingException("from", "lies outside of the period");
        return Share(Days(from, to, count), Days(periodFrom, periodTo, count));
    }

    /// <summary>The share that a part of a period has of it, by elapsed time: seconds and their fractions.</summary>
    public static Exact Share(Timestamp from, Timestamp to, Timestamp periodFrom, Timestamp periodTo)
    {
        if (from < periodFrom || to > periodTo || to < from) throw new PricingException("from", "lies outside of the period");
        return Share(to.Micros - from.Micros, periodTo.Micros - periodFrom.Micros);
    }

    /// <summary>So many of so many days (or seconds).</summary>
    public static Exact Share(long part, long whole)
    {
        if (whole <= 0) throw new PricingException("period", $"has {whole} days or seconds");
        if (part < 0 || part > whole) throw new PricingException("part", $"{part} is not between 0 and the period's {whole}");
        return (Exact)part / whole;
    }

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
