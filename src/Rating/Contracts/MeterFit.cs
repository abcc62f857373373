using Streams.Rating.Meters;
using Streams.Rating.Periods;
using Streams.Rating.Pricing;

namespace Streams.Rating.Contracts;

/// <summary>Whether a meter gathers what a price looks at.</summary>
static class MeterFit
{
    /// <returns>Code and reason of what is missing, or null.</returns>
    public static (string Code, string Reason)? Fault(UsageCharge charge, Meter meter)
    {
        var definition = meter.Definition;
        return charge.Items switch
        {
            UsageItems.Events when definition.KeptEvents == 0 => ("EVENTS_NOT_KEPT", $"looks at events, and meter '{meter.Id}' keeps none (keptEvents)"),
            UsageItems.Windows when definition.Window == WindowSize.Period => ("WINDOWS_MISSING", $"looks at windows, and meter '{meter.Id}' has none but the period (window)"),
            UsageItems.Windows when ByHour(charge.Price) && definition.Window > WindowSize.Hour => ("WINDOWS_MISSING", $"looks at hours, and the windows of meter '{meter.Id}' are longer"),
            UsageItems.Groups => Groups(charge.Price, definition, meter.Id),
            _ => null,
        };
    }

    static (string, string)? Groups(PriceModel price, MeterDefinition meter, string id)
    {
        if (meter.GroupBy.Count == 0) return ("GROUPS_MISSING", $"looks at groups, and meter '{id}' has none (groupBy)");
        if (price is Committed committed) return Groups(committed.Model, meter, id);
        var missing = price is Matrix matrix ? matrix.Dimensions.FirstOrDefault(d => !meter.GroupBy.Contains(d, StringComparer.Ordinal)) : null;
        if (missing is not null) return ("GROUPS_MISSING", $"looks at dimension '{missing}', and meter '{id}' does not group by it (groupBy)");
        return price is CapacityTiers && meter.GroupBy.Count != 1 ? ("GROUPS_MISSING", $"looks at one dimension, and meter '{id}' groups by {meter.GroupBy.Count}") : null;
    }

    static bool ByHour(PriceModel price) => price switch
    {
        Windowed windowed => windowed.Rules.Any(r => r.Times is { } times && (times.FromHour != 0 || times.ToHour != 24)),
        Committed committed => ByHour(committed.Model),
        _ => false,
    };
}
