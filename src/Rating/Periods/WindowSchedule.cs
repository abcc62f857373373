using Streams.Schemas;

namespace Streams.Rating.Periods;

/// <summary>What a meter's values are gathered by.</summary>
public enum WindowSize
{
    Minute,
    Hour,
    Day,
    Month,
    Period,
}

/// <summary>
/// The windows of one size in a contract's calendar and zone. They follow each other without gap or overlap, and none crosses the end of a billing period.
/// </summary>
public sealed class WindowSchedule(BillingCalendar calendar, WindowSize size)
{
    public BillingCalendar Calendar { get; } = calendar;

    public WindowSize Size { get; } = size;

    /// <summary>The window an instant belongs to.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Not within <see cref="ZoneClock.Supported"/>.</exception>
    public TimeWindow Of(Timestamp at) => Size switch
    {
        WindowSize.Minute => Calendar.Zone.MinuteOf(at),
        WindowSize.Hour => Calendar.Zone.HourOf(at),
        WindowSize.Day => Calendar.Zone.DayOf(at),
        WindowSize.Month => Calendar.MonthOf(at),
        WindowSize.Period => Calendar.Of(at).Window,
        _ => throw new ArgumentOutOfRangeException(nameof(size), Size, "Not a size of windows"),
    };

    /// <summary>The windows that a span of time meets, whole, in order. A date that the zone skips has no window.</summary>
    public IEnumerable<TimeWindow> Meeting(TimeWindow span)
    {
        for (var at = span.Start; at < span.End;)
        {
            var window = Of(at);
            yield return window;
            at = window.End;
        }
    }
}
