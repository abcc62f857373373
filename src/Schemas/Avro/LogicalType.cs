using System.Text.Json;

namespace Streams.Schemas.Avro;

/// <summary>The logical types of the specification that this library gives a meaning.</summary>
public enum LogicalKind
{
    Decimal, Date, TimeMillis, TimeMicros, TimestampMillis, TimestampMicros, LocalTimestampMillis, LocalTimestampMicros, Uuid, Duration,
}

/// <summary>A meaning laid over a type. Precision (digits in all) and scale (digits behind the point) belong to decimals.</summary>
public sealed record LogicalType(LogicalKind Kind, int Precision = 0, int Scale = 0)
{
    /// <summary>The logical type that the attributes ask for, or null when there is none, it is unknown, or not valid on this type.</summary>
    internal static LogicalType? From(SchemaKind kind, int fixedSize, IReadOnlyDictionary<string, JsonElement> properties)
    {
        if (!properties.TryGetValue("logicalType", out var json) || json.ValueKind != JsonValueKind.String) return null;
        return (json.GetString(), kind) switch
        {
            ("decimal", SchemaKind.Bytes) => Decimal(properties, int.MaxValue),
            ("decimal", SchemaKind.Fixed) => Decimal(properties, DigitsIn(fixedSize)),
            ("date", SchemaKind.Int) => new(LogicalKind.Date),
            ("time-millis", SchemaKind.Int) => new(LogicalKind.TimeMillis),
            ("time-micros", SchemaKind.Long) => new(LogicalKind.TimeMicros),
            ("timestamp-millis", SchemaKind.Long) => new(LogicalKind.TimestampMillis),
            ("timestamp-micros", SchemaKind.Long) => new(LogicalKind.TimestampMicros),
            ("local-timestamp-millis", SchemaKind.Long) => new(LogicalKind.LocalTimestampMillis),
            ("local-timestamp-micros", SchemaKind.Long) => new(LogicalKind.LocalTimestampMicros),
            ("uuid", SchemaKind.String) => new(LogicalKind.Uuid),
            ("uuid", SchemaKind.Fixed) when fixedSize == 16 => new(LogicalKind.Uuid),
            ("duration", SchemaKind.Fixed) when fixedSize == 12 => new(LogicalKind.Duration),
            _ => null,
        };
    }

    static LogicalType? Decimal(IReadOnlyDictionary<string, JsonElement> properties, int mostDigits)
    {
        if (!properties.TryGetValue("precision", out var p) || !TryInteger(p, out var precision)) return null;
        var scale = 0;
        if (properties.TryGetValue("scale", out var s) && !TryInteger(s, out scale)) return null;
        return precision >= 1 && precision <= mostDigits && scale >= 0 && scale <= precision ? new(LogicalKind.Decimal, precision, scale) : null;
    }

    static bool TryInteger(JsonElement json, out int value)
    {
        value = 0;
        return json.ValueKind == JsonValueKind.Number && json.TryGetInt32(out value);
    }

    /// <summary>floor(log10(2^(8n-1) - 1)): the digits that any number of n bytes in two's complement can hold. log10 of a power of two is never an integer.</summary>
    static int DigitsIn(int bytes) => bytes == 0 ? 0 : (int)Math.Min(int.MaxValue, Math.Floor((8L * bytes - 1) * Math.Log10(2)));
}
