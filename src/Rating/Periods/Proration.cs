using Streams.Schemas;

namespace Streams.Rating.Periods;

/// <summary>How a contract counts the part of a period.</summary>
public enum Proration
{
    /// <summary>
    /// Dates, the end's not counted: 15 March to 1 April is 17 of 31 days. Where a period is cut in mid-day, the date counts to the part behind the cut;
    /// so the parts of a period always add up to it.
    /// </summary>
    Days,

    /// <summary>
    /// Dates touched, the first and the last both counted. Parts cut at midnight count as by <see cref="Days"/>; a date cut in mid-day counts to both parts,
    /// which then add up to more than the period.
    /// </summary>
    DaysBothEnds,

    /// <summary>Elapsed time, also its fractions of a second; a day of 23 hours counts 23 hours. The parts of a period always add up to it.</summary>
    Seconds,
}

/// <summary>An exact share, not reduced, so that it can be shown as it was counted: 15/31.</summary>
public readonly record struct Share(long Numerator, long Denominator)
{
    public override string ToString() => $"{Numerator}/{Denominator}";
}

public static class Shares
{
    /// <summary>
    /// The share of a period that a part of it makes up. Days are dates of the zone's calendar; a date that the zone skipped (Pacific/Apia, 2011-12-30) counts
    /// as a day as it does on paper.
    /// </summary>
    /// <exception cref="ArgumentException">An empty part, or one that is not within the period.</exception>
    public static Share Of(TimeWindow part, TimeWindow period, Proration rule, ZoneClock zone)
    {
        if (part.IsEmpty || !period.Contains(part)) throw new ArgumentException($"{part} is not a part of {period}", nameof(part));
        return new(Count(part, rule, zone), Count(period, rule, zone));
    }

    static long Count(TimeWindow span, Proration rule, ZoneClock zone) => rule switch
    {
        Proration.Days => zone.DateOf(span.End).DayNumber - zone.DateOf(span.Start).DayNumber,
        Proration.DaysBothEnds => zone.DateOf(new(span.End.Micros - 1)).DayNumber - zone.DateOf(span.Start).DayNumber + 1,
        Proration.Seconds => span.Micros,
        _ => throw new ArgumentOutOfRangeException(nameof(rule), rule, "Not a rule of proration"),
    };
}
