using System.Buffers.Binary;
using System.Numerics;

namespace Streams.Schemas.Avro;

/// <summary>A decimal of any size: <paramref name="Unscaled"/> · 10^-<paramref name="Scale"/>.</summary>
public readonly record struct AvroDecimal(BigInteger Unscaled, int Scale);

/// <summary>A duration of months, days and milliseconds, which do not convert into one another.</summary>
public readonly record struct AvroDuration(uint Months, uint Days, uint Milliseconds);

/// <summary>
/// Converts between generic data and what their logical types mean: decimal ↔ <see cref="AvroDecimal"/>, date ↔ <see cref="DateOnly"/>, times ↔ <see cref="TimeOnly"/>,
/// timestamps ↔ <see cref="Timestamp"/>, local timestamps ↔ <see cref="DateTime"/> of unspecified kind, uuid ↔ <see cref="Guid"/>, duration ↔ <see cref="AvroDuration"/>.
/// Data of schemas without a logical type pass unchanged.
/// </summary>
public static class LogicalValue
{
    static readonly int UnixEpochDay = new DateOnly(1970, 1, 1).DayNumber;
    static readonly DateTime LocalEpoch = new(1970, 1, 1);

    /// <summary>What a datum means.</summary>
    /// <exception cref="AvroException">The datum is outside what its logical type or the C# type can hold.</exception>
    public static object? FromDatum(AvroSchema schema, object? datum)
    {
        try
        {
            return (schema.Logical?.Kind, datum) switch
            {
                (LogicalKind.Decimal, byte[] bytes) => Decimal(schema.Logical, bytes),
                (LogicalKind.Decimal, GenericFixed value) => Decimal(schema.Logical, value.Bytes),
                (LogicalKind.Date, int days) => DateOnly.FromDayNumber(days + UnixEpochDay),
                (LogicalKind.TimeMillis, int millis) => new TimeOnly(millis * TimeSpan.TicksPerMillisecond),
                (LogicalKind.TimeMicros, long micros) => new TimeOnly(micros * TimeSpan.TicksPerMicrosecond),
                (LogicalKind.TimestampMillis, long millis) => Timestamp.FromMillis(millis),
                (LogicalKind.TimestampMicros, long micros) => new Timestamp(micros),
                (LogicalKind.LocalTimestampMillis, long millis) => LocalEpoch.AddTicks(millis * TimeSpan.TicksPerMillisecond),
                (LogicalKind.LocalTimestampMicros, long micros) => LocalEpoch.AddTicks(micros * TimeSpan.TicksPerMicrosecond),
                (LogicalKind.Uuid, string text) => Guid.ParseExact(text, "D"),
                (LogicalKind.Uuid, GenericFixed value) => new Guid(value.Bytes, bigEndian: true),
                (LogicalKind.Duration, GenericFixed value) => Duration(value.Bytes),
                _ => datum,
            };
        }
        catch (Exception e) when (e is OverflowException or ArgumentOutOfRangeException or FormatException)
        {
            throw new AvroException($"{datum} is not a valid {schema.Logical!.Kind}", e);
        }
    }

    /// <summary>The datum that stands for a value; values that are no logical type's pass unchanged.</summary>
    /// <exception cref="AvroException">The value cannot be told exactly: another scale, too many digits, finer than the type's unit.</exception>
    public static object? ToDatum(AvroSchema schema, object? value) => (schema.Logical?.Kind, value) switch
    {
        (LogicalKind.Decimal, AvroDecimal number) => DecimalDatum(schema, number),
        (LogicalKind.Date, DateOnly date) => date.DayNumber - UnixEpochDay,
        (LogicalKind.TimeMillis, TimeOnly time) => (int)Exact(time.Ticks, TimeSpan.TicksPerMillisecond),
        (LogicalKind.TimeMicros, TimeOnly time) => Exact(time.Ticks, TimeSpan.TicksPerMicrosecond),
        (LogicalKind.TimestampMillis, Timestamp time) => Exact(time.Micros, 1000),
        (LogicalKind.TimestampMicros, Timestamp time) => time.Micros,
        (LogicalKind.LocalTimestampMillis, DateTime time) => Exact((time - LocalEpoch).Ticks, TimeSpan.TicksPerMillisecond),
        (LogicalKind.LocalTimestampMicros, DateTime time) => Exact((time - LocalEpoch).Ticks, TimeSpan.TicksPerMicrosecond),
        (LogicalKind.Uuid, Guid guid) => schema is FixedSchema @fixed ? new GenericFixed(@fixed, guid.ToByteArray(bigEndian: true)) : guid.ToString("D"),
        (LogicalKind.Duration, AvroDuration duration) => DurationDatum((FixedSchema)schema, duration),
        _ => value,
    };

    static AvroDecimal Decimal(LogicalType type, byte[] bytes)
    {
        if (bytes.Length == 0) throw new AvroException("A decimal of no bytes");
        return new(ExpectDigits(type, new BigInteger(bytes, isBigEndian: true)), type.Scale);
    }

    static object DecimalDatum(AvroSchema schema, AvroDecimal number)
    {
        var type = schema.Logical!;
        if (number.Scale != type.Scale) throw new AvroException($"A decimal of scale {number.Scale} where {type.Scale} is expected");
        var bytes = ExpectDigits(type, number.Unscaled).ToByteArray(isBigEndian: true);
        if (schema is not FixedSchema @fixed) return bytes;
        var extended = new byte[@fixed.Size];
        if (number.Unscaled.Sign < 0) Array.Fill(extended, (byte)0xFF);
        bytes.CopyTo(extended, extended.Length - bytes.Length);
        return new GenericFixed(@fixed, extended);
    }

    /// <summary>A number of n bits has less than n / 3 + 1 digits; only a longer one is compared, so that a huge precision costs nothing.</summary>
    static BigInteger ExpectDigits(LogicalType type, BigInteger unscaled)
    {
        var certain = BigInteger.Abs(unscaled).GetBitLength() / 3 < type.Precision;
        return certain || BigInteger.Abs(unscaled) < BigInteger.Pow(10, type.Precision)
            ? unscaled : throw new AvroException($"A decimal of more than {type.Precision} digits");
    }

    /// <summary>Three little-endian unsigned numbers: months, days, milliseconds.</summary>
    static AvroDuration Duration(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadUInt32LittleEndian(bytes), BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]), BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]));

    static GenericFixed DurationDatum(FixedSchema schema, AvroDuration duration)
    {
        var bytes = new byte[12];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, duration.Months);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), duration.Days);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), duration.Milliseconds);
        return new(schema, bytes);
    }

    static long Exact(long value, long unit) => value % unit == 0 ? value / unit : throw new AvroException("The time is finer than its schema's unit");
}
