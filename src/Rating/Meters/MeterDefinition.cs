using Streams.Rating.Periods;
using Streams.Schemas;

namespace Streams.Rating.Meters;

/// <summary>What a meter makes of the values of a window. The numbers are part of stored states.</summary>
public enum Aggregation
{
    /// <summary>How many events.</summary>
    Count = 1,

    Sum = 2,

    Max = 3,

    Min = 4,

    /// <summary>Sum over count, an exact fraction.</summary>
    Average = 5,

    /// <summary>The value of the latest event by its own time; of several in one microsecond the one with the greatest identity.</summary>
    Latest = 6,

    /// <summary>How many different values: exact up to a set size.</summary>
    UniqueCount = 7,

    /// <summary>Events give the level that holds from then on: its integral over time, divided by a unit of time.</summary>
    TimeWeightedLevel = 8,

    /// <summary>Events give by how much the level changes: its integral over time, divided by a unit of time.</summary>
    TimeWeightedDelta = 9,

    /// <summary>The nearest rank: the smallest value that at least p percent of the values do not exceed.</summary>
    Percentile = 10,
}

/// <summary>How a filter reads a dimension.</summary>
public enum FilterOperator
{
    /// <summary>It is there and one of the values.</summary>
    In = 1,

    /// <summary>It is missing or none of the values.</summary>
    NotIn = 2,

    Present = 3,

    Absent = 4,
}

/// <summary>A condition on one dimension; several hold together. Texts are compared exactly (ordinal).</summary>
public sealed record MeterFilter(string Dimension, FilterOperator Operator, IReadOnlyList<string> Values);

/// <summary>What a meter measures, as a contract states it; <see cref="UsageMeter.Compile"/> checks it.</summary>
public sealed record MeterDefinition
{
    public required string Id { get; init; }

    public required Aggregation Aggregation { get; init; }

    /// <summary>
    /// What is aggregated: <c>quantity</c>, a dimension, or an expression of them (<see cref="MeterExpression"/>). Null: the quantity. A count reads nothing;
    /// a unique count needs a field.
    /// </summary>
    public string? Value { get; init; }

    public IReadOnlyList<MeterFilter> Filters { get; init; } = [];

    /// <summary>A condition that events must fulfil besides, e.g. <c>quantity > 0 and region = 'eu'</c>.</summary>
    public string? Where { get; init; }

    /// <summary>The dimensions whose values make groups. A missing dimension is a value of its own.</summary>
    public IReadOnlyList<string> GroupBy { get; init; } = [];

    public int MaxGroups { get; init; } = 1000;

    public WindowSize Window { get; init; } = WindowSize.Period;

    /// <summary>Of a percentile: above 0, at most 100.</summary>
    public ExactDecimal? Percentile { get; init; }

    /// <summary>Of a time-weighted sum: the unit of time in microseconds, e.g. an hour for gigabyte-hours. Null: the window's length, which gives the mean level.</summary>
    public long? PerMicros { get; init; }

    /// <summary>How many different values, values or level changes a unique count, percentile or level gauge keeps in each group.</summary>
    public int MaxValues { get; init; } = 10_000;

    /// <summary>
    /// Lets a unique count estimate beyond <see cref="MaxValues"/>: the precision p of its HyperLogLog, 10 to 16 (2^p registers; standard error 1.04 / sqrt(2^p),
    /// e.g. 1.63 % for 12 and 0.82 % for 14). Null: beyond is an error.
    /// </summary>
    public int? HyperLogLogPrecision { get; init; }

    /// <summary>How many events are kept in each group, so that any of them can be removed or replaced by its id. 0: none.</summary>
    public int KeptEvents { get; init; }
}
