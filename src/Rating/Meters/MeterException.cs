namespace Streams.Rating.Meters;

/// <summary>Stable reasons for which an event or a state is refused.</summary>
public static class MeterCodes
{
    /// <summary>The event lacks a dimension that its value is read from.</summary>
    public const string ValueMissing = "VALUE_MISSING";

    /// <summary>A dimension that is to be a number is none.</summary>
    public const string ValueNotNumeric = "VALUE_NOT_NUMERIC";

    /// <summary>A value has more than nine decimals or 28 digits; the definition may round it.</summary>
    public const string ValueNotDecimal = "VALUE_NOT_DECIMAL";

    public const string DivisionByZero = "DIVISION_BY_ZERO";

    public const string NumberTooLarge = "NUMBER_TOO_LARGE";

    /// <summary>A dimension to group by or to count is longer than it may be.</summary>
    public const string DimensionTooLong = "DIMENSION_TOO_LONG";

    /// <summary>More groups than the definition admits.</summary>
    public const string GroupLimit = "GROUP_LIMIT";

    /// <summary>More different values than an exact unique count keeps.</summary>
    public const string UniqueLimit = "UNIQUE_LIMIT";

    /// <summary>More values than a percentile, or changes than a gauge, keeps.</summary>
    public const string ValueLimit = "VALUE_LIMIT";

    /// <summary>More events than the definition keeps.</summary>
    public const string EventLimit = "EVENT_LIMIT";

    public const string EventTwice = "EVENT_TWICE";

    /// <summary>An event to be removed was never added.</summary>
    public const string EventUnknown = "EVENT_UNKNOWN";

    public const string EventOutsideWindow = "EVENT_OUTSIDE_WINDOW";

    /// <summary>The aggregation forgets what removing an event needs; the definition may keep events.</summary>
    public const string RemovalNotPossible = "REMOVAL_NOT_POSSIBLE";

    public const string WindowsNotAdjacent = "WINDOWS_NOT_ADJACENT";

    public const string StateMalformed = "STATE_MALFORMED";

    /// <summary>A state of another meter, or of another edition of this one.</summary>
    public const string StateOfOtherMeter = "STATE_OF_OTHER_METER";
}

/// <summary>An event, a merge or a stored state was refused; <see cref="Code"/> is one of <see cref="MeterCodes"/>.</summary>
public sealed class MeterException(string code, string message, Exception? cause = null) : Exception(message, cause)
{
    public string Code { get; } = code;
}
