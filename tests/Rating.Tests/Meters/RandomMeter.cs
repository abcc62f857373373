using System.Numerics;
using Streams.Rating.Meters;
using Streams.Schemas;

namespace Streams.Rating.Tests.Meters;

/// <summary>Definitions and values for the model tests.</summary>
static class RandomMeter
{
    public static MeterDefinition Of(Random random)
    {
        var aggregation = (Aggregation)random.Next(1, 11);
        var gauge = aggregation is Aggregation.TimeWeightedLevel or Aggregation.TimeWeightedDelta;
        return new()
        {
            Id = "m",
            Aggregation = aggregation,
            Value = aggregation switch
            {
                Aggregation.Count => null,
                Aggregation.UniqueCount => "user",
                _ => random.Next(3) == 0 ? "quantity * 2 - 1" : null,
            },
            Filters = random.Next(3) == 0 ? [new("region", random.Next(2) == 0 ? FilterOperator.In : FilterOperator.NotIn, ["r0", "r2"])] : [],
            Where = random.Next(4) == 0 ? "quantity >= 0 or tier = 'pro'" : null,
            GroupBy = random.Next(3) switch { 0 => [], 1 => ["tier"], _ => ["tier", "region"] },
            Percentile = aggregation == Aggregation.Percentile ? new((Int128)random.Next(1, 1001) * ExactDecimal.One / 10) : null,
            PerMicros = gauge && random.Next(2) == 0 ? random.Next(1, 4_000_000) : null,
            KeptEvents = !gauge && random.Next(3) == 0 ? 1000 : 0,
        };
    }

    /// <summary>Mostly small and often equal; sometimes with all the digits there are.</summary>
    public static ExactDecimal Value(Random random, MeterDefinition definition)
    {
        if (random.Next(4) > 0) return new(random.Next(-5, 20) * (Int128)ExactDecimal.One / 2);
        Int128 unscaled = random.NextInt64();
        // Twice the value must still have 28 digits, and so must a sum of sixty of them that is a level.
        if (random.Next(2) == 0) unscaled = unscaled * 1_000_000 + random.Next(1_000_000);
        return new(random.Next(2) == 0 ? unscaled : -unscaled);
    }
}

/// <summary>What a meter means, read plainly over all events at once.</summary>
sealed class MeterModel(MeterDefinition definition)
{
    public bool Matches(MeterEvent usage)
    {
        var region = usage.Dimensions.GetValueOrDefault("region");
        foreach (var filter in definition.Filters)
        {
            var listed = region is not null && filter.Values.Contains(region);
            if (listed != (filter.Operator == FilterOperator.In)) return false;
        }
        return definition.Where is null || usage.Quantity >= ExactDecimal.Zero || usage.Dimensions.GetValueOrDefault("tier") == "pro";
    }

    public IEnumerable<(string Group, Rational? Value, int Events)> Values(Streams.Rating.Periods.TimeWindow window, IEnumerable<MeterEvent> events, IEnumerable<MeterEvent> before)
    {
        var here = events.Where(Matches).ToLookup(Group);
        var earlier = before.Where(Matches).ToLookup(Group);
        foreach (var group in here.Select(g => g.Key).Union(earlier.Select(g => g.Key)).OrderBy(Sortable, StringComparer.Ordinal))
        {
            var opening = Opening([.. earlier[group].OrderBy(e => e.Time).ThenBy(e => e.Id)]);
            List<MeterEvent> list = [.. here[group].OrderBy(e => e.Time).ThenBy(e => e.Id)];
            if (list.Count == 0 && opening.Numerator.IsZero) continue;
            yield return (group, Figure(window, list, opening), list.Count);
        }
    }

    string Group(MeterEvent usage) => string.Join(", ", definition.GroupBy.Select(d => usage.Dimensions.GetValueOrDefault(d) ?? "(none)"));

    /// <summary>Missing values come first, an empty one next.</summary>
    static string Sortable(string group) => string.Join('\u0001', group.Split(", ").Select(v => v == "(none)" ? "" : $"\u0002{v}"));

    Rational Value(MeterEvent usage)
    {
        Rational quantity = new((BigInteger)usage.Quantity.Unscaled, ExactDecimal.One);
        return definition.Value == "quantity * 2 - 1" ? quantity * 2 - 1 : quantity;
    }

    Rational Opening(List<MeterEvent> before) => definition.Aggregation switch
    {
        Aggregation.TimeWeightedLevel => before.Count == 0 ? 0 : Value(before[^1]),
        Aggregation.TimeWeightedDelta => before.Aggregate((Rational)0, (sum, e) => sum + Value(e)),
        _ => 0,
    };

    Rational? Figure(Streams.Rating.Periods.TimeWindow window, List<MeterEvent> events, Rational opening)
    {
        var values = events.Select(Value).ToList();
        var sum = values.Aggregate((Rational)0, (a, b) => a + b);
        return definition.Aggregation switch
        {
            Aggregation.Count => events.Count,
            Aggregation.Sum => sum,
            Aggregation.Average => sum / events.Count,
            Aggregation.Max => values.Max(),
            Aggregation.Min => values.Min(),
            Aggregation.Latest => values[^1],
            Aggregation.UniqueCount => events.Select(e => e.Dimensions["user"]).Distinct().Count(),
            Aggregation.Percentile => values.Order().First(v => values.Count(other => other.CompareTo(v) <= 0) * (Rational)100 is var share
                && share.CompareTo(new Rational((BigInteger)definition.Percentile!.Value.Unscaled, ExactDecimal.One) * values.Count) >= 0),
            _ => Integral(window, events, opening) / (definition.PerMicros ?? window.Micros),
        };
    }

    Rational Integral(Streams.Rating.Periods.TimeWindow window, List<MeterEvent> events, Rational level)
    {
        Rational sum = 0;
        var since = window.Start.Micros;
        foreach (var usage in events)
        {
            sum += level * (usage.Time.Micros - since);
            since = usage.Time.Micros;
            level = definition.Aggregation == Aggregation.TimeWeightedLevel ? Value(usage) : level + Value(usage);
        }
        return sum + level * (window.End.Micros - since);
    }
}
