using Streams.Schemas;
using Streams.Rating.Contracts;

namespace Streams.Rating.Meters;

/// <summary>Finds everything that is wrong with a meter's definition.</summary>
sealed class DefinitionCheck(MeterDefinition definition)
{
    public const int MaxFilters = 32, MaxFilterValues = 1000, MaxGroupBy = 8, MaxGroups = 100_000, MaxValues = 1_000_000;

    readonly List<ContractFault> _faults = [];

    public (MeterExpression? Value, MeterExpression? Where) Run()
    {
        if (Identifiers.Check(definition.Id) is var (code, reason)) _faults.Add(new("id", code, reason));
        That(Enum.IsDefined(definition.Aggregation), "aggregation", "AGGREGATION_UNKNOWN", $"{definition.Aggregation} is not an aggregation");
        That(Enum.IsDefined(definition.Window), "window", "WINDOW_UNKNOWN", $"{definition.Window} is not a size of windows");
        var value = Value();
        var where = Parsed(definition.Where, "where", condition: true);
        Filters();
        GroupBy();
        Options();
        Limits();
        return _faults.Count == 0 ? (value, where) : throw new ContractFaultException(_faults);
    }

    MeterExpression? Value()
    {
        var counts = definition.Aggregation == Aggregation.Count;
        That(!counts || definition.Value is null, "value", "VALUE_UNUSED", "is given, but a count reads no value");
        if (counts) return null;
        var value = Parsed(definition.Value ?? MeterExpression.QuantityName, "value", condition: false);
        if (definition.Aggregation != Aggregation.UniqueCount) return value;
        That(definition.Value is not null, "value", "VALUE_MISSING", "is missing: a unique count needs the field it counts");
        That(value is null or { IsField: true }, "value", "VALUE_INVALID", "is not a field: a unique count takes one as it stands");
        return value;
    }

    MeterExpression? Parsed(string? text, string path, bool condition)
    {
        if (text is null) return null;
        try
        {
            return condition ? MeterExpression.ParseCondition(text) : MeterExpression.ParseNumber(text);
        }
        catch (ExpressionException e)
        {
            _faults.Add(new(path, "EXPRESSION_INVALID", e.Message));
            return null;
        }
    }

    void Filters()
    {
        That(definition.Filters.Count <= MaxFilters, "filters", "LIST_TOO_LONG", $"has more than {MaxFilters} entries");
        for (var i = 0; i < Math.Min(definition.Filters.Count, MaxFilters); i++)
        {
            var (filter, path) = (definition.Filters[i], $"filters[{i}]");
            var lists = filter.Operator is FilterOperator.In or FilterOperator.NotIn;
            Dimension(filter.Dimension, $"{path}.dimension");
            That(Enum.IsDefined(filter.Operator), $"{path}.operator", "OPERATOR_UNKNOWN", $"{filter.Operator} is not an operator");
            That(!lists || filter.Values.Count > 0, $"{path}.values", "LIST_EMPTY", "is empty");
            That(lists || filter.Values.Count == 0, $"{path}.values", "VALUE_UNUSED", "is given, but the operator reads no values");
            That(filter.Values.Count <= MaxFilterValues, $"{path}.values", "LIST_TOO_LONG", $"has more than {MaxFilterValues} entries");
            That(filter.Values.All(v => v.Length <= GroupKey.MaxLength), $"{path}.values", "TEXT_INVALID", $"holds a text of more than {GroupKey.MaxLength} characters");
        }
    }

    void GroupBy()
    {
        That(definition.GroupBy.Count <= MaxGroupBy, "groupBy", "LIST_TOO_LONG", $"has more than {MaxGroupBy} entries");
        for (var i = 0; i < Math.Min(definition.GroupBy.Count, MaxGroupBy); i++) Dimension(definition.GroupBy[i], $"groupBy[{i}]");
        That(definition.GroupBy.Distinct(StringComparer.Ordinal).Count() == definition.GroupBy.Count, "groupBy", "DIMENSION_TWICE", "names a dimension twice");
        Between("maxGroups", definition.MaxGroups, 1, MaxGroups);
    }

    void Options()
    {
        var timeWeighted = definition.Aggregation is Aggregation.TimeWeightedLevel or Aggregation.TimeWeightedDelta;
        Belongs("percentile", definition.Percentile is not null, definition.Aggregation == Aggregation.Percentile);
        That(definition.Aggregation != Aggregation.Percentile || definition.Percentile is not null, "percentile", "VALUE_MISSING", "is missing");
        if (definition.Percentile is { } p)
            That(p > ExactDecimal.Zero && p <= ExactDecimal.FromInteger(100), "percentile", "VALUE_OUT_OF_RANGE", $"{p} is not above 0 and at most 100");
        Belongs("per", definition.PerMicros is not null, timeWeighted);
        That(definition.PerMicros is null or > 0, "per", "VALUE_OUT_OF_RANGE", $"{definition.PerMicros} is not above zero");
        Belongs("hyperLogLogPrecision", definition.HyperLogLogPrecision is not null, definition.Aggregation == Aggregation.UniqueCount);
        if (definition.HyperLogLogPrecision is { } precision) Between("hyperLogLogPrecision", precision, HyperLogLog.MinPrecision, HyperLogLog.MaxPrecision);
        That(definition.KeptEvents == 0 || !timeWeighted, "keptEvents", "VALUE_UNUSED", "is given, but a gauge needs no kept events");
        That(definition.KeptEvents == 0 || definition.HyperLogLogPrecision is null, "keptEvents", "VALUE_UNUSED", "is given, but an estimate forgets its events");
    }

    void Limits()
    {
        Between("maxValues", definition.MaxValues, 1, MaxValues);
        Between("keptEvents", definition.KeptEvents, 0, MaxValues);
    }

    void Dimension(string name, string path) =>
        That(name.Length is > 0 and <= GroupKey.MaxLength, path, "TEXT_INVALID", $"must have 1 to {GroupKey.MaxLength} characters");

    void Belongs(string path, bool given, bool belongs) => That(!given || belongs, path, "VALUE_UNUSED", $"is given, but {definition.Aggregation} has no use for it");

    void Between(string path, long value, long low, long high) => That(value >= low && value <= high, path, "VALUE_OUT_OF_RANGE", $"{value} is not between {low} and {high}");

    void That(bool holds, string path, string code, string reason)
    {
        if (!holds) _faults.Add(new(path, code, reason));
    }
}
