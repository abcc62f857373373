using Streams.Rating.Contracts;
using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Rating.Entitlements;

/// <summary>
/// What a customer has used of a metered feature in the interval that was last looked at: a value that can be stored. <paramref name="Carried"/> rolled over into
/// the interval; <paramref name="Told"/> is the highest alert, in percent, that was told of in it (0: none).
/// </summary>
public readonly record struct MeteredUse(TimeWindow Interval, Exact Carried, Exact Used, Exact Told)
{
    /// <summary>What was left of the interval before, where that rolls over: use of its time may still come, or be taken back. Null: not known.</summary>
    public IntervalLeft? Before { get; init; }
}

/// <summary>What was left of an interval that is over: below zero where more was used than allowed.</summary>
public readonly record struct IntervalLeft(TimeWindow Interval, Exact Left);

/// <summary>A share of what is allowed was reached: told of once in an interval.</summary>
public sealed record EntitlementAlert(string Feature, Exact Percent, Timestamp At, TimeWindow Interval, Exact Used, Exact Allowed);

/// <summary>A metered feature under a contract's calendar: how use counts, is reset and rolls over. Pure; safe for any number of threads.</summary>
public sealed class MeteredFeature(MeteredEntitlement terms, BillingCalendar calendar)
{
    public MeteredEntitlement Terms { get; } = terms;

    /// <summary>What may be used in an interval: the limit and what rolled over into it.</summary>
    public Exact Allowed(MeteredUse use) => Terms.Limit + use.Carried;

    /// <summary>No use yet, in the interval in which a contract first had the feature: what is left of it rolls over, too.</summary>
    public MeteredUse Begun(Contract contract)
    {
        var first = contract.Versions.First(v => v.Entitlements.Any(e => e is MeteredEntitlement && e.Feature == Terms.Feature));
        return new(Around(first.From), Exact.Zero, Exact.Zero, Exact.Zero);
    }

    /// <summary>The use as it stands at a time: in its own interval, or reset, with what rolls over through every interval between. A time before the interval changes nothing.</summary>
    public MeteredUse At(MeteredUse? use, Timestamp at)
    {
        if (use is not { } known) return new(Around(at), Exact.Zero, Exact.Zero, Exact.Zero);
        if (at < known.Interval.End) return known;
        var (interval, before, left) = (Around(at), known.Interval, Allowed(known) - known.Used);
        var carried = RolledOver(left);
        for (var end = known.Interval.End; end < interval.Start; end = Around(end).End)
        {
            (before, left) = (Around(new(interval.Start.Micros - 1)), Terms.Limit + carried);
            // From here on each interval without use leaves as much as the one before it.
            if (RolledOver(left) == carried) break;
            carried = RolledOver(left);
        }
        return new(interval, carried, Exact.Zero, Exact.Zero) { Before = Terms.RollOver is null ? null : new(before, left) };
    }

    /// <summary>
    /// Adds use, or takes some back (below zero). What comes late for the interval before changes what rolled over from it; for earlier ones it changes nothing.
    /// </summary>
    public MeteredUse Add(MeteredUse? use, Timestamp at, Exact amount, ICollection<EntitlementAlert>? alerts = null)
    {
        var now = At(use, at);
        return at < now.Interval.Start ? AddBefore(now, at, amount) : Set(now, at, now.Used + amount, alerts);
    }

    /// <summary>Use of the interval before comes late, or (below zero) is taken back: it changes what rolled over. The same where the time is of another interval.</summary>
    public MeteredUse AddBefore(MeteredUse use, Timestamp at, Exact amount)
    {
        if (use.Before is not { } before || !before.Interval.Contains(at) || use.Interval.Contains(at)) return use;
        var left = before.Left - amount;
        return use with { Carried = RolledOver(left), Before = before with { Left = left } };
    }

    /// <summary>Sets what was used in the interval of a time, for meters whose figure is no sum.</summary>
    public MeteredUse Set(MeteredUse? use, Timestamp at, Exact used, ICollection<EntitlementAlert>? alerts = null)
    {
        var now = At(use, at);
        if (at < now.Interval.Start) return now;
        now = now with { Used = used };
        foreach (var percent in Terms.Alerts)
        {
            if (percent <= now.Told || used.Sign <= 0 || used * 100 < Allowed(now) * percent) continue;
            alerts?.Add(new(Terms.Feature, percent, at, now.Interval, used, Allowed(now)));
            now = now with { Told = percent };
        }
        return now;
    }

    /// <summary>What is left of an interval goes over, up to the maximum; use beyond what was allowed takes nothing from the next.</summary>
    Exact RolledOver(Exact left) => Terms.RollOver is { } most ? Exact.Min(most, Exact.Max(left, Exact.Zero)) : Exact.Zero;

    TimeWindow Around(Timestamp at) => Terms.Reset.Around(at, calendar);
}
