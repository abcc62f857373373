using Streams.Rating.Contracts;
using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;

namespace Streams.Rating.Invoicing;

/// <summary>
/// What a meter showed in a window for one group: <paramref name="Group"/> has a value (or null) for each of the meter's dimensions to group by. A single event is
/// a figure whose window lasts a microsecond.
/// </summary>
public sealed record UsageFigure(string Meter, TimeWindow Window, Exact Quantity, params IReadOnlyList<string?> Group) : IComparable<UsageFigure>
{
    /// <summary>By time, then group, then quantity, so that the order in which figures are given never matters.</summary>
    public int CompareTo(UsageFigure? other)
    {
        if (other is null) return 1;
        if (Window != other.Window) return Window.Start != other.Window.Start ? Window.Start.CompareTo(other.Window.Start) : Window.End.CompareTo(other.Window.End);
        var order = CompareGroups(Group, other.Group);
        return order != 0 ? order : Quantity.CompareTo(other.Quantity);
    }

    internal static int CompareGroups(IReadOnlyList<string?> a, IReadOnlyList<string?> b)
    {
        for (var i = 0; i < Math.Min(a.Count, b.Count); i++)
        {
            var order = string.CompareOrdinal(a[i], b[i]);
            if (order != 0) return order;
        }
        return a.Count.CompareTo(b.Count);
    }
}

/// <summary>A customer's figures of one billing period, by meter.</summary>
public sealed class PeriodUsage
{
    /// <summary>Figures at most.</summary>
    public const int MaxFigures = 10_000_000;

    public static readonly PeriodUsage None = new([]);

    readonly Dictionary<string, List<UsageFigure>> _byMeter = new(StringComparer.Ordinal);

    /// <exception cref="PricingException">Too many figures.</exception>
    public PeriodUsage(IEnumerable<UsageFigure> figures)
    {
        var count = 0;
        foreach (var figure in figures)
        {
            if (++count > MaxFigures) throw new PricingException("usage", $"has more than {MaxFigures} figures");
            if (!_byMeter.TryGetValue(figure.Meter, out var list)) _byMeter.Add(figure.Meter, list = []);
            list.Add(figure);
        }
        foreach (var list in _byMeter.Values)
        {
            if (list.Count > 1) list.Sort();
        }
    }

    /// <summary>A meter's figures within a window, by time.</summary>
    /// <exception cref="PricingException">A figure reaches over the window's start or end, where the contract cuts time.</exception>
    public IReadOnlyList<UsageFigure> Of(string meter, TimeWindow window)
    {
        if (!_byMeter.TryGetValue(meter, out var all)) return [];
        if (all.TrueForAll(f => window.Contains(f.Window))) return all;
        var within = new List<UsageFigure>(all.Count);
        foreach (var figure in all)
        {
            var common = figure.Window.Intersect(window);
            if (common == figure.Window) within.Add(figure);
            else if (!common.IsEmpty) throw new PricingException($"usage.{meter}", $"the figure of {figure.Window} reaches over an end of {window}, where the contract cuts time");
        }
        return within;
    }
}

/// <summary>Figures to the quantity or items that a model prices.</summary>
static class UsageFigures
{
    /// <summary>Whether figures of parts of a window, added up, are the figure of the window.</summary>
    public static bool AddsUp(Meter meter) => meter.Definition.Aggregation switch
    {
        Aggregation.Count or Aggregation.Sum => true,
        Aggregation.TimeWeightedLevel or Aggregation.TimeWeightedDelta => meter.Definition.PerMicros is not null,
        _ => false,
    };

    /// <summary>Of each group by the meter's aggregation; groups are added up.</summary>
    /// <exception cref="PricingException">Several figures of a group that do not add up.</exception>
    public static Exact Quantity(Meter meter, IReadOnlyList<UsageFigure> figures)
    {
        if (figures.Count == 1) return figures[0].Quantity;
        return AddsUp(meter) ? Exact.Sum(figures.Select(f => f.Quantity)) : Exact.Sum(ByGroup(meter, figures).Select(g => g.Quantity));
    }

    /// <summary>The items of a charge's price: the events, the meter's windows, or the groups.</summary>
    /// <param name="charge">Whose price.</param>
    /// <param name="meter">Its meter.</param>
    /// <param name="figures">Within <paramref name="window"/>.</param>
    /// <param name="window">The time.</param>
    /// <param name="calendar">The contract's.</param>
    /// <param name="final">Whether the time is over, so that windows without usage are known to have none: where they have a price, they are items too.</param>
    public static Usage Items(UsageCharge charge, Meter meter, IReadOnlyList<UsageFigure> figures, TimeWindow window, BillingCalendar calendar, bool final) => charge.Items switch
    {
        UsageItems.Events => new(figures.Select(f => new UsageItem(f.Quantity)).ToList()),
        UsageItems.Windows => new(Windows(charge.Price, meter, figures, window, new(calendar, meter.Definition.Window), final).ToList()),
        _ => new(ByGroup(meter, figures).Select(g => new UsageItem(g.Quantity, Names(charge, meter, g.Group))).ToList()),
    };

