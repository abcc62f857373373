using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Streams.Schemas;

/// <summary>
/// An exact number with nine decimals and at most 28 digits: what every contract stores quantities and amounts as
/// (Avro <c>decimal(28, 9)</c>). Arithmetic is exact and checked; there is no conversion from binary floating point. The default value is zero.
/// </summary>
[JsonConverter(typeof(ExactDecimalJsonConverter))]
public readonly record struct ExactDecimal(Int128 Unscaled) : IComparable<ExactDecimal>
{
    /// <summary>Digits behind the point.</summary>
    public const int Scale = 9;

    /// <summary>One, in units of 10^-9.</summary>
    public const long One = 1_000_000_000;

    /// <summary>Digits in all.</summary>
    public const int Precision = 28;

    /// <summary>The largest magnitude, in units of 10^-9: 10^28 - 1.</summary>
    public static readonly Int128 MaxUnscaled = Int128.Parse("9999999999999999999999999999", CultureInfo.InvariantCulture);

    public static ExactDecimal Zero => default;

    public static ExactDecimal FromInteger(long value) => new((Int128)value * One);

    /// <summary>The sum; <see cref="OverflowException"/> beyond 28 digits.</summary>
    public static ExactDecimal operator +(ExactDecimal a, ExactDecimal b) => Within(a.Unscaled + b.Unscaled);

    public static ExactDecimal operator -(ExactDecimal a, ExactDecimal b) => Within(a.Unscaled - b.Unscaled);

    public static ExactDecimal operator -(ExactDecimal a) => new(-a.Unscaled);

    public static bool operator <(ExactDecimal a, ExactDecimal b) => a.Unscaled < b.Unscaled;

    public static bool operator >(ExactDecimal a, ExactDecimal b) => a.Unscaled > b.Unscaled;

    public static bool operator <=(ExactDecimal a, ExactDecimal b) => a.Unscaled <= b.Unscaled;

    public static bool operator >=(ExactDecimal a, ExactDecimal b) => a.Unscaled >= b.Unscaled;

    public int CompareTo(ExactDecimal other) => Unscaled.CompareTo(other.Unscaled);

    /// <summary>Rounded half to even to <paramref name="decimals"/> digits behind the point (0 to 9).</summary>
    public ExactDecimal Round(int decimals)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)decimals, (uint)Scale);
        Int128 unit = 1;
        for (var i = decimals; i < Scale; i++) unit *= 10;
        return Within((Int128)DivideHalfEven(Unscaled, unit) * unit);
    }

    /// <summary>The quotient rounded half to even, for a positive divisor.</summary>
    public static BigInteger DivideHalfEven(BigInteger dividend, BigInteger divisor)
    {
        var quotient = BigInteger.DivRem(dividend, divisor, out var remainder);
        var twice = BigInteger.Abs(remainder) * 2;
        var up = twice > divisor || (twice == divisor && !quotient.IsEven);
        return up ? quotient + dividend.Sign : quotient;
    }

    /// <summary>Parses plain decimal notation ("-12.5"): no exponent, no group separators, no NaN, at most nine decimals and 28 digits.</summary>
    /// <exception cref="FormatException">Says which of these rules the text breaks.</exception>
    public static ExactDecimal Parse(string text) => Parse(text.AsSpan());

    /// <inheritdoc cref="Parse(string)"/>
    public static ExactDecimal Parse(ReadOnlySpan<char> text) =>
        TryParse(text, out var value, out var error) ? value : throw new FormatException(error);

    /// <summary>As <see cref="Parse(string)"/>, with the reason instead of an exception.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out ExactDecimal value, out string? error)
    {
        value = default;
        var negative = text.Length > 0 && text[0] == '-';
        var digits = negative ? text[1..] : text;
        var point = digits.IndexOf('.');
        var decimals = point < 0 ? 0 : digits.Length - point - 1;
        if (digits.Length == 0 || point == 0 || point == digits.Length - 1) return Fail("is not a plain decimal number", out error);
        if (digits.Length > 64) return Fail("has more than 64 characters", out error);
        Int128 unscaled = 0;
        var significant = 0;
        for (var i = 0; i < digits.Length; i++)
        {
            if (i == point) continue;
            if (!char.IsAsciiDigit(digits[i])) return Fail("is not a plain decimal number", out error);
            if (point >= 0 && i > point + Scale)
            {
                if (digits[i] != '0') return Fail("has more than nine decimals", out error);
                continue;
            }
            if ((significant > 0 || digits[i] != '0') && ++significant > Precision) return Fail("has more than 28 digits", out error);
            unscaled = unscaled * 10 + (digits[i] - '0');
        }
        for (var i = Math.Min(decimals, Scale); i < Scale; i++)
        {
            unscaled *= 10;
            if (unscaled > MaxUnscaled) return Fail("has more than 28 digits", out error);
        }
        value = new(negative ? -unscaled : unscaled);
        error = null;
        return true;
    }

    static bool Fail(string reason, out string error)
    {
        error = reason;
        return false;
    }

    /// <summary>From Avro's big-endian two's complement of the unscaled value; <see cref="Avro.AvroException"/> beyond 28 digits.</summary>
    public static ExactDecimal FromAvro(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is 0 or > 16) throw new Avro.AvroException($"A decimal(28, 9) of {bytes.Length} bytes");
        if (bytes.Length <= 8)
        {
            // Nearly every quantity: 64-bit shifts are several times faster.
            long small = unchecked((sbyte)bytes[0]);
            foreach (var b in bytes[1..]) small = (small << 8) | b;
            return new(small);
        }
        Int128 value = unchecked((sbyte)bytes[0]);
        foreach (var b in bytes[1..]) value = (value << 8) | b;
        return value <= MaxUnscaled && value >= -MaxUnscaled ? new(value) : throw new Avro.AvroException("A decimal of more than 28 digits");
    }

    /// <summary>Writes the shortest big-endian two's complement of the unscaled value and returns its length, 1 to 12 bytes.</summary>
    public int ToAvro(Span<byte> destination)
    {
        var length = 1;
        while (length < 16 && Unscaled >> (length * 8 - 1) != Unscaled >> 127) length++;
        for (var i = 0; i < length; i++) destination[i] = unchecked((byte)(Unscaled >> ((length - 1 - i) * 8)));
        return length;
    }

    /// <summary>Plain notation without trailing zeros: "12.5", "0", "-0.000000001".</summary>
    public override string ToString()
    {
        var magnitude = Int128.Abs(Unscaled);
        var whole = (magnitude / One).ToString(CultureInfo.InvariantCulture);
        var fraction = ((long)(magnitude % One)).ToString("D9", CultureInfo.InvariantCulture).TrimEnd('0');
        var sign = Unscaled < 0 ? "-" : "";
        return fraction.Length == 0 ? sign + whole : $"{sign}{whole}.{fraction}";
    }

    static ExactDecimal Within(Int128 unscaled) =>
        unscaled <= MaxUnscaled && unscaled >= -MaxUnscaled ? new(unscaled) : throw new OverflowException("More than 28 digits");
}

/// <summary>JSON as a string ("12.5"); plain JSON numbers are read as well.</summary>
sealed class ExactDecimalJsonConverter : JsonConverter<ExactDecimal>
{
    public override ExactDecimal Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options)
    {
        var text = reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString()!,
            JsonTokenType.Number => System.Text.Encoding.UTF8.GetString(reader.ValueSpan),
            _ => throw new JsonException($"Expected a decimal number, found {reader.TokenType}"),
        };
        return ExactDecimal.TryParse(text, out var value, out var error) ? value : throw new JsonException($"'{text}' {error}");
    }

    public override void Write(Utf8JsonWriter writer, ExactDecimal value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
}
