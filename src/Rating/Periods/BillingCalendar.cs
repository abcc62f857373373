using Streams.Schemas;

namespace Streams.Rating.Periods;

/// <summary>
/// One billing period. <paramref name="Index"/> rises by one from period to period of a calendar; <paramref name="EndDay"/> is the day behind the last.
/// </summary>
public readonly record struct Period(int Index, DateOnly FirstDay, DateOnly EndDay, Timestamp Start, Timestamp End)
{
    public TimeWindow Window => new(Start, End);

    public bool Contains(Timestamp at) => at >= Start && at < End;
}

/// <summary>
/// Cuts time into billing periods of whole months in a time zone, without gap or overlap. A period begins at midnight of its anchor's day;
/// in a month that lacks the day, at midnight of the month's last day (an anchor of 31 January: 28 or 29 February, then 31 March).
/// <see cref="ZoneClock"/> says what midnight is where a clock skips or repeats it. Look-ups allocate nothing; safe for any number of threads.
/// </summary>
public sealed class BillingCalendar
{
    /// <summary>1 January of year 1: periods begin with the calendar's months, quarters and years.</summary>
    public static readonly DateOnly CalendarAnchor = DateOnly.MinValue;

    readonly int _anchorMonth;
    readonly BillingCalendar _months;

    /// <param name="months">Months of a period, 1 to 12.</param>
    /// <param name="anchor">A day on which a period begins. Periods reach as far before it as behind it.</param>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than 1 or more than 12 months.</exception>
    public BillingCalendar(ZoneClock zone, int months, DateOnly anchor)
    {
        if (months is < 1 or > 12) throw new ArgumentOutOfRangeException(nameof(months), months, "A billing period has 1 to 12 months");
        Zone = zone;
        Months = months;
        AnchorDay = anchor.Day;
        // Anchors that are a whole number of periods apart make the same calendar, with the same indices.
        _anchorMonth = MonthNumber(anchor) % months;
        _months = months == 1 ? this : new(zone, 1, anchor);
    }

    public ZoneClock Zone { get; }

    /// <summary>Months of a period.</summary>
    public int Months { get; }

    /// <summary>The day of the month on which periods begin, 1 to 31.</summary>
    public int AnchorDay { get; }

    public static BillingCalendar Monthly(ZoneClock zone, DateOnly? anchor = null) => new(zone, 1, anchor ?? CalendarAnchor);

    public static BillingCalendar Quarterly(ZoneClock zone, DateOnly? anchor = null) => new(zone, 3, anchor ?? CalendarAnchor);

    public static BillingCalendar Yearly(ZoneClock zone, DateOnly? anchor = null) => new(zone, 12, anchor ?? CalendarAnchor);

    /// <summary>The period an instant belongs to.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not within <see cref="ZoneClock.Supported"/>.</exception>
    public Period Of(Timestamp at)
    {
        var index = IndexAfter(at) - 1;
        var day = FirstDay(index);
        var start = Zone.StartOf(day);
        while (start > at)
        {
            index--;
            day = FirstDay(index);
            start = Zone.StartOf(day);
        }
        return Ended(index, day, start, at);
    }

    /// <summary>The period of an index.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A period that no supported instant belongs to.</exception>
    public Period At(int index)
    {
        // Far-off indices are refused before they meet the arithmetic of dates.
        if (index is < 0 or > 30_000) throw new ArgumentOutOfRangeException(nameof(index), index, "Not within the years 1970 to 2199");
        var (first, end) = (FirstDay(index), FirstDay(index + 1));
        return new(index, first, end, Zone.StartOf(first), Zone.StartOf(end));
    }

    public Period Next(Period period) => At(period.Index + 1);

    public Period Previous(Period period) => At(period.Index - 1);

    /// <summary>The period of an instant and those that follow, to the end of the supported years.</summary>
    public IEnumerable<Period> From(Timestamp at)
    {
        for (var period = Of(at); ; period = Next(period))
        {
            yield return period;
            if (period.End >= ZoneClock.Supported.End) yield break;
        }
    }

    /// <summary>
    /// The month around an instant, counted from the calendar's anchor day: months of the calendar when it is the first, else e.g. from the 15th to the 15th.
    /// So months always lie within periods.
    /// </summary>
    public TimeWindow MonthOf(Timestamp at) => _months.Of(at).Window;

    Period Ended(int index, DateOnly day, Timestamp start, Timestamp at)
    {
        var endDay = FirstDay(index + 1);
        var end = Zone.StartOf(endDay);
        // Where a clock goes back over the midnight between two periods, the hour shown again already belongs to the second.
        return end > at ? new(index, day, endDay, start, end) : At(index + 1);
    }

    /// <summary>The first period whose month lies behind the one that the clock shows.</summary>
    int IndexAfter(Timestamp at) => (MonthNumber(Zone.DateShown(at)) - _anchorMonth) / Months + 1;

    DateOnly FirstDay(int index)
    {
        var (year, month) = Math.DivRem(_anchorMonth + index * Months, 12);
        return new(year, month + 1, Math.Min(AnchorDay, DateTime.DaysInMonth(year, month + 1)));
    }

    static int MonthNumber(DateOnly date) => date.Year * 12 + date.Month - 1;
}