    static IEnumerable<UsageItem> Windows(PriceModel price, Meter meter, IReadOnlyList<UsageFigure> figures, TimeWindow span, WindowSchedule schedule, bool final)
    {
        var byWindow = figures.GroupBy(f => schedule.Of(f.Window.Start)).ToDictionary(g => g.Key, g => Quantity(meter, [.. g]));
        var windows = final && CostsUnused(price) ? schedule.Meeting(span) : byWindow.Keys.OrderBy(w => w.Start);
        foreach (var window in windows)
        {
            var quantity = byWindow.GetValueOrDefault(window);
            yield return price is Windowed windowed ? new(quantity, windowed.RuleOf(window, schedule.Calendar.Zone)) : new(quantity);
        }
    }

    /// <summary>Whether a window without usage costs something: its commitment, say.</summary>
    static bool CostsUnused(PriceModel price) => price switch
    {
        Windowed windowed => windowed.Rules.Any(r => !(r.Commitment?.Apply(r.Price.Price(Exact.Zero)).Total ?? r.Price.Price(Exact.Zero)).IsZero),
        Grouped grouped => !grouped.Each.Price(Exact.Zero).IsZero,
        _ => false,
    };

    /// <summary>A matrix names its dimensions, in its own order; other models take the group's values as they are. A missing value is an empty one.</summary>
    static IReadOnlyList<string> Names(UsageCharge charge, Meter meter, IReadOnlyList<string?> group)
    {
        if (charge.Price is not Matrix matrix) return [.. group.Select(v => v ?? "")];
        var names = new string[matrix.Dimensions.Count];
        for (var i = 0; i < names.Length; i++)
        {
            var at = meter.Definition.GroupBy.ToList().IndexOf(matrix.Dimensions[i]);
            if (at < 0 || at >= group.Count) throw new PricingException($"usage.{meter.Id}", $"has no dimension '{matrix.Dimensions[i]}' among those that the meter groups by");
            names[i] = group[at] ?? "";
        }
        return names;
    }

    static IEnumerable<(IReadOnlyList<string?> Group, Exact Quantity)> ByGroup(Meter meter, IReadOnlyList<UsageFigure> figures) => figures
        .GroupBy(f => f.Group, GroupComparer.Instance)
        .OrderBy(g => g.Key, GroupComparer.Instance)
        .Select(g => (g.Key, Combined(meter, [.. g])));

    static Exact Combined(Meter meter, List<UsageFigure> figures) => figures.Count == 1 ? figures[0].Quantity : meter.Definition.Aggregation switch
    {
        Aggregation.Max => figures.Max(f => f.Quantity),
        Aggregation.Min => figures.Min(f => f.Quantity),
        Aggregation.Latest => figures[^1].Quantity,
        _ when AddsUp(meter) => Exact.Sum(figures.Select(f => f.Quantity)),
        Aggregation.TimeWeightedLevel or Aggregation.TimeWeightedDelta => Mean(figures),
        var other => throw new PricingException($"usage.{meter.Id}", $"has {figures.Count} figures where one is needed: {other} of parts does not give that of the whole"),
    };

    /// <summary>Mean levels weigh as much as their windows last.</summary>
    static Exact Mean(List<UsageFigure> figures)
    {
        var (sum, time) = (Exact.Zero, 0L);
        foreach (var figure in figures)
        {
            sum += figure.Quantity * figure.Window.Micros;
            time += figure.Window.Micros;
        }
        return sum / time;
    }

    sealed class GroupComparer : IEqualityComparer<IReadOnlyList<string?>>, IComparer<IReadOnlyList<string?>>
    {
        public static readonly GroupComparer Instance = new();

        public int Compare(IReadOnlyList<string?>? a, IReadOnlyList<string?>? b) => UsageFigure.CompareGroups(a!, b!);

        public bool Equals(IReadOnlyList<string?>? a, IReadOnlyList<string?>? b) => Compare(a, b) == 0;

        public int GetHashCode(IReadOnlyList<string?> group)
        {
            var hash = new HashCode();
            foreach (var value in group) hash.Add(value, StringComparer.Ordinal!);
            return hash.ToHashCode();
        }
    }
}
