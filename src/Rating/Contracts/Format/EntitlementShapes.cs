using Streams.Rating.Periods;
using Streams.Rating.Pricing;
using static Streams.Rating.Contracts.Format.Scalars;

namespace Streams.Rating.Contracts.Format;

/// <summary>What a customer may use.</summary>
static class EntitlementShapes
{
    /// <summary>The sizes of windows, and never (0).</summary>
    static readonly (string, WindowSize?)[] Intervals =
        [("minute", WindowSize.Minute), ("hour", WindowSize.Hour), ("day", WindowSize.Day), ("month", WindowSize.Month), ("period", WindowSize.Period), ("never", null)];

    static Shape<UsageReset> Reset { get; } = new ObjectShape<UsageReset>("reset", "When use counts from zero again: by every, or by so many months from an anchor on.", o =>
    {
        var every = o.Value("every", Named(Intervals), WindowSize.Period, r => r.Months > 0 ? WindowSize.Period : r.Every, "The billing period if nothing is said.");
        var months = o.Nullable("months", Int(1, 12), r => r.Months == 0 ? null : r.Months, "Months of an interval.");
        var anchor = o.Nullable("anchor", Date, r => r.Anchor, "A day on which one begins; null: with the calendar's months.");
        return v => ResetOf(every[v], months[v], anchor[v]);
    });

    static Shape<BooleanEntitlement> Boolean { get; } = new ObjectShape<BooleanEntitlement>("booleanEntitlement", "A feature that is there.", o =>
    {
        o.Tag("type", "boolean");
        var feature = o.Required("feature", Id, e => e.Feature, "Its name.");
        return v => new(feature[v]);
    });

    static Shape<StaticEntitlement> Static { get; } = new ObjectShape<StaticEntitlement>("staticEntitlement", "A feature with a value.", o =>
    {
        o.Tag("type", "static");
        var feature = o.Required("feature", Id, e => e.Feature, "Its name.");
        var value = o.Required("value", LongText, e => e.Value, "Its value.");
        return v => new(feature[v], value[v]);
    });

    static Shape<MeteredEntitlement> Metered { get; } = new ObjectShape<MeteredEntitlement>("meteredEntitlement", "So much of a meter, until it is reset.", o =>
    {
        o.Tag("type", "metered");
        var feature = o.Required("feature", Id, e => e.Feature, "Its name.");
        var meter = o.Required("meter", Id, e => e.Meter, "What is measured.");
        var limit = o.Required("limit", Amount, e => e.Limit, "How much.");
        var kind = o.Value("kind", OneOf<LimitKind>(), LimitKind.Hard, e => e.Kind, "Whether use goes on at the limit.");
        var reset = o.Value("reset", Reset, UsageReset.Period, e => e.Reset, "When use counts from zero again.");
        var rollOver = o.Nullable("rollOver", Amount, e => e.RollOver, "How much of what is left goes over at most; null: nothing.");
        var alerts = o.List("alerts", Amount, e => e.Alerts, "Rising shares of the limit in percent whose reaching is told of.", most: 20);
        return v => Checked(new(feature[v], meter[v], limit[v]) { Kind = kind[v], Reset = reset[v], RollOver = rollOver[v], Alerts = alerts[v] });
    });

    public static Shape<Entitlement> Entitlement { get; } = new ChoiceShape<Entitlement>("type",
        new ChoiceShape<Entitlement>.Case<BooleanEntitlement>("boolean", Boolean),
        new ChoiceShape<Entitlement>.Case<StaticEntitlement>("static", Static),
        new ChoiceShape<Entitlement>.Case<MeteredEntitlement>("metered", Metered));

    static UsageReset ResetOf(WindowSize? every, int? months, DateOnly? anchor)
    {
        var check = new TermsCheck();
        check.That(months is null || every == WindowSize.Period, "every", "VALUE_UNUSED", "is given beside months");
        check.That(anchor is null || months is not null, "anchor", "VALUE_UNUSED", "is given without months");
        check.Done();
        return months is { } count ? UsageReset.Monthly(count, anchor) : every is { } size ? UsageReset.Each(size) : UsageReset.Never;
    }

    static MeteredEntitlement Checked(MeteredEntitlement entitlement)
    {
        var check = new TermsCheck();
        check.Rising("alerts", "", entitlement.Alerts.Select(a => (Exact?)a).ToList());
        check.That(entitlement.RollOver is null || entitlement.Reset != UsageReset.Never, "rollOver", "VALUE_UNUSED", "is given, but use is never reset");
        check.Done();
        return entitlement;
    }
}
