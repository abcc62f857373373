using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Rating.Contracts;

/// <summary>What a customer may use.</summary>
public abstract record Entitlement(string Feature);

/// <summary>A feature that is there.</summary>
public sealed record BooleanEntitlement(string Feature) : Entitlement(Feature);

/// <summary>A feature with a value, e.g. a support level.</summary>
public sealed record StaticEntitlement(string Feature, string Value) : Entitlement(Feature);

/// <summary>What happens at a limit.</summary>
public enum LimitKind
{
    /// <summary>Use goes on; the answer says that the limit is reached.</summary>
    Soft,

    /// <summary>The answer is no.</summary>
    Hard,
}

/// <summary>So much of a meter, until it is reset.</summary>
public sealed record MeteredEntitlement(string Feature, string Meter, Exact Limit) : Entitlement(Feature)
{
    public LimitKind Kind { get; init; } = LimitKind.Hard;

    public UsageReset Reset { get; init; } = UsageReset.Period;

    /// <summary>How much of what is left goes over into the next interval at most; null: nothing.</summary>
    public Exact? RollOver { get; init; }

    /// <summary>Shares of the limit in percent, rising, whose reaching is told of.</summary>
    public IReadOnlyList<Exact> Alerts { get; init; } = [];
}

/// <summary>The intervals after which use counts from zero again: windows of a size, or so many months from an anchor on.</summary>
public sealed record UsageReset
{
    UsageReset(WindowSize? every, int months, DateOnly? anchor) => (Every, Months, Anchor) = (every, months, anchor);

    public static UsageReset Never { get; } = new(null, 0, null);

    public static UsageReset Period { get; } = Each(WindowSize.Period);

    public WindowSize? Every { get; }

    /// <summary>0 where <see cref="Every"/> says it, or it is never reset.</summary>
    public int Months { get; }

    public DateOnly? Anchor { get; }

    public static UsageReset Each(WindowSize size) => new(size, 0, null);

    /// <param name="months">1 to 12.</param>
    /// <param name="anchor">A day on which one begins; null: with the calendar's months.</param>
    public static UsageReset Monthly(int months, DateOnly? anchor = null) => new(null, months, anchor);

    /// <summary>The interval around an instant, under a contract's calendar; of one that is never reset, all time.</summary>
    public TimeWindow Around(Timestamp at, BillingCalendar calendar) =>
        Every is { } size ? new WindowSchedule(calendar, size).Of(at)
        : Months > 0 ? new BillingCalendar(calendar.Zone, Months, Anchor ?? BillingCalendar.CalendarAnchor).Of(at).Window
        : ZoneClock.Supported;
}
